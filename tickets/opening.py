"""All that the page of a ticket shows, looked up in one transaction.

Everything here but the values runs in the database thread.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cti.kernel.principal import Principal
from customers.repository import customer_txn
from tickets import repository
from tickets.attachments.model import Attached
from tickets.attachments.repository import attachments_txn
from tickets.clocks.sla import Timekeeper
from tickets.looks import Look, looks_txn
from tickets.mail.model import Mail
from tickets.mail.repository import mails_txn
from tickets.model import ReplyChannel
from tickets.premises import premises_of
from tickets.rare import Rare, rare_txn
from tickets.regulation.beside import Beside, beside_txn
from tickets.regulation.letters import Printed
from tickets.regulation.printing import printed_txn
from tickets.regulation.repeats import RepeatRules
from tickets.view import TicketView
from tickets.visibility import check_visible, concern_of


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a ticket is shown: the time limits, who carries replies, what a repeat is."""

    keeper: Timekeeper
    carried: frozenset[ReplyChannel]
    rules: RepeatRules


@dataclass(frozen=True, slots=True)
class Papers:
    """What lies beside a case, the oldest first: files, who looked at masked data, letters of
    either direction, letters and notices that were printed.
    """

    files: tuple[Attached, ...] = ()
    looks: tuple[Look, ...] = ()
    letters: tuple[Mail, ...] = ()
    printed: tuple[Printed, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket as somebody opens it."""

    view: TicketView
    papers: Papers
    beside: Beside
    news: bool
    """Something came in that they may not have looked at yet."""


def opened_txn(
    session: Session, terms: Terms, number: str, reader: Principal, now: datetime
) -> Opened | None:
    """The ticket for that reader; None for an unknown number, Refused where it is not for them."""
    rare = rare_txn(session, number, reader)
    view = _view_txn(session, terms.keeper, number, terms.carried, rare)
    if view is None:
        return None
    check_visible(reader, number, concern_of(view.case))
    return Opened(
        view,
        _papers_txn(session, number, rare),
        beside_txn(session, view.case, terms.rules, now, on_hold=Rare.HOLDS in rare),
        Rare.NEWS in rare,
    )


def view_txn(
    session: Session, keeper: Timekeeper, number: str, carried: frozenset[ReplyChannel]
) -> TicketView | None:
    """The ticket with its clocks, history and calls; None for an unknown number."""
    return _view_txn(session, keeper, number, carried, rare_txn(session, number))


def _view_txn(
    session: Session,
    keeper: Timekeeper,
    number: str,
    carried: frozenset[ReplyChannel],
    rare: Collection[Rare],
) -> TicketView | None:
    stored = repository.load_case_txn(session, number, rare=rare)
    if stored is None:
        return None
    departments = repository.departments_txn(session)
    customer_id = stored.case.draft.requester.customer_id
    within = repository.merged_txn(session, number) if Rare.MERGED in rare else ()
    merged = (view_txn(session, keeper, each, carried) for each in within)
    return TicketView(
        stored.case,
        stored.clocks,
        repository.history_txn(session, number),
        repository.calls_txn(session, number),
        departments,
        premises_of(stored.case, stored.clocks, departments, keeper, carried=carried),
        customer_txn(session, customer_id) if customer_id else None,
        tuple(each for each in merged if each is not None),
    )


def _papers_txn(session: Session, number: str, rare: Collection[Rare]) -> Papers:
    return Papers(
        attachments_txn(session, number) if Rare.FILES in rare else (),
        looks_txn(session, number) if Rare.LOOKS in rare else (),
        tuple(mails_txn(session, number)) if Rare.LETTERS in rare else (),
        printed_txn(session, number) if Rare.PRINTED in rare else (),
    )
