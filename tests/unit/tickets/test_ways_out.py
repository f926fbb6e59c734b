"""Whatever a customer or colleague typed of a card or a PIN: no way out shows more than its end."""

import re
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from io import BytesIO
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from twisted.web.test.requesthelper import DummyChannel

from cti.web.http import HotlineRequest, access_line
from tests.support.ticket_office import TicketOffice
from tests.support.tickets import (
    AGENT,
    DISPATCHER,
    HEAD,
    MONDAY,
    OFFICER,
    SUPERVISOR,
    TicketDesk,
    draft,
)
from tests.unit.tickets.web.test_lists import send
from tickets.delivery.notices import Line
from tickets.line.telling import reply_of
from tickets.model import CUSTOMER
from tickets.portal.standing import standing_of
from tickets.workflow import Action

CARD = "6222 0200-3700 0018 475"
DIGITS = "6222020037000018475"
TOLD = f"我的卡{CARD}密码是135790，请查"
SHOWN = re.compile(r"6222|37000018|135790")


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def answered(desk: TicketDesk) -> str:
    """A matter in which everybody typed the card, and which was answered."""
    what = replace(draft(), title=f"卡{DIGITS}被吞", text=TOLD)
    number = desk.register(what).number
    for action, by in (
        (Action.CONTACT, CUSTOMER),
        (Action.DISPATCH, DISPATCHER),
        (Action.ACCEPT, OFFICER),
        (Action.RETURN, HEAD),
        (Action.APPROVE, DISPATCHER),
        (Action.REPLY, AGENT),
    ):
        fields = {"text": TOLD, "finding": TOLD, "proposed_reply": TOLD, "proof": "录音"}
        channel = {"channel": "web" if by is CUSTOMER else "call", "department": "cards"}
        desk.act(number, action, by, fields | channel)
    return number


def test_the_customers_own_page(desk: TicketDesk) -> None:
    shown = standing_of(desk.view(answered(desk)), (), MONDAY)
    texts = (shown.case.draft.title, shown.case.draft.text, *(each.text for each in shown.said))
    assert len(texts) >= 4
    assert not SHOWN.search(" ".join(texts))
    assert "8475" in texts[0]


def test_what_is_read_aloud(desk: TicketDesk) -> None:
    said = reply_of(desk.view(answered(desk)))
    assert "8475" in said
    assert not SHOWN.search(said)


def test_events_and_journal(desk: TicketDesk) -> None:
    answered(desk)
    assert len(desk.events) > 5
    assert not SHOWN.search(repr(desk.events))


def test_pages_lists_files_and_print() -> None:
    office = TicketOffice()
    number = answered(office.desk)
    seat = office.seat(AGENT)
    fields, above = {"view": "all"}, office.seat(SUPERVISOR)
    ways = {
        "ticket": seat.read(f"/tickets/{number}").text,
        "list": seat.read("/tickets?view=all").text,
        "search": seat.read(f"/tickets?view=all&q={quote('密码')}").text,
        "csv": send(above, "/tickets/lists/export.csv", **fields).body.decode("utf-8-sig"),
        "officer": office.seat(OFFICER).read(f"/tickets/{number}").text,
    }
    book = BytesIO(send(above, "/tickets/lists/export.xlsx", **fields).body)
    with ZipFile(book) as parts:
        ways["xlsx"] = "".join(parts.read(each).decode() for each in parts.namelist())
    for way, text in ways.items():
        assert number in text, way
        assert "8475" in text, way
        assert not SHOWN.search(text), way


def test_what_a_colleague_is_sent_has_no_words_of_the_matter() -> None:
    """Summaries, short messages and the bank's own program hear of deadlines, not of texts."""
    assert {each.name for each in dataclass_fields(Line)} == {
        "at", "kind", "subject", "late", "due", "number", "ticket", "urgency", "state",
    }  # fmt: skip


def test_the_access_log_has_no_search() -> None:
    request = HotlineRequest(DummyChannel(), parsePOSTFormSubmission=False)
    request.method, request.clientproto = b"GET", b"HTTP/1.1"
    request.uri = f"/tickets?q={DIGITS}".encode()
    assert not SHOWN.search(access_line("[now]", request))
