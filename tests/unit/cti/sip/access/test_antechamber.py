"""New calls wait in the order in which they came, and not for long where many do."""

from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access import antechamber
from cti.sip.access.antechamber import Antechamber, NewCall, OverloadRules
from tests.support.sip_messages import TRUNK, request_bytes

RULES = OverloadRules()


def call(number: int, came: float) -> NewCall:
    return NewCall(request_bytes(changes={"Call-ID": f"{number}"}), TRUNK, came)


def test_a_burst_may_wait_and_a_standing_queue_may_not() -> None:
    room = Antechamber(RULES)
    room.next(0.0)
    room.enter(call(1, 0.0))
    assert room.limit(RULES.standing) == RULES.burst
    assert room.limit(RULES.standing + 0.01) == RULES.patience
    assert room.next(1.0)
    assert room.next(1.0) is None
    assert room.limit(1.0) == RULES.burst


def test_refusals_take_no_more_than_their_share_of_the_time() -> None:
    room = Antechamber(OverloadRules(refusing=0.1))
    spent, now = 0.0, 0.0
    for _ in range(10_000):
        now += 0.001
        if room.refuses(now):
            room.refused_in(0.004)
            spent += 0.004
    assert 0.09 * now < spent < 0.1 * now + 0.2
    assert room.passed["refused"] + room.passed["unheard"] == 10_000


def test_what_is_for_help_waits_for_nobody_and_is_asked_once_for_each_number() -> None:
    room, asked = Antechamber(RULES), []
    room.urgent = lambda number: not asked.append(number) and number == "110"  # type: ignore[func-returns-value]  # counts
    for _ in range(10):
        assert room.holds(request_bytes())
        assert not room.holds(request_bytes(uri="sip:110@192.0.2.9"))
    assert asked == ["95588", "110"]
    for number in range(antechamber.MOST_NUMBERS * 2):
        room.holds(request_bytes(uri=f"sip:{number}@192.0.2.9"))
    assert len(room._for_help) <= antechamber.MOST_NUMBERS


def test_so_many_wait_and_no_more() -> None:
    room = Antechamber(OverloadRules(most=10))
    for number in range(100):
        room.enter(call(number, 0.0))
    assert len(room) == 10
    assert room.passed["unheard"] == 90


def test_callers_are_told_to_come_back_at_different_times() -> None:
    room = Antechamber(RULES)
    spread = {room.retry_after(number / 100) for number in range(101)}
    assert (min(spread), max(spread)) == RULES.retry
    assert len(spread) == 9


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.integers(0, 20)), max_size=60))
def test_every_call_is_taken_refused_or_counted_once_and_in_order(
    history: list[tuple[float, int, int]],
) -> None:
    room, now, number = Antechamber(OverloadRules(most=50)), 0.0, 0
    taken: list[NewCall] = []
    late: list[NewCall] = []
    for pause, coming, turns in history:
        now += pause
        for _ in range(coming):
            number += 1
            room.enter(call(number, now))
        while gone := room.late(now):
            late.append(gone)
        for _ in range(turns):
            if found := room.next(now):
                taken.append(found)
                assert now - found.came <= RULES.burst
    assert len(taken) + len(late) + len(room) + room.passed["unheard"] == number
    assert [each.came for each in taken] == sorted(each.came for each in taken)
