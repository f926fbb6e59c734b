"""What strangers write goes through every form, letter and file, and stays words where it is shown.

Everything is read as a browser, a spreadsheet and a mail program read it.
"""

import csv
import io
import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from openpyxl.reader.excel import load_workbook
from sqlalchemy import String, func, select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from cti.database import Base
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.inert import (
    CONTROLS,
    FORMULA,
    HEADERS,
    LONG,
    MARKUP,
    OPERATORS,
    SCHEME,
    faults,
)
from tests.support.strangers import KINDS, Strangers, Words, check
from tests.support.ticket_site import TicketSite
from tests.support.tickets import DISPATCHER, HEAD, SUPERVISOR
from tickets.delivery.model import Channel, Outgoing
from tickets.mail.identity import Identity
from tickets.mail.sending import SmtpCarrier
from tickets.mail.settings import MailSettings, ServerSettings

CARRIER = SmtpCarrier(
    MailSettings(
        domain="bank.example", sender="service@bank.example", send=ServerSettings("localhost", 25)
    ),
    Identity(b"k" * 32, "bank.example"),
    Clock(),
)
BEGINS = {"title": FORMULA, "name": FORMULA, "q": FORMULA}
"""What must stand at a beginning, in fields that spreadsheets show; elsewhere what links follow."""
ROUNDS: dict[str, Words] = {
    "markup": lambda _name: f"{MARKUP} {CONTROLS} {OPERATORS}",
    "beginnings": lambda name: BEGINS.get(name, SCHEME),
    "headers": lambda _name: HEADERS,
    "long": lambda _name: LONG,
}
MUST = ("/tickets/new", " note", " dispatch", " inform", "/files")
"""Of these something hostile was taken in every round."""


@pytest.mark.parametrize("words", ROUNDS.values(), ids=ROUNDS)
def test_what_strangers_write_stays_words(tmp_path: Path, words: Words) -> None:
    strangers = Strangers(tmp_path, words)
    strangers.write_from_outside()
    strangers.fill_in_everything()
    for must in MUST:
        assert any(must in each for each in strangers.taken), (must, strangers.taken)
    assert len(strangers.opened) == len(KINDS)
    assert strangers.read_everything() > 100_000
    check_files(strangers)
    check_messages(strangers)
    check_widths(strangers.site)


def check_files(strangers: Strangers) -> None:
    """A spreadsheet holds words and numbers alone, whoever takes it."""
    for by in (DISPATCHER, SUPERVISOR, HEAD):
        browser = strangers.browsers[by.staff_id]
        forms = forms_of(browser.get("/tickets?view=all").text)
        for form in forms:
            if not form.action.startswith("/tickets/lists/export."):
                continue
            answer = browser.post(form.action, form.fields)
            check(answer, form.action)
            rows = table(answer.body, form.action.rpartition(".")[2])
            assert len(rows) > 1
            for cell in (cell for row in rows for cell in row if isinstance(cell, str)):
                assert form.action.endswith("xlsx") or not cell.startswith(STARTS), cell


STARTS = tuple("=+-@\t\r\n＝＋－＠")


def table(octets: bytes, kind: str) -> list[list[object]]:
    """The cells of a file; AssertionError where one is a formula."""
    if kind == "csv":
        return list(map(list, csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""))))
    [sheet] = load_workbook(io.BytesIO(octets)).worksheets
    cells = [list(row) for row in sheet.iter_rows()]
    assert all(cell.data_type in ("s", "n", "d", "inlineStr") for row in cells for cell in row)
    return [[cell.value for cell in row] for row in cells]


def check_messages(strangers: Strangers) -> None:
    """Each message that leaves has the one recipient that it is for, and pages that do nothing."""
    sent = strangers.site.portal.carried()
    assert sent
    for each in sent:
        if each.channel is Channel.EMAIL:
            check_letter(each)
        else:
            assert json.loads(json.dumps({"to": each.to, "text": each.body}))["to"] == each.to


def check_letter(outgoing: Outgoing) -> None:
    octets = CARRIER.write(outgoing, "20261123010000000000-1").as_bytes()
    read = message_from_bytes(octets, policy=policy.default)
    assert read["to"] is not None
    assert [each.addr_spec for each in read["to"].addresses] == [outgoing.to]
    assert read["bcc"] is None
    assert len(read.get_all("subject") or ()) == 1
    for part in read.walk():
        if part.get_content_type() == "text/html":
            assert faults(part.get_content(), styled=True) == []


def check_widths(site: TicketSite) -> None:
    """Nothing is longer than its column, which SQLite does not mind and PostgreSQL does."""

    def too_long_txn(session: Session) -> list[str]:
        found = []
        for kept in Base.metadata.sorted_tables:
            for column in kept.columns:
                if isinstance(column.type, String) and column.type.length:
                    longest = session.scalar(select(func.max(func.length(column)))) or 0
                    if longest > column.type.length:
                        found.append(f"{kept.name}.{column.name} has {longest}")
        return found

    assert result_of(site.desk.database.read(too_long_txn)) == []
