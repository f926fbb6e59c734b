"""A house that has too much to do refuses the excess, and serves as many as before."""

from cti.sip.access.overload import Load, Overload, OverloadRules, begins_call
from hypothesis import assume, given, settings
from hypothesis import strategies as st

RULES = OverloadRules()
TICK = 0.1


def late(machine: Overload, now: float, times: int = 2) -> float:
    for _ in range(times):
        now += TICK
        machine.sampled(RULES.late, now)
    return now


def test_an_open_house_takes_every_call() -> None:
    machine = Overload(RULES)
    machine.sampled(RULES.late * 0.9, 1.0)
    assert all(machine.admits(1.0) for _ in range(10_000))
    assert machine.limit is None
    assert machine.refused == 0


def test_a_single_pause_refuses_nobody() -> None:
    machine = Overload(RULES)
    now = 0.0
    for _ in range(50):
        now = late(machine, now, times=1) + TICK
        machine.sampled(0.0, now)
    assert machine.state is Load.OPEN


def test_lag_limits_to_less_than_what_was_let_in_and_calm_opens_again() -> None:
    machine, now = Overload(RULES), 0.0
    for _ in range(40):
        now += TICK
        assert all(machine.admits(now) for _ in range(20))
        machine.sampled(0.0, now)
    now = late(machine, now)
    assert machine.limit is not None
    assert RULES.least <= machine.limit < 200.0
    assert sum(machine.admits(now) for _ in range(1000)) < 100
    assert machine.refused > 900
    for _ in range(int(RULES.calm / TICK) + 2):
        now += TICK
        machine.sampled(0.0, now)
    assert machine.state is Load.OPEN


def test_between_late_and_in_time_nothing_changes() -> None:
    machine = Overload(RULES)
    now = late(machine, 0.0)
    limit = machine.limit
    for _ in range(500):
        now += TICK
        machine.sampled((RULES.late + RULES.in_time) / 2, now)
        machine.admits(now)
    assert machine.limit == limit


def test_what_hinders_every_call_refuses_every_call() -> None:
    machine = Overload(RULES)
    full = [True]
    machine.hindered = lambda: full[0]
    assert not machine.admits(1.0)
    full[0] = False
    assert machine.admits(1.0)
    assert machine.refused == 1


def test_an_open_house_reads_everything_and_a_limited_one_no_more_than_it_can_refuse() -> None:
    machine = Overload(RULES)
    assert all(machine.reads(0.0) for _ in range(10_000))
    now = late(machine, 0.0)
    assert machine.limit is not None
    read = sum(machine.reads(now) for _ in range(10_000))
    assert 0 < read <= machine.limit + RULES.polite
    assert machine.unread == 10_000 - read


def test_new_calls_are_told_from_what_is_up_at_a_glance() -> None:
    new = b"INVITE sip:1@a SIP/2.0\r\nFrom: <sip:2@b>;tag=1\r\nTo: <sip:1@a>\r\n\r\n"
    assert begins_call(new)
    assert begins_call(new.replace(b"To:", b"t :"))
    assert not begins_call(new.replace(b"<sip:1@a>\r", b"<sip:1@a>;tag=9\r"))
    assert not begins_call(new.replace(b"INVITE ", b"BYE "))
    assert not begins_call(b"INVITE x")


def test_callers_are_told_to_come_back_at_different_times() -> None:
    machine = Overload(RULES)
    spread = {machine.retry_after(number / 100) for number in range(101)}
    assert (min(spread), max(spread)) == RULES.retry
    assert len(spread) == 9


@settings(max_examples=25, deadline=None)
@given(capacity=st.floats(60, 800), excess=st.floats(1.3, 5), cost=st.floats(0.02, 0.2))
def test_under_any_load_nearly_as_many_are_served_as_can_be(
    capacity: float, excess: float, cost: float
) -> None:
    """A refusal costs a share of a call, and all of them at most half of what can be done; the work
    that waits is the lag.
    """
    assume(excess * cost <= 0.5)
    machine, now, backlog, served = Overload(RULES), 0.0, 0.0, []
    for _ in range(600):
        now += TICK
        offered = round(capacity * excess * TICK)
        taken = sum(machine.admits(now) for _ in range(offered))
        backlog += (taken + (offered - taken) * cost) / capacity
        backlog = max(0.0, backlog - TICK)
        machine.sampled(backlog, now)
        served.append(taken)
    possible = max(RULES.least, capacity * (1 - excess * cost) / (1 - cost))
    lately = sum(served[200:]) / (400 * TICK)
    assert lately > 0.7 * min(capacity, possible)
    assert backlog < 2.0


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 5), st.integers(0, 50)), max_size=100))
def test_the_limit_never_falls_below_the_least_and_every_call_is_counted_once(
    history: list[tuple[float, float, int]],
) -> None:
    machine, now, taken, asked = Overload(RULES), 0.0, 0, 0
    for lag, pause, calls in history:
        now += pause
        machine.sampled(lag, now)
        taken += sum(machine.admits(now) for _ in range(calls))
        asked += calls
        assert machine.limit is None or machine.limit >= RULES.least
    assert taken + machine.refused == asked
