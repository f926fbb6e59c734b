from datetime import UTC, datetime, timedelta

import pytest

from agents.after_call import AfterCall
from agents.model import AfterCallMode, AfterCallRules
from cti.kernel.errors import Refused

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def begun(mode: AfterCallMode) -> AfterCall:
    return AfterCall.begun(AfterCallRules(mode, limit=30, extension=20, extensions=2), NOON)


def test_timed_work_ends_by_itself_and_is_not_extended() -> None:
    work = begun(AfterCallMode.TIMED)
    assert work.deadline == NOON + timedelta(seconds=30)
    with pytest.raises(Refused, match=r"agent\.no_more_time"):
        work.extended()


def test_work_until_finished_has_no_end() -> None:
    work = begun(AfterCallMode.UNTIL_FINISHED)
    assert work.deadline is None
    with pytest.raises(Refused):
        work.extended()


def test_extendable_work_is_extended_so_often() -> None:
    work = begun(AfterCallMode.EXTENDABLE).extended().extended()
    assert work.deadline == NOON + timedelta(seconds=70)
    with pytest.raises(Refused):
        work.extended()


def test_what_a_server_left_of_it_goes_on() -> None:
    later = NOON + timedelta(seconds=50)
    work = begun(AfterCallMode.EXTENDABLE).resumed(later, 1)
    assert (work.deadline, work.extensions_left) == (later, 1)
    assert begun(AfterCallMode.TIMED).resumed(None, 0) == begun(AfterCallMode.TIMED)
