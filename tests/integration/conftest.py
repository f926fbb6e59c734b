"""What the tests of the whole house share: it is founded once for all of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exchange import Exchange, running_exchange
from tests.support.founded import prompts_of_a_founded_house


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Announcements, beside what else houses begin with; founded once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return prompts_of_a_founded_house(shared / "house", tmp_path_factory.mktemp("founded"))


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A switch and its telephones for all the scenes of a module."""
    with running_exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running
