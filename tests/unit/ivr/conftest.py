"""What the tests of flows begin with."""

import pytest

from tests.support.flows import shipped_flow
from tests.support.walks import Walk


@pytest.fixture
def walk() -> Walk:
    """A caller about to enter the shipped flow."""
    return Walk(shipped_flow())
