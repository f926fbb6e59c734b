"""What the tests of the whole house share: announcements are spoken once for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exchange import Exchange, running_exchange


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prompt folder that the first house fills."""
    return tmp_path_factory.mktemp("prompts")


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A switch and its telephones for all the scenes of a module."""
    with running_exchange(tmp_path_factory.mktemp("exchange")) as running:
        yield running
