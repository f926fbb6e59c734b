"""The machine of telephones that are away: whatever comes, each absence ends once."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cti.call.absence import Act, Event, Stage, advance

ENDINGS = {Act.TELL_BACK, Act.GIVE_UP}


@given(st.lists(st.sampled_from(Event)))
def test_every_absence_ends_once_by_one_of_its_three_ends(events: list[Event]) -> None:
    stage: Stage | None = None
    begun = over = 0
    for event in events:
        before, step = stage, advance(stage, event)
        stage, acts = step.stage, Counter(step.acts)
        assert max(acts.values(), default=1) == 1
        began = before is None and stage is not None
        ended = before is not None and stage is None
        begun, over = begun + began, over + ended
        assert began == (Act.TELL_AWAY in acts) == (Act.START_TIME in acts)
        assert ended == (Act.STOP_TIMERS in acts)
        assert len(ENDINGS & acts.keys()) == (ended and event is not Event.LEFT)
        assert (Act.TELL_BACK in acts) == (ended and event is Event.ANSWERED)
        if before is Stage.RINGING and event in (Event.TIME_UP, Event.REGISTERED):
            assert Act.STOP_RINGING in acts, "nobody goes on ringing for a place that is gone"
        if Act.RING in acts and Act.STOP_RINGING not in acts:
            assert before is not Stage.RINGING, "one ring at a time"
    assert begun - over == (stage is not None)


@given(st.lists(st.sampled_from(Event)))
def test_nothing_happens_to_a_telephone_that_is_not_lost(events: list[Event]) -> None:
    for event in events:
        if event is not Event.LOST:
            assert advance(None, event).acts == ()


@given(st.lists(st.sampled_from([each for each in Event if each is not Event.LOST])))
def test_time_ends_every_absence(events: list[Event]) -> None:
    stage: Stage | None = Stage.AWAY
    for event in [*events, Event.TIME_UP]:
        stage = advance(stage, event).stage
    assert stage is None
