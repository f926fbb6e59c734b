"""What is kept for a restart: the same suite on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.call.kept import KeptCall
from cti.keeping.repository import Batch, Found, read_txn, write_txn
from cti.kernel.identifiers import CallId
from cti.sip.access.kept import KeptBinding
from cti.sip.events import Endpoint
from tests.support.conversations import consulting
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
BINDINGS = tuple(
    KeptBinding("分机1001", f"sip:1001@{host}", Endpoint(host, 5060), "1@phone", 7, AT)
    for host in ("192.0.2.7", "192.0.2.8")
)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DirectDatabase]:
    if request.param == "sqlite":
        database = DirectDatabase(f"sqlite:///{tmp_path / 'hotline.sqlite'}")
    else:
        database = DirectDatabase(request.getfixturevalue("postgresql_url"))
    yield database
    database.stop()


def two_calls() -> dict[CallId, KeptCall]:
    """An agent's calls with a caller and a colleague."""
    world = RealWorld()
    world.register("1001")
    world.register("1002")
    consulting(world)
    kept = {call.id: world.services.keep(call.id) for call in world.control.calls()}
    return {call_id: call for call_id, call in kept.items() if call is not None}


def write(database: DirectDatabase, batch: Batch) -> Found:
    """What is found once the batch is written."""
    result_of(database.run(write_txn, batch, AT))
    return result_of(database.read(read_txn))


def test_what_was_written_is_found_equal(database: DirectDatabase) -> None:
    calls = two_calls()
    assert len(calls) == 2
    found = write(database, Batch(calls, {"分机1001": BINDINGS}))
    assert found.calls == tuple(calls[call_id] for call_id in sorted(calls))
    assert found.bindings == {"分机1001": BINDINGS}
    assert not found.unreadable


def test_what_is_written_again_takes_the_place_of_what_was(database: DirectDatabase) -> None:
    calls = two_calls()
    write(database, Batch(calls, {"分机1001": BINDINGS}))
    first, second = sorted(calls)
    changed: dict[CallId, KeptCall | None] = {first: None, second: calls[second]}
    found = write(database, Batch(changed, {"分机1001": BINDINGS[:1]}))
    assert found.calls == (calls[second],)
    assert found.bindings == {"分机1001": BINDINGS[:1]}
    assert write(database, Batch({second: None}, {"分机1001": None})) == Found(unreadable=[])


def test_what_another_version_wrote_is_passed_over(database: DirectDatabase) -> None:
    found = write(database, Batch({CallId("older"): BINDINGS[0]}, {}))
    assert found.calls == ()
    assert list(found.unreadable) == ["older"]
