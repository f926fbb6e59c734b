"""Call after call through one page of a real house leaves nothing behind, here or there."""

from pathlib import Path

import pytest

from tests.support.long_shift import long_shift

pytestmark = pytest.mark.needs("chromium", "sipp")

CALLS, WARM_UP = 18, 8


def test_what_page_and_server_hold_stays_within_bounds(tmp_path: Path, prompts: Path) -> None:
    with long_shift(tmp_path, prompts) as shift:
        for number in range(1, WARM_UP + 1):
            shift.serve(number)
        before = shift.weigh()
        for number in range(WARM_UP + 1, WARM_UP + CALLS + 1):
            shift.serve(number)
        after = shift.weigh()
    assert after.excess(before) == []
