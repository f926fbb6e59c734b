"""A ticket as it is opened: all of it in one transaction, and nothing looked up in vain."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from twisted.internet.defer import Deferred

from cti.database import Base
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    MONDAY,
    OFFICER,
    SUPERVISOR,
    TicketDesk,
    draft,
    person,
)
from tickets.attachments.schema import AttachmentRow
from tickets.looks import LookRow
from tickets.mail.schema import MailRow
from tickets.messages import add_message_txn, looked_txn
from tickets.model import CUSTOMER, Audience, MessageKind, TicketKind
from tickets.opening import Opened
from tickets.rare import Rare, rare_txn
from tickets.regulation.schema import HoldRow, LetterRow
from tickets.schema import ExtensionRow, PauseRow
from tickets.workflow import Action

MOST_STATEMENTS = 12
"""That the page of a ticket may cost which has little beside it."""
BY = {"by": "agent", "by_name": "agent"}
ROWS: dict[Rare, Callable[[TicketNumber], Base]] = {
    Rare.PAUSES: lambda number: PauseRow(
        number=number, clock=1, serial=1, started=MONDAY, ended=MONDAY, ground="customer"
    ),
    Rare.EXTENSIONS: lambda number: ExtensionRow(
        number=number, clock=1, serial=1, at=MONDAY, added=60.0, by="supervisor"
    ),
    Rare.FILES: lambda number: AttachmentRow(
        number=number,
        digest="d" * 64,
        name="photo.png",
        media_type="image/png",
        size=9,
        way="upload",
        at=MONDAY,
        **BY,
    ),
    Rare.LOOKS: lambda number: LookRow(number=number, at=MONDAY, reason="call", **BY),
    Rare.LETTERS: lambda number: MailRow(
        fingerprint="f" * 64,
        number=number,
        direction="in",
        at=MONDAY,
        message_id="",
        in_reply_to="",
        sender="wang@example.com",
        sender_name="",
        recipient="",
        subject="",
        text="",
        quoted="",
        signature="",
        html="",
        opened=False,
        delivery="arrived",
        proof="",
    ),
    Rare.PRINTED: lambda number: LetterRow(
        number=number, kind="reply", language="zh", at=MONDAY, text="", sha256="", **BY
    ),
    Rare.HOLDS: lambda number: HoldRow(number=number, at=MONDAY, reason="court", **BY),
}


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk()


def opened(desk: TicketDesk, number: str, by: Principal = SUPERVISOR) -> Opened:
    return result_of(Deferred.fromCoroutine(desk.service.opened(by, number)))


def rare(desk: TicketDesk, number: str, by: Principal | None = None) -> frozenset[Rare]:
    return result_of(desk.database.read(rare_txn, number, by))


@pytest.mark.parametrize("kind", ROWS)
def test_what_few_tickets_have_is_noticed_where_it_is_and_nowhere_else(
    desk: TicketDesk, kind: Rare
) -> None:
    number, other = desk.register().number, desk.register().number
    assert rare(desk, number) == frozenset()
    result_of(desk.database.run(lambda session: session.add(ROWS[kind](number))))
    assert rare(desk, number) == {kind}
    assert rare(desk, other) == frozenset()


def test_merged_tickets_are_noticed_and_shown(desk: TicketDesk) -> None:
    number, other = desk.register().number, desk.register().number
    desk.act(other, Action.MERGE, DISPATCHER, {"into": number, "reason": "同一事项"})
    assert rare(desk, number) == {Rare.MERGED}
    assert [each.case.number for each in opened(desk, number).view.merged] == [other]


def test_what_is_opened_is_what_the_service_views(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER, {"department": CARDS, "text": "请核实"})
    desk.act(number, Action.ACCEPT, OFFICER)
    assert opened(desk, number).view == desk.view(number)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AGENT])
@pytest.mark.parametrize("department", [None, CARDS])
@pytest.mark.parametrize("subject", [Action.CONTACT.value, Action.NOTE.value])
@pytest.mark.parametrize(
    "to",
    [
        Audience(Role.OFFICER),
        Audience(Role.OFFICER, CARDS),
        Audience(Role.AGENT),
        Audience(Role.AGENT, staff_id=AGENT.staff_id),
        Audience(Role.AGENT, staff_id=OFFICER.staff_id),
    ],
)
def test_there_is_news_where_looking_would_note_it(
    desk: TicketDesk, role: Role, department: Any, subject: str, to: Audience
) -> None:
    number, by = desk.register().number, person(role, department, AGENT.staff_id)
    kind = MessageKind.WORK
    result_of(desk.database.run(add_message_txn, number, to, kind, subject, MONDAY))
    there = Rare.NEWS in rare(desk, number, by)
    assert there == result_of(desk.database.run(looked_txn, by, number))
    assert Rare.NEWS not in rare(desk, number, by), "looked at"


def test_nobody_opens_what_is_not_there_or_not_for_them(desk: TicketDesk) -> None:
    about = replace(draft(TicketKind.COMPLAINT), about_staff=StaffId("clerk"), about_unit=CARDS)
    number = desk.register(about).number
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        opened(desk, "26112300000")
    with pytest.raises(Refused):
        opened(desk, number, OFFICER)
    assert opened(desk, number).view.case.number == number


def test_opening_takes_few_statements_and_one_transaction(desk: TicketDesk) -> None:
    number = desk.register().number
    desk.act(number, Action.CONTACT, CUSTOMER, {"channel": "email", "text": "何时答复？"})
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    opened(desk, number)
    assert [each for each in statements if each.startswith("BEGIN")] in ([], ["BEGIN"])
    assert len(statements) <= MOST_STATEMENTS, statements
