"""Customers of a whole house on the telephone: one urges a ticket, one hears an answer."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cti.database import connect, reading
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.identifiers import TicketNumber
from tests.support.command_line import terminals
from tests.support.databases import DirectDatabase
from tests.support.fake_calls import FakeCalls
from tests.support.house import House, free_port
from tests.support.sipp_scenarios import OFFER, called, pause_for, receive, respond
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, SHANGHAI, TicketDesk
from tickets.acts import Action
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.service import ReplyCalls
from tickets.reply_calls.settings import ReplyCallSettings

pytestmark = pytest.mark.needs("sipp")
HOTLINE, ENDING = "95588", "8000"
ALWAYS = WorkingCalendar("always", SHANGHAI, ((Span.parse("00:00-24:00"),),) * 7)
TO_THE_DEPARTMENT = ((Action.DISPATCH, DISPATCHER), (Action.ACCEPT, OFFICER))
TO_THE_ANSWER = (*TO_THE_DEPARTMENT, (Action.RETURN, HEAD), (Action.APPROVE, DISPATCHER))


class Kept(DirectDatabase):
    """The database of a house that is not up yet."""

    def __init__(self, house: House) -> None:
        self.engine = connect(f"sqlite:///{house.var / 'hotline.sqlite'}")
        self._reading = reading(self.engine)


@dataclass(frozen=True, slots=True)
class Bank:
    """A running house, a ticket that a department has, and one whose answer is to be told."""

    house: House
    open: TicketNumber
    answered: TicketNumber


def told(house: House, kind: str) -> list[dict[str, Any]]:
    return [record for each, record in house.journal() if each == kind]


def acted(house: House, action: str) -> bool:
    return any(each["action"] == action for each in told(house, "ticket.changed"))


def info(number: int, key: str) -> str:
    """Who was called presses a key (INFO)."""
    lines = [
        "INFO [next_url] SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-key-{number}",
        "From:[$to];tag=[pid]s[call_number]",
        "To:[$from]",
        "Call-ID: [call_id]",
        f"CSeq: {number} INFO",
        "Max-Forwards: 70",
        "Content-Type: application/dtmf-relay",
        "Content-Length: [len]",
        "",
        f"Signal={key}",
        "Duration=100",
        "",
    ]
    send = '<send retrans="500"><![CDATA[\n' + "\n".join(lines) + "\n]]></send>"
    return "\n".join((send, receive(200), pause_for(0.3)))


@contextmanager
def customer(folder: Path, port: int, words: tuple[str, ...]) -> Iterator[None]:
    """A telephone behind the exchange that answers and presses these keys, a second between two."""
    numbers = iter(range(1, 100))
    pressing = [
        "\n".join((pause_for(1.0), *(info(next(numbers), key) for key in word))) for word in words
    ]
    steps = (
        called(),
        respond(200, "OK", body=OFFER.format(port=6004)),
        receive("ACK"),
        *pressing,
        receive("BYE"),
    )
    scenario = folder / "customer.xml"
    body = "\n".join(steps)
    scenario.write_text(f'<?xml version="1.0"?><scenario name="customer">{body}</scenario>')
    sipp = ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    with (folder / "customer.txt").open("wb") as out:
        process = subprocess.Popen(sipp, stdout=out, stderr=out, cwd=folder)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[Bank]:
    folder, outside = tmp_path_factory.mktemp("line"), free_port()
    changes = {
        "trunks": {
            "local": {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{outside}"], "probe": False}
        },
        "tickets": {"reply_calls": {"hours": "00:00-24:00"}},
    }
    house = House(folder / "house", prompts, changes)
    desk = TicketDesk(Kept(house), datetime.now(UTC))
    wish_to_call(desk)
    numbers = []
    for acts in (TO_THE_DEPARTMENT, TO_THE_ANSWER):
        number = desk.register().number
        for action, by in acts:
            desk.act(number, action, by)
        numbers.append(number)
    asked = {"channel": "automatic_call", "text": "手续费12元已退回。"}
    desk.act(numbers[1], Action.ATTEMPT_REPLY, AGENT, asked)
    desk.database.stop()
    words = ("1", numbers[1][-4:], "1", "5", "1")
    with customer(folder, outside, words):
        house.start()
        try:
            yield Bank(house, *numbers)
        finally:
            if house.process.poll() is None:
                house.stop()


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


def test_a_caller_proves_a_ticket_and_urges_it(bank: Bank) -> None:
    with terminals(bank.house) as people:
        keys = ("--keys", f"1 4 {bank.open}# {ENDING} 1", "--pause", "1", "--talk-for", "6")
        people.call(HOTLINE, *keys, calling="13700137000")
        bank.house.wait_until(lambda: acted(bank.house, "urge"), 30, "the ticket is urged")
    (urge,) = (each for each in told(bank.house, "ticket.changed") if each["action"] == "urge")
    assert (urge["number"], urge["by"]) == (bank.open, "customer")
    assert "ticket_state" in {each["service"] for each in told(bank.house, "ivr.service_used")}


def test_a_customer_is_called_and_confirms_the_answer(bank: Bank) -> None:
    house = bank.house
    house.wait_until(lambda: acted(house, "reply"), 40, "the customer is told")
    house.wait_until(lambda: acted(house, "rate"), 20, "the customer rates it")
    house.wait_until(lambda: told(house, "ticket.reply_call_ended"), 20, "the call ends")
    (made,), (ended,) = (told(house, f"ticket.reply_call_{each}") for each in ("made", "ended"))
    assert (ended["outcome"], ended["call_id"]) == ("told", made["call_id"])
    assert made["number"] == bank.answered
    recorded = told(house, "call.recording_started")
    assert made["call_id"] in {each["call_id"] for each in recorded}
