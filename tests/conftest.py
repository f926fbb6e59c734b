"""What every test shares: programs that may be missing, and a PostgreSQL server on demand."""

import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.collecting import files_of, load_elsewhere
from tests.support.in_turn import file_of, in_turn
from tests.support.needs import all_needs, strict
from tests.support.postgresql import cluster

NEEDS = all_needs()
POSTGRESQL = "HOTLINE_TEST_POSTGRESQL"
MISSING = "missing"
"""Under this name a test's report says which program it wanted, in whichever process it ran."""

# How long an example takes, or making one, is no claim of a test: others share the machine. The
# gate judges the examples that everybody saw; HYPOTHESIS_PROFILE=wide looks for others every time.
settings.register_profile("wide", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", settings.get_profile("wide"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

# Houses, telephones and workers are started by the hundred, and every process of a parallel run
# loads every test: what one has compiled serves all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A background job of a shell ignores Ctrl-C, and so would the programs it starts, of which some are
# ended by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Processes side by side begin to compile the tests at different ends.

    Nothing of what is loaded is garbage, so none is looked for until all of it is there.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    gc.disable()
    root = session.config.rootpath
    places = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    load_elsewhere(
        files_of(session.config.args, root), root, int(worker.removeprefix("gw")), places
    )


def pytest_configure(config: pytest.Config) -> None:
    """What is given out to several processes has been ordered here."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that several processes share go out in the order of `in_turn`."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        files = in_turn(item.nodeid for item in items)
        places = {file: place for place, file in enumerate(files)}
        items.sort(key=lambda item: places[file_of(item.nodeid)])


def pytest_collection_finish() -> None:
    """What is loaded stays: whoever looks for garbage need not look there each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            need = NEEDS[what]
            given = what == "postgresql" and POSTGRESQL in os.environ
            if need.path is not None or given:
                continue
            item.user_properties.append((MISSING, what))
            message = f"{what} is missing (Debian: {need.package})"
            if strict():
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = Counter(
        what
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, what in getattr(report, "user_properties", ())
        if name == MISSING and report.when == "setup"
    )
    if not counts:
        return
    terminalreporter.section("missing programs", yellow=True)
    for what, count in sorted(counts.items()):
        need = NEEDS[what]
        terminalreporter.line(f"{what}: {need.purpose}; {count} tests wanted it")
    packages = " ".join(sorted(NEEDS[what].package for what in counts))
    terminalreporter.line(f"On Debian: apt-get install --no-install-recommends {packages}")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database; the variable HOTLINE_TEST_POSTGRESQL wins."""
    if given := os.environ.get(POSTGRESQL):
        yield given
        return
    programs = NEEDS["postgresql"].path
    if programs is None:
        pytest.skip("postgresql is missing (Debian: postgresql)")
    with cluster(programs) as url:
        os.environ[POSTGRESQL] = url
        try:
            yield url
        finally:
            del os.environ[POSTGRESQL]


@pytest.fixture(autouse=True)
def _needed_server(request: pytest.FixtureRequest) -> None:
    """A test that needs PostgreSQL finds its URL in the environment too."""
    if any("postgresql" in marker.args for marker in request.node.iter_markers("needs")):
        request.getfixturevalue("postgresql_url")
