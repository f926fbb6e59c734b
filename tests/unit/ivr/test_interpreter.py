"""The interpreter as callers meet it: menus, silence, entries, services, the end."""

from collections.abc import Callable

import pytest

from cti.kernel.vocabulary import Language, Situation
from ivr.effects import (
    CalendarChecked,
    CallerLeft,
    CallService,
    CheckCalendar,
    Choose,
    Disconnect,
    Entered,
    HandOver,
    Hours,
    Key,
    Play,
    Played,
    ServiceDone,
    SetLanguage,
    Started,
    StopPlaying,
    Timer,
    TimerFired,
)
from ivr.state import Phase
from prompts.catalogue import Announcement
from tests.support.walks import VERIFIED, WRONG, Walk, ids, signed_in

NOINPUT = TimerFired(Timer.NOINPUT)


# --- prompts and menus ----------------------------------------------------------------------


def test_the_first_prompt_speaks_both_languages(walk: Walk) -> None:
    [play] = walk.send(Started())
    assert isinstance(play, Play)
    assert play.barge_in
    assert [(line.announcement.id, line.language) for line in play.lines] == [
        ("language.choice", Language.CHINESE),
        ("language.choice", Language.ENGLISH),
    ]


def test_a_key_cuts_the_prompt_and_chooses(walk: Walk) -> None:
    walk.send(Started())
    effects = walk.press("2")
    assert effects == [
        StopPlaying(),
        Choose("language", "english"),
        SetLanguage(Language.ENGLISH),
        CheckCalendar("service"),
    ]


@pytest.mark.parametrize(
    ("level", "greeting"),
    [
        ("special", "greeting.special"),
        ("priority", "greeting.priority"),
        ("uniform", "greeting.ordinary"),
        ("", "greeting.ordinary"),
    ],
)
def test_the_greeting_is_by_level_and_one_prompt_with_the_menu(
    walk: Walk, level: str, greeting: str
) -> None:
    assert ids(walk.begin(level=level)[-1:]) == [greeting, "main.menu"]


def test_the_chosen_language_is_spoken(walk: Walk) -> None:
    play = walk.begin("2")[-1]
    assert isinstance(play, Play)
    assert {line.language for line in play.lines} == {Language.ENGLISH}


@pytest.mark.parametrize(
    ("hours", "heard"),
    [
        (Hours.OPEN, ["greeting.ordinary", "main.menu"]),
        (Hours.CLOSED, ["greeting.ordinary", "closed.night", "night.menu"]),
        (Hours.HOLIDAY, ["greeting.ordinary", "closed.holiday", "night.menu"]),
    ],
)
def test_the_hour_decides_the_menu(walk: Walk, hours: Hours, heard: list[str]) -> None:
    assert ids(walk.begin(hours=hours)[-1:]) == heard


@pytest.mark.parametrize(
    ("keys", "queue", "situation", "said"),
    [
        ("9", "complaints", Situation.ORDINARY, "complaint.connecting"),
        ("0", "general", Situation.ORDINARY, "person.connecting"),
    ],
)
def test_a_person_by_one_key(
    walk: Walk, keys: str, queue: str, situation: Situation, said: str
) -> None:
    walk.begin()
    walk.press(keys)
    [over] = walk.send(CalendarChecked(Hours.OPEN))
    assert isinstance(over, HandOver)
    assert (over.queue, over.situation, ids([over])) == (queue, situation, [said])
    assert walk.state.phase is Phase.DONE


def test_nobody_to_talk_to_at_night(walk: Walk) -> None:
    walk.begin()
    walk.press("0")
    assert walk.hear(CalendarChecked(Hours.CLOSED)) == ["closed.nobody", "night.menu"]


def test_again_says_all_of_it_again(walk: Walk) -> None:
    walk.begin()
    assert ids(walk.press("*")) == ["greeting.ordinary", "main.menu"]


def test_back_leads_up_menu_by_menu(walk: Walk) -> None:
    walk.begin()
    assert ids(walk.press("1")) == ["rates.menu"]
    assert ids(walk.press("#")) == ["main.menu"]
    assert ids(walk.press("#")) == ["language.choice", "language.choice"]
    assert ids(walk.press("#")) == ["language.choice", "language.choice"]


def test_back_out_of_an_entry(walk: Walk) -> None:
    walk.begin()
    assert ids(walk.press("4")) == ["ticket.ask_number"]
    assert ids(walk.press("#")) == ["main.menu"]


def test_coming_round_does_not_lengthen_the_way_back(walk: Walk) -> None:
    walk.begin()
    walk.press("1")
    for _ in range(5):
        walk.press("1")
        walk.send(ServiceDone("told"))
    assert walk.state.trail == ("language", "main")


# --- silence and wrong keys -----------------------------------------------------------------


def silent(walk: Walk) -> list[str]:
    return walk.hear(Played(), NOINPUT)


def wrong(walk: Walk) -> list[str]:
    return ids(walk.press("7"))


@pytest.mark.parametrize(
    "failures",
    [[silent] * 3, [wrong] * 3, [silent, wrong, silent], [wrong, silent, wrong]],
    ids=["silence", "wrong keys", "mixed", "mixed the other way"],
)
def test_asked_again_three_times_then_a_person(
    walk: Walk, failures: list[Callable[[Walk], list[str]]]
) -> None:
    walk.begin()
    for fail in failures:
        assert fail(walk)[1:] == ["main.menu"]
    walk.press("7")
    [over] = walk.send(CalendarChecked(Hours.OPEN))
    assert isinstance(over, HandOver)
    assert (over.queue, over.situation) == ("general", Situation.ORDINARY)
    assert ids([over]) == ["retry.person", "person.connecting"]


def test_what_went_wrong_is_told(walk: Walk) -> None:
    walk.begin()
    assert silent(walk)[0] == "retry.noinput"
    assert wrong(walk)[0] == "retry.nomatch"


def test_an_answer_ends_the_row_of_failures(walk: Walk) -> None:
    walk.begin()
    for _ in range(3):
        wrong(walk)
    assert ids(walk.press("1")) == ["rates.menu"]
    for _ in range(3):
        assert wrong(walk)[1:] == ["rates.menu"]


def test_silence_at_night_ends_in_a_goodbye(walk: Walk) -> None:
    walk.begin(hours=Hours.CLOSED)
    for _ in range(3):
        silent(walk)
    assert silent(walk) == ["common.goodbye"]
    assert walk.playing
    assert not walk.playing.barge_in
    assert not walk.press("1"), "a goodbye is not cut short"
    assert walk.send(Played()) == [Disconnect()]


def test_silence_is_measured_from_the_end_of_the_prompt(walk: Walk) -> None:
    walk.begin()
    assert walk.timers == {}
    walk.send(Played())
    assert walk.timers == {Timer.NOINPUT: 6.0}
    walk.press("1")
    assert walk.timers == {}


def test_a_timer_that_fires_into_a_prompt_is_late(walk: Walk) -> None:
    walk.begin()
    assert walk.send(NOINPUT) == []


def test_the_cards_to_choose_from_are_said_again_with_the_question(walk: Walk) -> None:
    signed_in(walk, "3")
    cards = ServiceDone("several", choices=(Announcement("loss.cards"),))
    asked = ["loss.cards", "loss.which_card"]
    walk.send(VERIFIED, Played())
    assert walk.hear(cards) == ["sign_in.verified", *asked]
    assert silent(walk) == ["retry.noinput", *asked]
    assert silent(walk) == ["retry.noinput", *asked]
    assert ids(walk.press("*")) == asked


# --- entries --------------------------------------------------------------------------------


def test_an_entry_is_used_as_it_was_keyed(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    effects = walk.press("26112100014#")
    assert Entered("ticket_number", "26112100014") in effects
    assert ids(effects) == ["ticket.ask_ending"]


def test_an_entry_ends_by_silence(walk: Walk) -> None:
    walk.begin()
    walk.press("426112100014")
    assert walk.timers == {Timer.BETWEEN_KEYS: 4.0}
    effects = walk.send(TimerFired(Timer.BETWEEN_KEYS))
    assert Entered("ticket_number", "26112100014") in effects


def test_an_entry_too_short_is_asked_again(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    assert ids(walk.press("123#")) == ["retry.nomatch", "ticket.ask_number"]
    walk.press("12")
    assert walk.hear(TimerFired(Timer.BETWEEN_KEYS)) == ["retry.nomatch", "ticket.ask_number"]


def test_star_starts_an_entry_afresh(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    assert ids(walk.press("999*")) == ["ticket.ask_number"]
    effects = walk.press("26112100014#")
    assert Entered("ticket_number", "26112100014") in effects


def test_pound_after_a_full_entry_is_habit(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135790")
    assert walk.state.node == "banking_number"
    assert ids(walk.press("#")) == ["sign_in.banking_number"], "the prompt it cut is said again"
    assert walk.state.node == "banking_number"
    assert ids(walk.press("#")) == ["main.menu"], "a second one means back"


def test_pound_long_after_a_full_entry_means_back(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135790")
    walk.send(TimerFired(Timer.TERMINATOR))
    assert ids(walk.press("#")) == ["main.menu"]


# --- services -------------------------------------------------------------------------------


def test_an_answer_is_said_together_with_the_next_question(walk: Walk) -> None:
    walk.begin()
    walk.press("12")
    told = (Announcement("exchange.effective", {"date": "today"}),)
    assert walk.hear(ServiceDone("told", told)) == ["exchange.effective", "rates.menu"]


def test_an_answer_waits_for_the_prompt_before_it(walk: Walk) -> None:
    signed_in(walk)
    assert walk.playing
    assert walk.send(VERIFIED) == []
    assert CallService("balance") in walk.send(Played())


def test_a_key_cuts_the_wait_and_is_used_by_the_next_question(walk: Walk) -> None:
    signed_in(walk)
    walk.send(VERIFIED)
    walk.press("2")
    walk.send(ServiceDone("told"))
    effects = walk.send(ServiceDone("told"))
    assert Choose("account_menu", "transactions") in effects
    assert not any(isinstance(effect, Play) for effect in effects)


def test_keys_ahead_are_forgotten_when_a_service_fails(walk: Walk) -> None:
    signed_in(walk)
    walk.press("123")
    assert walk.hear(WRONG) == ["sign_in.wrong", "sign_in.account"]
    assert len(walk.state.ahead) == 0


@pytest.mark.parametrize("outcome", ["unavailable", "never heard of"])
def test_a_service_without_answer(walk: Walk, outcome: str) -> None:
    walk.begin()
    walk.press("11")
    walk.send(ServiceDone(outcome, succeeded=False))
    assert walk.hear(CalendarChecked(Hours.OPEN)) == ["common.sorry", "main.menu"]


def test_a_second_answer_is_too_late(walk: Walk) -> None:
    walk.begin()
    walk.press("11")
    walk.send(ServiceDone("told"))
    assert walk.send(ServiceDone("told")) == []


def test_signing_in_leads_on_to_what_the_caller_came_for(walk: Walk) -> None:
    signed_in(walk, choice="3")
    effects = walk.send(VERIFIED, Played())
    assert CallService("cards") in effects
    one = ServiceDone("one", values={"card": "1", "card_ending": "8475"})
    walk.send(one)
    play = walk.playing
    assert play
    assert [line.announcement for line in play.lines] == [
        Announcement("sign_in.verified"),
        Announcement("loss.confirm", {"ending": "8475"}),
    ]
    assert CallService("report_loss", {"card": "1"}) in walk.press("1")


def test_signed_in_once_is_enough(walk: Walk) -> None:
    signed_in(walk)
    walk.send(TimerFired(Timer.TERMINATOR))
    walk.send(VERIFIED, Played(), ServiceDone("told"), ServiceDone("told"))
    assert ids(walk.press("#")) == ["main.menu"]
    assert CallService("cards") in walk.press("3")


@pytest.mark.parametrize("choice", ["2", "3"])
def test_locked_out_a_person_helps(walk: Walk, choice: str) -> None:
    signed_in(walk, choice)
    locked = ServiceDone("locked", (Announcement("sign_in.locked", {"until": 0}),), succeeded=False)
    walk.send(locked, Played())
    effects = walk.send(CalendarChecked(Hours.OPEN))
    over = next(effect for effect in effects if isinstance(effect, HandOver))
    situation = Situation.CARD_LOSS if choice == "3" else Situation.ORDINARY
    assert (over.queue, over.situation) == ("general", situation)
    assert ids([over]) == ["sign_in.locked", "person.connecting"]


# --- the end --------------------------------------------------------------------------------


def test_keys_on_the_way_to_a_person_do_nothing(walk: Walk) -> None:
    walk.begin()
    walk.press("0")
    walk.send(CalendarChecked(Hours.OPEN))
    assert walk.press("1") == []


def test_keys_pressed_before_the_flow_began_are_used(walk: Walk) -> None:
    assert walk.press("1") == []
    walk.send(Started())
    assert walk.state.language is Language.CHINESE


def test_nothing_happens_after_the_caller_left(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135")
    walk.send(CallerLeft())
    assert walk.state.phase is Phase.DONE
    assert walk.send(Key("7"), Played(), NOINPUT, TimerFired(Timer.BETWEEN_KEYS)) == []
    assert walk.send(ServiceDone("told"), CalendarChecked(Hours.OPEN), Started()) == []
