"""What the tests of call control share: a world with three telephones and a line outside."""

import pytest

from tests.support.conversations import OUTSIDE
from tests.support.worlds import RealWorld


@pytest.fixture
def world() -> RealWorld:
    world = RealWorld()
    for phone in ("1001", "1002", "1003"):
        world.register(phone)
    world.line_leads_to(OUTSIDE)
    return world
