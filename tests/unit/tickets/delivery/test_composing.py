"""What people and programs read."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.vocabulary import Language, Role
from cti.web.texts import Texts
from tests.support.tickets import CARDS, MONDAY, SHANGHAI, local
from tickets.delivery.composing import MOST_LINES, Composer
from tickets.delivery.model import Channel, Purpose
from tickets.delivery.notices import Line
from tickets.delivery.people import Recipient
from tickets.model import Audience, MessageKind, TicketKind, Urgency

NUMBER = TicketNumber("26112300012")
MISSED = Line(
    MONDAY,
    MessageKind.BREACH,
    "accept",
    late=True,
    due=local("2026-11-23 08:50"),
    number=NUMBER,
    ticket=TicketKind.COMPLAINT,
    urgency=Urgency.URGENT,
    state="in_progress",
)
OFFICER = Recipient(
    StaffId("o1"), "谢<婷>", frozenset({Role.OFFICER}), Language.CHINESE, CARDS, "o1@bank.example"
)


def composer(site: str = "") -> Composer:
    texts = Texts()
    texts.add(Path(__file__).parents[4] / "tickets" / "web" / "locales")
    return Composer(texts.text, SHANGHAI, site)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        (Language.CHINESE, "工单提醒：已超时 · 签收时限 26112300012", ("补发", "当前状态：办理中")),
        (
            Language.ENGLISH,
            "Ticket: Deadline missed · Acceptance 26112300012",
            ("told late", "now: In progress"),
        ),
    ],
)
def test_in_the_reader_s_language(language: Language, subject: str, words: tuple[str, ...]) -> None:
    mail = composer("https://hotline.bank.example/").to_person(
        replace(OFFICER, language=language), [MISSED], Purpose.ALARM
    )
    assert (mail.channel, mail.to, mail.subject) == (Channel.EMAIL, OFFICER.email, subject)
    assert mail.number == NUMBER
    assert mail.html is not None
    for each in (*words, "2026-11-23 08:50", "https://hotline.bank.example/tickets/26112300012"):
        assert each in mail.body, each
    assert mail.headers == {"Auto-Submitted": "auto-generated"}


def test_names_cannot_become_markup() -> None:
    mail = composer().to_person(OFFICER, [MISSED], Purpose.DIGEST)
    assert mail.html is not None
    assert "谢&lt;婷&gt;" in mail.html
    assert "谢<婷>" in mail.body
    assert "href" not in mail.html


def test_what_was_missed_stands_first_and_the_rest_is_counted() -> None:
    work = replace(MISSED, kind=MessageKind.WORK, subject="dispatch", late=False, due=None)
    lines = [work] * (MOST_LINES + 5) + [MISSED]
    mail = composer().to_person(OFFICER, lines, Purpose.DIGEST)
    assert mail.subject == f"工单汇总：{MOST_LINES + 6} 条，其中 1 条已超时"
    assert "1. 已超时 · 签收时限" in mail.body
    assert f"{MOST_LINES}. " in mail.body
    assert f"{MOST_LINES + 1}. " not in mail.body
    assert "另有 6 条" in mail.body


def test_a_message_without_a_ticket_is_written_too() -> None:
    line = Line(MONDAY, MessageKind.UNDELIVERED, "reply")
    mail = composer().to_person(OFFICER, [line], Purpose.DIGEST)
    assert (mail.subject, mail.number) == ("工单提醒：未送达 · 答复客户", None)


SUBJECTS = {
    MessageKind.WORK: "dispatch",
    MessageKind.UNDELIVERED: "reply",
    MessageKind.CALENDAR: "office",
    MessageKind.GUESSING: "139****9000",
    MessageKind.STUCK: "alarm",
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(MessageKind))
def test_there_are_words_for_every_kind(kind: MessageKind, language: Language) -> None:
    line = Line(MONDAY, kind, SUBJECTS.get(kind, "decision"))
    mail = composer().to_person(replace(OFFICER, language=language), [line], Purpose.DIGEST)
    assert mail.subject
    assert mail.html is not None


def test_a_program_reads_names_and_instants() -> None:
    audience = Audience(Role.OFFICER, CARDS)
    outgoing = composer().to_program(MISSED, audience)
    assert (outgoing.channel, outgoing.number) == (Channel.WEBHOOK, NUMBER)
    assert json.loads(outgoing.body) == {
        "event": "ticket.breach",
        "ticket": "26112300012",
        "kind": "complaint",
        "urgency": "urgent",
        "state": "in_progress",
        "clock": "accept",
        "at": "2026-11-23T01:00:00+00:00",
        "due": "2026-11-23T00:50:00+00:00",
        "late": True,
        "role": "officer",
        "department": "cards",
    }


def test_a_calendar_that_lacks_something_is_told_with_the_way_to_its_page() -> None:
    lacks = Line(MONDAY, MessageKind.CALENDAR, "office")
    mail = composer("https://hotline.bank.example/").to_person(OFFICER, [lacks], Purpose.DIGEST)
    assert mail.html is not None
    for text in (mail.body, mail.html):
        assert "https://hotline.bank.example/calendar?calendar=office" in text
