"""Causes from one side of a call to the other, and one answer out of many."""

import pytest

from cti.call.causes import (
    cause_of_end,
    cause_of_reason,
    cause_of_refusal,
    reason,
    status_of_cause,
)
from cti.call.forking import combined, final
from cti.call.model import Cause
from cti.sip.events import Ended, SessionEnded, SessionId

SESSION = SessionId("s")


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_can_be_told_and_refused_with(cause: Cause) -> None:
    assert "cause=" in reason(cause)
    assert 400 <= status_of_cause(cause) < 700


@pytest.mark.parametrize(
    "cause",
    [Cause.BUSY, Cause.NO_ANSWER, Cause.REFUSED, Cause.NOT_OBTAINABLE, Cause.NO_RESOURCES],
)
def test_what_we_say_to_one_side_the_other_would_understand(cause: Cause) -> None:
    assert cause_of_reason(reason(cause)) is cause


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ("", None),
        ('Q.850;cause=16;text="Normal call clearing"', None),
        ('Q.850 ;cause=17;text="User busy"', Cause.BUSY),
        ('SIP ;cause=200 ;text="Call completed elsewhere"', Cause.ELSEWHERE),
        ("SIP;cause=486, Q.850;cause=17", Cause.BUSY),
        ("Q.850;text=none", None),
        ("nonsense;cause=17", None),
        ("Q.850;cause=99999", None),
    ],
)
def test_reason_headers(header: str, cause: Cause | None) -> None:
    assert cause_of_reason(header) is cause


def test_a_refusal_is_its_status_unless_the_reason_says_more() -> None:
    busy = SessionEnded(SESSION, Ended.REJECTED, 486)
    assert cause_of_refusal(busy) is Cause.BUSY
    vague = SessionEnded(SESSION, Ended.REJECTED, 480, 'Q.850;cause=3;text="No route"')
    assert cause_of_refusal(vague) is Cause.NOT_OBTAINABLE
    assert cause_of_refusal(SessionEnded(SESSION, Ended.TIMEOUT)) is Cause.NETWORK


def test_an_end_is_normal_unless_the_reason_says_more() -> None:
    assert cause_of_end(SessionEnded(SESSION, Ended.REMOTE)) is Cause.NORMAL
    lost = SessionEnded(SESSION, Ended.REMOTE, reason="Q.850;cause=38")
    assert cause_of_end(lost) is Cause.NETWORK


def test_the_last_refusal_decides_but_busy_says_more_than_no_answer() -> None:
    assert combined([Cause.NO_ANSWER]) is Cause.NO_ANSWER
    assert combined([Cause.BUSY, Cause.NO_ANSWER]) is Cause.BUSY
    assert combined([Cause.BUSY, Cause.REFUSED]) is Cause.REFUSED
    assert combined([]) is Cause.NOT_OBTAINABLE
    assert final(603)
    assert not final(486)
