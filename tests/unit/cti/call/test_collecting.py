"""Keys by a plan: length, terminator, limits, barge-in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.call.collecting import (
    Action,
    Begun,
    Collected,
    Collection,
    Event,
    Finish,
    KeyPlan,
    LimitPassed,
    Phase,
    Pressed,
    PromptOver,
    StartLimit,
    StopLimit,
    Why,
    finish,
    step,
)

PLAN = KeyPlan(4, first=5.0, between=2.0)


def run(plan: KeyPlan, *events: Event) -> tuple[Collection, list[Action]]:
    collection, done = Collection(plan), []
    for event in events:
        collection, actions = step(collection, event)
        done += actions
    return collection, done


def outcome(actions: list[Action]) -> tuple[str, Why] | None:
    ends = [each.collected for each in actions if isinstance(each, Finish)]
    assert len(ends) <= 1
    return (ends[0].keys.reveal(), ends[0].why) if ends else None


def keys(text: str) -> list[Event]:
    return [Pressed(key) for key in text]


@pytest.mark.parametrize(
    ("plan", "events", "ended"),
    [
        (PLAN, [Begun(False), *keys("1234")], ("1234", Why.LENGTH)),
        (PLAN, [Begun(False), *keys("12#")], ("12", Why.TERMINATOR)),
        (PLAN, [Begun(False), *keys("#")], ("", Why.TERMINATOR)),
        (KeyPlan(2, terminator=""), [Begun(False), *keys("##")], ("##", Why.LENGTH)),
        (PLAN, [Begun(False), LimitPassed()], ("", Why.NO_KEY)),
        (PLAN, [Begun(False), *keys("12"), LimitPassed()], ("12", Why.SILENCE)),
        (PLAN, [Begun(True), *keys("12#")], ("12", Why.TERMINATOR)),
        (KeyPlan(2, barge_in=False), [Begun(True), *keys("12")], None),
        (KeyPlan(2, barge_in=False), [Begun(True), PromptOver(), *keys("12")], ("12", Why.LENGTH)),
    ],
)
def test_how_a_collection_ends(
    plan: KeyPlan, events: list[Event], ended: tuple[str, Why] | None
) -> None:
    assert outcome(run(plan, *events)[1]) == ended


def test_the_first_limit_begins_when_the_prompt_is_over() -> None:
    _, actions = run(PLAN, Begun(True))
    assert actions == []
    _, actions = run(PLAN, Begun(True), PromptOver())
    assert actions == [StartLimit(5.0)]
    _, actions = run(PLAN, Begun(False), *keys("1"))
    assert actions == [StartLimit(5.0), StartLimit(2.0)]


def test_a_plan_that_cannot_be_met_is_no_plan() -> None:
    for wrong in ({"length": 0}, {"terminator": "##"}, {"first": 0.0}, {"between": -1.0}):
        with pytest.raises(ValueError, match="cannot be met"):
            KeyPlan(**{"length": 4, **wrong})  # type: ignore[arg-type]  # a table of wrong ones


def test_keys_are_shown_nowhere() -> None:
    collection, actions = run(PLAN, Begun(False), *keys("9876"))
    assert "9876" not in f"{collection} {actions}"
    assert isinstance(actions[-1], Finish)
    assert isinstance(actions[-1].collected, Collected)


events = st.one_of(
    st.builds(Pressed, st.sampled_from("0123456789*#")),
    st.just(PromptOver()),
    st.just(LimitPassed()),
)


@given(st.integers(1, 5), st.booleans(), st.booleans(), st.lists(events, max_size=12))
def test_whatever_comes_it_ends_once_and_leaves_no_limit(
    length: int, barge_in: bool, prompted: bool, script: list[Event]
) -> None:
    plan = KeyPlan(length, barge_in=barge_in)
    collection, done = run(plan, Begun(prompted), *script)
    collection, last = finish(collection, Why.CLEARED)
    actions = done + last
    assert outcome(actions) is not None
    assert collection.phase is Phase.DONE
    assert len(collection.keys) <= length
    limits = [each for each in actions if isinstance(each, StartLimit | StopLimit)]
    assert isinstance(limits[-1], StopLimit)
