"""What holds of the interpreter whatever a caller does."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivr.effects import (
    CalendarChecked,
    Event,
    Hours,
    Key,
    Played,
    ServiceDone,
    Started,
    Timer,
    TimerFired,
)
from ivr.services import SIGNATURES
from ivr.state import Phase
from tests.support.flows import shipped_flow
from tests.support.walks import Walk

KEYS = "0123456789*#ABCD"
FLOWS = st.sampled_from(["main", "verify", "self_service"])


events = st.one_of(
    st.sampled_from(KEYS).map(Key),
    st.sampled_from(KEYS).map(Key),
    st.just(Played()),
    st.sampled_from(Timer).map(TimerFired),
    st.sampled_from(Hours).map(CalendarChecked),
    st.builds(
        ServiceDone,
        st.sampled_from(sorted({o for s in SIGNATURES.values() for o in s.outcomes})),
        succeeded=st.booleans(),
        facts=st.sampled_from([{}, {"verification": "signed_in"}]),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(events, max_size=80), FLOWS)
def test_whatever_happens_it_waits_for_something_or_has_ended(
    storm: list[Event], flow: str
) -> None:
    walk = Walk(shipped_flow(flow))
    walk.send(Started())
    for event in storm:
        if isinstance(event, TimerFired) and event.timer not in walk.timers:
            continue
        if isinstance(event, Played) and walk.playing is None:
            continue
        walk.send(event)
        assert walk.state.playing is (walk.playing is not None)
        match walk.state.phase:
            case Phase.MENU | Phase.ASK:
                waiting = walk.timers.keys() & {Timer.NOINPUT, Timer.BETWEEN_KEYS}
                assert bool(walk.playing) != bool(waiting)
            case Phase.CLOSING:
                assert walk.playing
            case Phase.DONE:
                assert walk.timers.keys() <= {Timer.UNMASK}
        assert walk.masked <= (walk.state.phase is Phase.ASK or Timer.UNMASK in walk.timers)


@settings(max_examples=100, deadline=None)
@given(st.text(KEYS, max_size=40), st.sampled_from(Hours), FLOWS)
@example("161", Hours.CLOSED, "main")
def test_a_caller_who_falls_silent_is_let_go(keys: str, hours: Hours, flow: str) -> None:
    walk = Walk(shipped_flow(flow))
    walk.send(Started())
    walk.press(keys)
    for _ in range(40):
        match walk.state.phase:
            case Phase.DONE:
                break
            case Phase.CHECKING:
                walk.send(CalendarChecked(hours))
            case Phase.SERVING:
                walk.send(ServiceDone("unavailable", succeeded=False), Played())
            case Phase.TONE:
                walk.send(Played())
            case _ if walk.playing:
                walk.send(Played())
            case _:
                walk.send(TimerFired(next(iter(walk.timers.keys() - {Timer.UNMASK}))))
    assert walk.state.phase is Phase.DONE


@settings(max_examples=100, deadline=None)
@given(st.text("3579", min_size=6, max_size=6), st.text("01*#", max_size=5))
def test_secret_digits_show_nowhere(pin: str, more: str) -> None:
    walk = Walk(shipped_flow())
    walk.begin()
    walk.press("2" + "88880000" + "#")
    seen = [repr(walk.send(Key(key))) + repr(walk.state) for key in pin]
    seen += [repr(walk.send(Key(key))) + repr(walk.state) for key in more]
    seen += [repr(Key(key)) for key in pin]
    for text in seen:
        assert pin not in text
        assert "88880000" not in text
