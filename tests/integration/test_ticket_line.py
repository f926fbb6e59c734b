"""Customers of a whole house on the telephone: they hear of a ticket, urge it, hear an answer.

They key when they hear what they are asked, and what arrived is compared with what was spoken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cti.database import connect, reading
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement
from prompts.sound import PEAK_DBFS, SPEECH_DBFS, amplitude, level
from tests.support.audio import FULL_SCALE, Samples
from tests.support.customer_phone import LONGEST, Judged, Step, answer, call
from tests.support.databases import DirectDatabase
from tests.support.fake_calls import FakeCalls
from tests.support.hearing import SURE_OF_SHAPE, Announced, find_shape, sounding
from tests.support.house import House, free_port
from tests.support.reactor import begin, run_in_reactor
from tests.support.spoken_again import SpokenAgain
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, SHANGHAI, TicketDesk
from tickets.acts import Action, ClockKind
from tickets.clocks.calendars import Calendars
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.service import ReplyCalls
from tickets.reply_calls.settings import ReplyCallSettings

pytestmark = pytest.mark.timeout(600)
HOTLINE, MOBILE, OTHER = "95588", "13800138000", "13700137000"
ALWAYS = WorkingCalendar("always", SHANGHAI, ((Span.parse("00:00-24:00"),),) * 7)
TO_THE_DEPARTMENT = ((Action.DISPATCH, DISPATCHER), (Action.ACCEPT, OFFICER))
TO_THE_ANSWER = (*TO_THE_DEPARTMENT, (Action.RETURN, HEAD), (Action.APPROVE, DISPATCHER))
KIND = "ticket.kind.complaint"
LANGUAGE_KEYS = {Language.CHINESE: "1", Language.ENGLISH: "2"}
ANSWER = "手续费12元已退回。"
MOST_LOUDER = 1.5
"""Decibels by which a sentence differs from what announcements have: half of what one notices."""


class Kept(DirectDatabase):
    """The database of a house that is not up yet."""

    def __init__(self, house: House) -> None:
        self.engine = connect(f"sqlite:///{house.var / 'hotline.sqlite'}")
        self._reading = reading(self.engine)


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody is to be told on the telephone, and what arrived there."""

    number: TicketNumber
    sentences: Sequence[Samples]
    arrived: Samples


@dataclass(frozen=True, slots=True)
class Bank:
    """A running house, customers who asked about tickets, one who was called with an answer."""

    house: House
    asked: Mapping[Language, Heard]
    called: Heard


def told(house: House, kind: str) -> list[dict[str, Any]]:
    return [record for each, record in house.journal() if each == kind]


def wish_to_call(desk: TicketDesk) -> None:
    """Replies by automatic call are written down, for the house that comes to make them."""
    ReplyCalls(
        desk.service,
        desk.database,
        FakeCalls(desk.bus, desk.clock),
        desk.bus,
        desk.clock,
        ReplyCallSettings(),
        CallingHours(Calendars(ALWAYS), ALWAYS),
        server="here",
        may_call=lambda _: True,
        take_into_flow=lambda *_: None,
    )


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[Bank]:
    folder, outside = tmp_path_factory.mktemp("line"), free_port()
    gateway = {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{outside}"], "probe": False}
    changes = {
        "trunks": {"local": gateway},
        "tickets": {"reply_calls": {"hours": "00:00-24:00"}},
    }
    house = House(folder / "house", prompts, changes)
    desk = TicketDesk(Kept(house), datetime.now(UTC))
    wish_to_call(desk)
    open_ones = {language: ticket(desk, TO_THE_DEPARTMENT) for language in Language}
    answered = ticket(desk, TO_THE_ANSWER)
    desk.act(answered, Action.ATTEMPT_REPLY, AGENT, {"channel": "automatic_call", "text": ANSWER})
    asked = [
        (each, language)
        for language, number in open_ones.items()
        for each in of_a_ticket(desk, number)
    ]
    desk.database.stop()
    told_first = [(each, Language.CHINESE) for each in of_an_answer(answered)]
    spoken = SpokenAgain([*told_first, *asked], folder)
    try:
        yield everybody_listens(house, outside, Announced(prompts), open_ones, answered, spoken)
    finally:
        if house.process.poll() is None:
            house.stop()


def ticket(desk: TicketDesk, acts: Sequence[tuple[Action, Principal]]) -> TicketNumber:
    """One with which this was done."""
    number = desk.register().number
    for action, by in acts:
        desk.act(number, action, by)
    return number


def of_a_ticket(desk: TicketDesk, number: TicketNumber) -> Sequence[Announcement]:
    """What is told of one that a department has."""
    due = desk.view(number).due(ClockKind.DECISION)
    assert due is not None
    state = {"kind": KIND, "number": number, "state": "ticket.state.in_progress"}
    return Announcement("ticket.told", state), Announcement("ticket.due", {"due": due})


def of_an_answer(number: TicketNumber) -> Sequence[Announcement]:
    """How an answer is told."""
    about = Announcement("reply.about", {"kind": KIND, "number": number})
    return about, Announcement("reply.text", {"text": ANSWER})


def everybody_listens(
    house: House,
    outside: int,
    announced: Announced,
    open_ones: Mapping[Language, TicketNumber],
    answered: TicketNumber,
    spoken: SpokenAgain,
) -> Bank:
    """One is called as soon as the house is up; two call it, at the same time."""

    async def listen() -> Bank:
        def up() -> None:
            house.start()
            sounds.extend(map(sounding, spoken.sounds()))

        sounds: list[Samples] = []
        hearing = [begin(answer(MOBILE, outside, announced, answering(answered, sounds), up))]
        for place, (language, number) in enumerate(open_ones.items(), start=1):
            steps = asking(language, number, sounds[2 * place :][:2])
            hearing.append(begin(call(OTHER, HOTLINE, house.sip_port, announced, steps, language)))
        arrived = [await each for each in hearing]
        numbers = [answered, *open_ones.values()]
        called, *asked = [
            Heard(number, sounds[2 * place :][:2], each)
            for place, (number, each) in enumerate(zip(numbers, arrived, strict=True))
        ]
        return Bank(house, dict(zip(open_ones, asked, strict=True)), called)

    return run_in_reactor(listen, timeout=LONGEST)


def answering(number: TicketNumber, sounds: Sequence[Samples]) -> Sequence[Step]:
    """Prove who one is, hear the answer, confirm it and say what one thinks of it."""
    return (
        ("reply.hello", "1"),
        ("reply.ask_ending", number[-4:]),
        Judged("reply.menu_heard", "2", "1", lambda heard: all_heard(sounds[:2], heard)),
        ("reply.score", "5"),
        ("reply.solved", "1"),
        ("reply.thanks", ""),
    )


def asking(language: Language, number: TicketNumber, sounds: Sequence[Samples]) -> Sequence[Step]:
    """Choose the language, key in the ticket, prove that it is one's own, hear of it, urge it."""
    return (
        ("language.choice", f"{LANGUAGE_KEYS[language]}4{number}#"),
        ("ticket.ask_ending", MOBILE[-4:]),
        Judged("ticket.menu_open", "3", "1", lambda heard: all_heard(sounds, heard)),
        ("ticket.urged", ""),
    )


def all_heard(sounds: Sequence[Samples], heard: Samples) -> bool:
    return all(find_shape(each, heard).likeness >= SURE_OF_SHAPE for each in sounds)


def test_a_customer_is_called_and_confirms_the_answer(bank: Bank) -> None:
    house = bank.house
    house.wait_until(lambda: told(house, "ticket.reply_call_ended"), 20, "the call ends")
    acted = [
        each["action"]
        for each in told(house, "ticket.changed")
        if each["number"] == bank.called.number
    ]
    assert acted[-3:] == ["reply", "attach_call", "rate"]
    (made,), (ended,) = (told(house, f"ticket.reply_call_{each}") for each in ("made", "ended"))
    assert (ended["outcome"], ended["call_id"]) == ("told", made["call_id"])
    assert made["number"] == bank.called.number
    recorded = told(house, "call.recording_started")
    assert made["call_id"] in {each["call_id"] for each in recorded}
    for sentence in bank.called.sentences:
        found = find_shape(sentence, bank.called.arrived)
        assert found.likeness >= SURE_OF_SHAPE, found


@pytest.mark.parametrize("language", list(Language))
def test_a_caller_proves_a_ticket_hears_of_it_and_urges_it(bank: Bank, language: Language) -> None:
    asked = bank.asked[language]

    def urged() -> list[str]:
        return [
            each["by"]
            for each in told(bank.house, "ticket.changed")
            if (each["number"], each["action"]) == (asked.number, "urge")
        ]

    bank.house.wait_until(urged, 30, "the ticket is urged")
    assert urged() == ["customer"]
    assert "ticket_state" in {each["service"] for each in told(bank.house, "ivr.service_used")}
    for sentence in asked.sentences:
        found = find_shape(sentence, asked.arrived)
        assert found.likeness >= SURE_OF_SHAPE, found
        sound = asked.arrived[found.at : found.at + len(sentence)] / FULL_SCALE
        assert abs(level(sound) - SPEECH_DBFS) < MOST_LOUDER
        assert np.max(np.abs(sound)) < amplitude(PEAK_DBFS) * 1.1, "nothing is clipped"
