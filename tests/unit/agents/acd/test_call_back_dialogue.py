from agents.acd.call_back_dialogue import (
    Action,
    Cancel,
    Dialogue,
    GoOn,
    Keep,
    Phase,
    Promise,
    Say,
    Stay,
    begin,
    pressed,
    silent,
)
from agents.acd.call_back_rules import CallBackRules

RULES = CallBackRules()
NUMBER = "13800138000"


def talk(number: str, keys: str, *, promised: bool = False) -> tuple[Dialogue, list[Action]]:
    """What comes of the keys; a blank is a silence."""
    dialogue, action = begin(RULES, number, promised=promised)
    actions = [action]
    for key in keys:
        step = silent(dialogue) if key == " " else pressed(dialogue, key)
        dialogue, action = step
        actions.append(action)
    return dialogue, actions


def said(action: Action) -> list[str]:
    assert isinstance(action, Say)
    return [each.id for each in action.words]


def test_the_number_that_calls_is_confirmed() -> None:
    _, (asked, promise) = talk(NUMBER, "1")
    assert isinstance(asked, Say)
    assert asked.words[0].values == {"number": NUMBER}
    assert promise == Promise(NUMBER)


def test_another_number_is_keyed_in_and_confirmed() -> None:
    dialogue, actions = talk(NUMBER, "201066668888#")
    assert said(actions[1]) == ["call_back.enter"]
    assert actions[2:-1] == [GoOn()] * 11
    assert said(actions[-1]) == ["call_back.confirm"]
    assert dialogue.phase is Phase.CONFIRMING
    assert pressed(dialogue, "1")[1] == Promise("01066668888")


def test_a_pause_after_a_whole_number_is_its_end() -> None:
    _, actions = talk(NUMBER, "201066668888 1")
    assert actions[-1] == Promise("01066668888")


def test_who_hides_their_number_keys_one_in() -> None:
    _, actions = talk("", "")
    assert said(actions[0]) == ["call_back.enter"]


def test_no_number_abroad_is_called() -> None:
    dialogue, actions = talk("", "0015551234567#")
    assert said(actions[-1]) == ["call_back.wrong", "call_back.enter"]
    assert dialogue.digits == ""


def test_star_and_three_mistakes_lead_back_to_the_queue() -> None:
    assert talk(NUMBER, "*")[1][-1] == Stay()
    assert talk(NUMBER, "2*")[1][-1] == Stay()
    _, actions = talk(NUMBER, " 5 ")
    assert [isinstance(each, Say) for each in actions] == [True, True, True, False]
    assert actions[-1] == Stay()


def test_a_promise_is_kept_or_cancelled() -> None:
    _, actions = talk(NUMBER, "1", promised=True)
    assert said(actions[0]) == ["call_back.open"]
    assert actions[-1] == Keep()
    assert talk(NUMBER, "2", promised=True)[1][-1] == Cancel()
    assert talk(NUMBER, "   ", promised=True)[1][-1] == Stay()


def test_nothing_is_asked_where_the_number_is_taken_for_right() -> None:
    rules = CallBackRules(confirm_number=False)
    assert begin(rules, NUMBER)[1] == Promise(NUMBER)
    assert isinstance(begin(rules, "")[1], Say)


def test_no_more_digits_are_taken_than_a_number_has() -> None:
    dialogue, _ = talk("", "1" * 40)
    assert len(dialogue.digits) <= 15
