"""Everybody is told what is theirs, once, in their hours, of many things together."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cti.kernel.clock import utc
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.deferred import result_of
from tests.support.deliveries import UNKNOWN
from tests.support.telling import TellingDesk
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    HEAD,
    OFFICER,
    OTHER_OFFICER,
    SUPERVISOR,
    draft,
    local,
    office,
)
from tickets.delivery.model import Channel, Purpose
from tickets.delivery.schema import NoticeRow
from tickets.messages import add_message_txn, unread_txn
from tickets.model import Audience, MessageKind, Urgency
from tickets.schema import MessageRow
from tickets.workflow import Action


@pytest.fixture
def desk() -> TellingDesk:
    desk = TellingDesk()
    desk.start()
    return desk


def test_what_happens_in_between_is_told_together(desk: TellingDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(minutes=1)
    second = desk.register().number
    desk.act(second, Action.DISPATCH, DISPATCHER)
    assert len(desk.mails(OFFICER)) == 1  # at 9:00 sharp, when the day begins
    desk.advance(hours=2)
    assert [mail.purpose for mail in desk.mails(OFFICER)] == [Purpose.DIGEST] * 2
    assert desk.mails(OTHER_OFFICER) == []


def test_a_warning_of_the_night_is_told_at_opening(desk: TellingDesk) -> None:
    desk.clock.advance((local("2026-11-24 02:00") - utc(desk.clock)).total_seconds())
    before = len(desk.mails(OFFICER))
    message(desk, MessageKind.WARNING, Role.OFFICER)
    desk.advance(hours=6, minutes=59)
    assert len(desk.mails(OFFICER)) == before
    desk.advance(minutes=1)
    (mail,) = desk.mails(OFFICER)[before:]
    assert mail.purpose is Purpose.DIGEST
    assert "2026-11-24 02:00" in mail.body


def test_a_missed_deadline_of_an_urgent_ticket_is_told_at_once(desk: TellingDesk) -> None:
    desk.clock.advance((local("2026-11-24 02:00") - utc(desk.clock)).total_seconds())
    message(desk, MessageKind.BREACH, Role.OFFICER, Urgency.URGENT)
    (mail,) = desk.mails(OFFICER)
    assert mail.purpose is Purpose.ALARM
    assert "已超时" in mail.subject


def test_who_cannot_be_reached_reads_it_on_the_pages(desk: TellingDesk) -> None:
    desk.leave(OFFICER)
    message(desk, MessageKind.BREACH, Role.OFFICER, Urgency.URGENT)
    desk.advance(days=3)
    assert desk.mails(OFFICER) == []
    told = result_of(desk.database.run(unread_txn, OFFICER, 10))
    assert MessageKind.BREACH in {each.kind for each in told}


@pytest.mark.parametrize(
    ("to", "left", "heard"),
    [
        (Audience(Role.EXECUTIVE), EXECUTIVE, 1),
        (Audience(Role.HEAD, department_id=CARDS), HEAD, 1),
        (Audience(Role.AGENT, staff_id=AGENT.staff_id), AGENT, 1),
        (Audience(Role.AGENT, staff_id=AGENT.staff_id), EXECUTIVE, 0),
        (Audience(Role.SUPERVISOR), SUPERVISOR, 1),
    ],
)
def test_what_nobody_would_hear_the_supervisors_hear(
    desk: TellingDesk, to: Audience, left: Principal, heard: int
) -> None:
    number = desk.register().number
    desk.people = [each for each in desk.people if each.staff_id != left.staff_id]
    write = (number, to, MessageKind.ESCALATION, "answer", utc(desk.clock))
    result_of(desk.database.run(add_message_txn, *write))
    desk.teller.wake()
    own = result_of(desk.database.read(unread_txn, SUPERVISOR, 500))
    assert [each.subject for each in own].count("answer") == heard
    desk.advance(hours=1)
    mailed = any(number in mail.body for mail in desk.mails(SUPERVISOR))
    assert mailed is (heard == 1 and left is not SUPERVISOR)


def test_who_left_before_the_hour_is_not_waited_for(desk: TellingDesk) -> None:
    desk.advance(minutes=1)
    message(desk, MessageKind.WARNING, Role.OFFICER)
    desk.leave(OFFICER)
    desk.advance(days=3)
    assert desk.mails(OFFICER) == []
    assert waiting(desk) == 0


def test_after_a_downtime_the_next_hours_are_waited_for(desk: TellingDesk) -> None:
    desk.advance(minutes=1)
    message(desk, MessageKind.WARNING, Role.OFFICER)
    desk.teller.stop()
    desk.advance(hours=12)
    assert desk.mails(OFFICER) == []
    desk.start_again()
    desk.start()
    assert desk.mails(OFFICER) == []
    desk.advance(hours=11, minutes=59)
    assert len(desk.mails(OFFICER)) == 1


def test_neither_whom_a_complaint_is_about_nor_their_unit_is_told(desk: TellingDesk) -> None:
    desk.escalation.stop()
    about = replace(draft(), about_staff=OTHER_OFFICER.staff_id, about_unit=CARDS)
    number = desk.register(about).number
    for role in (Role.OFFICER, Role.HEAD, Role.SUPERVISOR):
        write(desk, number, MessageKind.BREACH, Audience(role))
    desk.advance(days=1)
    assert desk.mails(OTHER_OFFICER) == desk.mails(OFFICER) == desk.mails(HEAD) == []
    assert len(desk.mails(SUPERVISOR)) == 1


def test_a_mail_of_ours_that_never_arrives_is_not_mailed_about_again(desk: TellingDesk) -> None:
    desk.carrier.wrong = UNKNOWN
    number = desk.register().number
    desk.act(number, Action.SOLVE, AGENT)
    desk.advance(days=2)
    carried = len(desk.carrier.carried)
    assert carried
    desk.advance(days=5)
    assert len(desk.carrier.carried) == carried
    told = result_of(desk.database.run(unread_txn, DISPATCHER, 100))
    assert MessageKind.UNDELIVERED in {each.kind for each in told}


def test_the_bank_s_program_hears_of_alarms_at_once() -> None:
    desk = TellingDesk(programs=True)
    desk.start()
    desk.register()
    desk.advance(hours=2)
    programs = [each for _, each in desk.carrier.carried if each.channel is Channel.WEBHOOK]
    assert [each.subject for each in programs] == ["warning", "breach"]


def test_a_ladder_goes_up_step_by_step_and_stops_with_the_clock(desk: TellingDesk) -> None:
    number = desk.register(draft(urgency=Urgency.URGENT)).number
    desk.act(number, Action.INFORM, AGENT)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=1)
    assert "已超时 · 签收时限" in desk.mails(OFFICER)[-1].subject
    assert desk.mails(HEAD) == []
    desk.advance(hours=1)
    assert len([each for each in desk.mails(HEAD) if each.purpose is Purpose.ALARM]) == 1
    desk.act(number, Action.ACCEPT, OFFICER)
    before = len(desk.mails(SUPERVISOR))
    desk.advance(hours=4)
    assert all("签收" not in mail.subject for mail in desk.mails(SUPERVISOR)[before:])


OFFICE = office()
STEPS = st.lists(
    st.tuples(
        st.sampled_from(list(MessageKind)[:4]),
        st.sampled_from([Role.OFFICER, Role.HEAD, Role.SUPERVISOR, Role.DISPATCHER]),
        st.sampled_from(list(Urgency)),
        st.timedeltas(timedelta(0), timedelta(hours=20)),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(STEPS)
@settings(max_examples=5, deadline=None)
def test_nothing_is_lost_nothing_told_twice_and_nobody_woken_without_need(
    steps: list[tuple[MessageKind, Role, Urgency, timedelta, bool]],
) -> None:
    desk = TellingDesk()
    told: dict[int, list[object]] = {}
    desk.start()
    tickets = {urgency: desk.register(draft(urgency=urgency)).number for urgency in Urgency}
    desk.escalation.stop()  # what clocks do is another matter
    for kind, role, urgency, then, restarted in steps:
        write(desk, tickets[urgency], kind, Audience(role))
        if restarted:
            desk.start_again()
            desk.teller.start()
            desk.outbox.start()
        desk.advance(seconds=then.total_seconds())
    desk.advance(days=4)
    rows = result_of(desk.database.run(lambda session: list(session.scalars(select(NoticeRow)))))
    messages = result_of(
        desk.database.run(
            lambda session: {row.id: row for row in session.scalars(select(MessageRow))}
        )
    )
    assert all(row.told is not None and row.outbox_id is not None for row in rows)
    pairs = [(row.staff_id, row.message_id) for row in rows]
    assert len(set(pairs)) == len(pairs)
    assert {message_id for _, message_id in pairs} == set(messages)
    for row in rows:
        told.setdefault(row.outbox_id or 0, []).append(row)
        assert row.told is not None
        department = row.staff_id.endswith("cards") or row.staff_id.endswith("lending")
        if department and not row.pressing:
            assert OFFICE.is_open(row.told) or OFFICE.is_open(row.told - timedelta(seconds=1))
    assert len(set(desk.carrier.ids)) == len(desk.carrier.ids) == len(told)


def message(
    desk: TellingDesk, kind: MessageKind, role: Role, urgency: Urgency = Urgency.ORDINARY
) -> None:
    """One of a ticket that nobody works on."""
    desk.escalation.stop()
    number = desk.register(draft(urgency=urgency)).number
    write(desk, number, kind, Audience(role, CARDS))


def write(desk: TellingDesk, number: TicketNumber, kind: MessageKind, audience: Audience) -> None:
    subject = "dispatch" if kind is MessageKind.WORK else "accept"
    result_of(desk.database.run(add_message_txn, number, audience, kind, subject, utc(desk.clock)))
    desk.teller.wake()


def waiting(desk: TellingDesk) -> int:
    rows = result_of(
        desk.database.run(
            lambda session: session.scalars(
                select(NoticeRow).where(
                    NoticeRow.told.is_(None), NoticeRow.staff_id == OFFICER.staff_id
                )
            ).all()
        )
    )
    return len(rows)
