from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agents.events import AgentState, AgentStateChanged, BusyKind
from agents.intervals import Interval, follow, intervals, signed_in
from cti.kernel.identifiers import AgentId, CallId

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
A = AgentId("a")
S = AgentState


def changed(seconds: float, state: AgentState, reason: str = "") -> AgentStateChanged:
    at = NOON + timedelta(seconds=seconds)
    return AgentStateChanged(at=at, agent_id=A, previous=S.LOGGED_OFF, state=state, reason=reason)


def test_a_shift_has_no_gap() -> None:
    events = [
        changed(0, S.NOT_READY, "signed_in"),
        changed(5, S.READY),
        changed(60.25, S.NOT_READY, "lunch"),
        changed(61, S.NOT_READY, "break"),
        changed(100, S.LOGGED_OFF),
        changed(500, S.NOT_READY, "signed_in"),
    ]
    log = intervals(events)[A]
    assert [(each.state, each.reason) for each in log] == [
        (S.NOT_READY, "signed_in"),
        (S.READY, ""),
        (S.NOT_READY, "lunch"),
        (S.NOT_READY, "break"),
        (S.NOT_READY, "signed_in"),
    ]
    assert log[-1].until is None
    assert signed_in(log, NOON + timedelta(seconds=510)) == timedelta(seconds=110)


def test_an_interval_knows_the_call_and_its_kind() -> None:
    busy = AgentStateChanged(
        at=NOON,
        agent_id=A,
        previous=S.RESERVED,
        state=S.BUSY,
        busy=BusyKind.INBOUND,
        call_id=CallId("c1"),
    )
    assert follow(None, busy).running == Interval(
        A, S.BUSY, NOON, busy=BusyKind.INBOUND, call_id=CallId("c1")
    )


def test_what_is_told_twice_changes_nothing() -> None:
    running = follow(None, changed(0, S.READY)).running
    step = follow(running, changed(3, S.READY))
    assert (step.over, step.running) == (None, running)


moments = st.floats(-10, 10_000, allow_nan=False)


@given(st.lists(st.tuples(moments, st.sampled_from(AgentState), st.sampled_from(["", "x"]))))
def test_whatever_the_journal_holds_the_intervals_add_up(
    told: list[tuple[float, AgentState, str]],
) -> None:
    log = intervals(changed(*each) for each in told).get(A, [])
    end = NOON + timedelta(seconds=20_000)
    shifts: list[list[Interval]] = []
    for each in log:
        assert each.state is not S.LOGGED_OFF
        if shifts and shifts[-1][-1].until == each.since:
            shifts[-1].append(each)
        else:
            assert not shifts or shifts[-1][-1].until is not None
            shifts.append([each])
    spans = [(shift[-1].until or end) - shift[0].since for shift in shifts]
    assert signed_in(log, end) == sum(spans, timedelta())
