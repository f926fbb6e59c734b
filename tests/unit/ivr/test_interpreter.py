"""The interpreter as callers meet it: scenes on the shipped flow and on small ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Situation
from ivr.effects import (
    CalendarChecked,
    CallerLeft,
    CallService,
    CheckCalendar,
    Choose,
    Disconnect,
    Effect,
    Entered,
    Event,
    HandOver,
    Hours,
    Key,
    Mask,
    Play,
    Played,
    ServiceDone,
    SetLanguage,
    Started,
    StartTimer,
    StopPlaying,
    StopTimer,
    Timer,
    TimerFired,
)
from ivr.flow import Flow
from ivr.interpreter import step
from ivr.services import SIGNATURES
from ivr.state import Phase, State
from prompts.catalogue import Announcement
from tests.support.flows import shipped_flow, small_flow

NOINPUT = TimerFired(Timer.NOINPUT)
KEYS = "0123456789*#ABCD"
WAITS = {Phase.MENU, Phase.ASK, Phase.SERVING, Phase.CLOSING}


class Walk:
    """A caller's way through a flow, with what it does to the world."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.state = flow, State()
        self.effects: list[Effect] = []
        self.timers: dict[Timer, float] = {}
        self.playing: Play | None = None
        self.masked = False

    def send(self, *events: Event) -> list[Effect]:
        """What these events do."""
        new: list[Effect] = []
        for event in events:
            if isinstance(event, TimerFired):
                self.timers.pop(event.timer, None)
            if isinstance(event, Played):
                self.playing = None
            self.state, effects = step(self.flow, self.state, event)
            for effect in effects:
                self._note(effect)
            new += effects
        self.effects += new
        return new

    def press(self, keys: str) -> list[Effect]:
        """The caller presses keys."""
        return self.send(*(Key(key) for key in keys))

    def hear(self, *events: Event) -> list[str]:
        """The ids of what is said after these events."""
        return _ids(self.send(*events))

    def begin(self, keys: str = "1", hours: Hours = Hours.OPEN, level: str = "") -> list[Effect]:
        """Choose the language, and reach the menu of the hour."""
        self.send(Started({"level": level}))
        return [*self.press(keys), *self.send(CalendarChecked(hours))]

    def _note(self, effect: Effect) -> None:
        match effect:
            case StartTimer():
                self.timers[effect.timer] = effect.seconds
            case StopTimer():
                self.timers.pop(effect.timer, None)
            case Play():
                self.playing = effect
            case StopPlaying():
                self.playing = None
            case Mask():
                self.masked = effect.masked


def _ids(effects: list[Effect]) -> list[str]:
    return [line.announcement.id for e in effects if isinstance(e, Play) for line in e.lines]


@pytest.fixture
def walk() -> Walk:
    return Walk(shipped_flow())


def signed_in(walk: Walk, choice: str = "2") -> CallService:
    """Up to the service call of a sign-in."""
    walk.begin()
    walk.press(choice)
    effects = walk.press("6001010101#135790" + "80000101#246801")
    return next(effect for effect in effects if isinstance(effect, CallService))


VERIFIED = ServiceDone(
    "verified", (Announcement("sign_in.verified"),), facts={"verification": "signed_in"}
)
WRONG = ServiceDone("wrong", (Announcement("sign_in.wrong"),), succeeded=False)


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
    assert _ids(walk.begin(level=level)[-1:]) == [greeting, "main.menu"]


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
    assert _ids(walk.begin(hours=hours)[-1:]) == heard


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
    assert walk.hear(CalendarChecked(Hours.OPEN)) == [said]
    assert walk.send(Played()) == [HandOver(queue, situation)]
    assert walk.state.phase is Phase.DONE


def test_nobody_to_talk_to_at_night(walk: Walk) -> None:
    walk.begin()
    walk.press("0")
    assert walk.hear(CalendarChecked(Hours.CLOSED)) == ["closed.nobody", "night.menu"]


def test_again_says_all_of_it_again(walk: Walk) -> None:
    walk.begin()
    assert _ids(walk.press("*")) == ["greeting.ordinary", "main.menu"]


def test_back_leads_up_menu_by_menu(walk: Walk) -> None:
    walk.begin()
    assert _ids(walk.press("1")) == ["rates.menu"]
    assert _ids(walk.press("#")) == ["main.menu"]
    assert _ids(walk.press("#")) == ["language.choice", "language.choice"]
    assert _ids(walk.press("#")) == ["language.choice", "language.choice"]


def test_back_out_of_an_entry(walk: Walk) -> None:
    walk.begin()
    assert _ids(walk.press("4")) == ["ticket.ask_number"]
    assert _ids(walk.press("#")) == ["main.menu"]


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
    return _ids(walk.press("7"))


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
    assert walk.hear(CalendarChecked(Hours.OPEN)) == ["retry.person", "person.connecting"]
    assert walk.send(Played()) == [HandOver("general", Situation.ORDINARY)]


def test_what_went_wrong_is_told(walk: Walk) -> None:
    walk.begin()
    assert silent(walk)[0] == "retry.noinput"
    assert wrong(walk)[0] == "retry.nomatch"


def test_an_answer_ends_the_row_of_failures(walk: Walk) -> None:
    walk.begin()
    for _ in range(3):
        wrong(walk)
    assert _ids(walk.press("1")) == ["rates.menu"]
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


# --- entries --------------------------------------------------------------------------------


def test_an_entry_is_used_as_it_was_keyed(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    effects = walk.press("26112100014#")
    assert Entered("ticket_number", "26112100014") in effects
    assert CallService("ticket_state", {"ticket_number": "26112100014"}) in effects


def test_an_entry_ends_by_silence(walk: Walk) -> None:
    walk.begin()
    walk.press("426112100014")
    assert walk.timers == {Timer.BETWEEN_KEYS: 4.0}
    effects = walk.send(TimerFired(Timer.BETWEEN_KEYS))
    assert CallService("ticket_state", {"ticket_number": "26112100014"}) in effects


def test_an_entry_too_short_is_asked_again(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    assert _ids(walk.press("123#")) == ["retry.nomatch", "ticket.ask_number"]
    walk.press("12")
    assert walk.hear(TimerFired(Timer.BETWEEN_KEYS)) == ["retry.nomatch", "ticket.ask_number"]


def test_star_starts_an_entry_afresh(walk: Walk) -> None:
    walk.begin()
    walk.press("4")
    assert _ids(walk.press("999*")) == ["ticket.ask_number"]
    effects = walk.press("26112100014#")
    assert CallService("ticket_state", {"ticket_number": "26112100014"}) in effects


def test_pound_after_a_full_entry_is_habit(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135790")
    assert walk.state.node == "banking_number"
    assert _ids(walk.press("#")) == ["sign_in.banking_number"], "the prompt it cut is said again"
    assert walk.state.node == "banking_number"
    assert _ids(walk.press("#")) == ["main.menu"], "a second one means back"


def test_pound_long_after_a_full_entry_means_back(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135790")
    walk.send(TimerFired(Timer.TERMINATOR))
    assert _ids(walk.press("#")) == ["main.menu"]


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
    assert _ids(walk.press("#")) == ["main.menu"]
    assert CallService("cards") in walk.press("3")


@pytest.mark.parametrize("choice", ["2", "3"])
def test_locked_out_a_person_helps(walk: Walk, choice: str) -> None:
    signed_in(walk, choice)
    locked = ServiceDone("locked", (Announcement("sign_in.locked", {"until": 0}),), succeeded=False)
    walk.send(locked, Played())
    assert walk.hear(CalendarChecked(Hours.OPEN)) == ["sign_in.locked", "person.connecting"]
    situation = Situation.CARD_LOSS if choice == "3" else Situation.ORDINARY
    assert HandOver("general", situation) in walk.send(Played())


# --- secrets --------------------------------------------------------------------------------


def test_secrets_leave_with_the_service_call(walk: Walk) -> None:
    call = signed_in(walk)
    assert call == CallService(
        "sign_in",
        {
            "account": Secret("6001010101"),
            "pin": Secret("135790"),
            "banking_number": Secret("80000101"),
            "banking_pin": Secret("246801"),
        },
    )
    assert walk.state.secrets == {}


def test_secrets_are_forgotten_on_the_way_back(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#1357")
    assert walk.state.secrets.keys() == {"account"}
    walk.press("*#")
    assert walk.state.node == "main"
    assert walk.state.secrets == {}
    assert len(walk.state.entry) == 0


def test_the_recording_is_masked_from_the_question_until_after_the_last_key(walk: Walk) -> None:
    walk.begin()
    effects = walk.press("2")
    assert effects.index(Mask(True)) < next(
        index for index, effect in enumerate(effects) if isinstance(effect, Play)
    )
    walk.press("6001010101#13579080000101#24680")
    assert walk.masked
    assert Timer.UNMASK not in walk.timers
    walk.press("1")
    assert walk.masked
    assert walk.timers[Timer.UNMASK] == 0.5
    walk.send(TimerFired(Timer.UNMASK))
    assert not walk.masked


def test_a_late_key_keeps_the_recording_masked(walk: Walk) -> None:
    signed_in(walk)
    walk.timers[Timer.UNMASK] = 0.1
    walk.press("7")
    assert walk.timers[Timer.UNMASK] == 0.5


def test_leaving_a_secure_question_unmasks(walk: Walk) -> None:
    walk.begin()
    walk.press("2#")
    assert walk.state.node == "main"
    assert walk.timers == {Timer.UNMASK: 0.5}


def test_keys_typed_ahead_unmasked_are_no_secret(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: pin}}}
  pin: {ask: {prompt: sign_in.pin, field: pin, length: 6, secure: true, then: person}}
""",
        )
    )
    walk.send(Started())
    walk.press("135790")
    assert walk.hear(ServiceDone("told")) == ["sign_in.pin"]
    assert walk.masked


# --- keys typed ahead -----------------------------------------------------------------------


def test_keys_ahead_run_through_several_questions(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: menu}}}
  menu: {menu: {prompt: main.menu, choices: {4: {name: ticket, then: ask}}}}
  ask: {ask: {prompt: ticket.ask_number, field: ticket_number, length: 4, then: told}}
  told:
    service:
      name: ticket_state
      arguments: [ticket_number]
      outcomes: {told: person, unknown: person}
""",
        )
    )
    walk.send(Started())
    walk.press("4123")
    assert walk.hear(ServiceDone("told")) == []
    assert walk.timers == {Timer.BETWEEN_KEYS: 4.0}
    assert CallService("ticket_state", {"ticket_number": "1234"}) in walk.press("4")
    assert walk.timers == {Timer.TERMINATOR: 2.0}


def test_a_wrong_key_ahead_forgets_the_rest(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: menu}}}
  menu: {menu: {prompt: main.menu, choices: {4: {name: ticket, then: person}}}}
""",
        )
    )
    walk.send(Started())
    walk.press("74")
    assert walk.hear(ServiceDone("told")) == ["retry.nomatch", "main.menu"]
    assert walk.state.node == "menu"


# --- the end --------------------------------------------------------------------------------


def test_a_key_cuts_the_last_prompt_before_a_person(walk: Walk) -> None:
    walk.begin()
    walk.press("0")
    walk.send(CalendarChecked(Hours.OPEN))
    assert walk.press("1") == [StopPlaying(), HandOver("general", Situation.ORDINARY)]


def test_nothing_happens_after_the_caller_left(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#135")
    walk.send(CallerLeft())
    assert walk.state.phase is Phase.DONE
    assert walk.send(Key("7"), Played(), NOINPUT, TimerFired(Timer.BETWEEN_KEYS)) == []
    assert walk.send(ServiceDone("told"), CalendarChecked(Hours.OPEN), Started()) == []


# --- laws -----------------------------------------------------------------------------------

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
@given(st.lists(events, max_size=80))
def test_whatever_happens_it_waits_for_something_or_has_ended(storm: list[Event]) -> None:
    walk = Walk(shipped_flow())
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
@given(st.text(KEYS, max_size=40), st.sampled_from(Hours))
def test_a_caller_who_falls_silent_is_let_go(keys: str, hours: Hours) -> None:
    walk = Walk(shipped_flow())
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
