"""Customers of a whole house on the telephone: they hear of a ticket, urge it, hear an answer.

They key when they hear what they are asked, and what arrived is compared with what was spoken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cti.database import connect, reading
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from prompts.catalogue import Announcement
from prompts.sound import PEAK_DBFS, SPEECH_DBFS, amplitude, level
from tests.support.audio import FULL_SCALE, Samples
from tests.support.customer_phone import Step, calls, is_called
from tests.support.databases import DirectDatabase
from tests.support.fake_calls import FakeCalls
from tests.support.hearing import SURE_OF_SHAPE, Announced, Found, find_shape, sounding
from tests.support.house import House, free_port
from tests.support.spoken_again import spoken
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, SHANGHAI, TicketDesk
from tickets.acts import Action, ClockKind
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.service import ReplyCalls
from tickets.reply_calls.settings import ReplyCallSettings

pytestmark = pytest.mark.timeout(600)
HOTLINE, MOBILE, OTHER = "95588", "13800138000", "13700137000"
ALWAYS = WorkingCalendar("always", SHANGHAI, ((Span.parse("00:00-24:00"),),) * 7)
TO_THE_DEPARTMENT = ((Action.DISPATCH, DISPATCHER), (Action.ACCEPT, OFFICER))
TO_THE_ANSWER = (*TO_THE_DEPARTMENT, (Action.RETURN, HEAD), (Action.APPROVE, DISPATCHER))
LANGUAGE_KEYS = {Language.CHINESE: "1", Language.ENGLISH: "2"}
HEAR_AGAIN = "3"
"""Heard twice, since sound is lost where the machine stands still."""
MOST_LOUDER = 1.5
"""Decibels by which a sentence differs from what announcements have: half of what one notices."""


class Kept(DirectDatabase):
    """The database of a house that is not up yet."""

    def __init__(self, house: House) -> None:
        self.engine = connect(f"sqlite:///{house.var / 'hotline.sqlite'}")
        self._reading = reading(self.engine)


@dataclass(frozen=True, slots=True)
class Bank:
    """A running house, a ticket that a department has, and one whose answer was told."""

    house: House
    announced: Announced
    open: TicketNumber
    due: datetime
    answered: TicketNumber
    heard: Samples
    """By the customer who was called with the answer."""

    def urged(self) -> list[dict[str, Any]]:
        return [each for each in told(self.house, "ticket.changed") if each["action"] == "urge"]


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
        CallingHours(ALWAYS, ALWAYS),
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
    house, announced = House(folder / "house", prompts, changes), Announced(prompts)
    desk = TicketDesk(Kept(house), datetime.now(UTC))
    wish_to_call(desk)
    numbers = []
    for acts in (TO_THE_DEPARTMENT, TO_THE_ANSWER):
        numbers.append(desk.register().number)
        for action, by in acts:
            desk.act(numbers[-1], action, by)
    asked = {"channel": "automatic_call", "text": "手续费12元已退回。"}
    desk.act(numbers[1], Action.ATTEMPT_REPLY, AGENT, asked)
    due = desk.view(numbers[0]).due(ClockKind.DECISION)
    assert due is not None
    desk.database.stop()
    steps: Sequence[Step] = (
        ("reply.hello", "1"),
        ("reply.ask_ending", numbers[1][-4:]),
        ("reply.menu_heard", "2"),
        ("reply.menu_heard", "1"),
        ("reply.score", "5"),
        ("reply.solved", "1"),
    )
    try:
        heard = is_called(MOBILE, outside, announced, steps, house.start)
        yield Bank(house, announced, numbers[0], due, numbers[1], heard)
    finally:
        if house.process.poll() is None:
            house.stop()


def test_a_customer_is_called_and_confirms_the_answer(bank: Bank, tmp_path: Path) -> None:
    house = bank.house
    house.wait_until(lambda: told(house, "ticket.reply_call_ended"), 20, "the call ends")
    acted = [each["action"] for each in told(house, "ticket.changed")]
    assert [each for each in acted if each in ("reply", "rate")] == ["reply", "rate"]
    (made,), (ended,) = (told(house, f"ticket.reply_call_{each}") for each in ("made", "ended"))
    assert (ended["outcome"], ended["call_id"]) == ("told", made["call_id"])
    assert made["number"] == bank.answered
    recorded = told(house, "call.recording_started")
    assert made["call_id"] in {each["call_id"] for each in recorded}
    values = {"kind": "ticket.kind.complaint", "number": bank.answered}
    about = Announcement("reply.about", values)
    answer = Announcement("reply.text", {"text": "手续费12元已退回。"})
    (first, _), (second, _) = arrived([about, answer], Language.CHINESE, bank.heard, tmp_path)
    assert min(first.likeness, second.likeness) >= SURE_OF_SHAPE, (first, second)


@pytest.mark.parametrize("language", list(Language))
def test_a_caller_proves_a_ticket_hears_of_it_and_urges_it(
    bank: Bank, tmp_path: Path, language: Language
) -> None:
    steps = (
        ("language.choice", LANGUAGE_KEYS[language]),
        ("greeting.ordinary", "4"),
        ("ticket.ask_number", f"{bank.open}#"),
        ("ticket.ask_ending", MOBILE[-4:]),
        ("ticket.menu_open", HEAR_AGAIN),
        ("ticket.menu_open", "1"),
        ("ticket.menu_open", ""),
    )
    before = len(bank.urged())
    heard = calls(OTHER, HOTLINE, bank.house.sip_port, bank.announced, steps, language)
    bank.house.wait_until(bank.urged, 30, "the ticket is urged")
    assert all(
        (each["number"], each["by"]) == (bank.open, "customer") for each in bank.urged()[before:]
    )
    assert "ticket_state" in {each["service"] for each in told(bank.house, "ivr.service_used")}
    values = {
        "kind": "ticket.kind.complaint",
        "number": bank.open,
        "state": "ticket.state.in_progress",
    }
    sentences = [Announcement("ticket.told", values), Announcement("ticket.due", {"due": bank.due})]
    for found, sound in arrived(sentences, language, heard, tmp_path):
        assert found.likeness >= SURE_OF_SHAPE, found
        assert abs(level(sound) - SPEECH_DBFS) < MOST_LOUDER
        assert np.max(np.abs(sound)) < amplitude(PEAK_DBFS) * 1.1, "nothing is clipped"


def arrived(
    announcements: Sequence[Announcement], language: Language, heard: Samples, folder: Path
) -> list[tuple[Found, NDArray[np.float64]]]:
    """Where each was heard, and how it sounded there."""
    sounds = [sounding(each) for each in spoken(announcements, language, folder)]
    places = [(find_shape(each, heard), len(each)) for each in sounds]
    return [(found, heard[found.at : found.at + length] / FULL_SCALE) for found, length in places]
