"""The ticket service: every act is one transaction, told to the house after its commit.

An act names the version it was based on (a stale one is refused) and a request id (a repeated
one gets the first answer again). It writes the case, its clocks, their alarms, one line of
history and the messages together, or nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock as TimeSource
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, CustomerId, DepartmentId, TicketNumber
from cti.kernel.ports import SpokenMessage, TicketSummary
from cti.kernel.principal import Principal
from tickets import decide, repository
from tickets.clocks.rows import keep_policy_txn
from tickets.clocks.sla import Clock, Terms, Timekeeper
from tickets.decide import Outcome
from tickets.events import TicketChanged, TicketEvent, TicketRegistered
from tickets.messages import add_message_txn, read_txn, unread_txn
from tickets.model import (
    CallLink,
    Case,
    Department,
    Draft,
    HistoryEntry,
    Message,
    MessageKind,
    Receipt,
)
from tickets.numbers import parse_number, ticket_number
from tickets.repository import Stored
from tickets.search.finding import Query
from tickets.search.lines import (
    Line,
    Page,
    line_txn,
    open_of_customer_txn,
    overdue_txn,
    search_txn,
    summary_txn,
)
from tickets.search.service import ListService
from tickets.voicemail import VOICEMAIL, draft_of, request_of
from tickets.workflow import Action, ClockKind

MESSAGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket with all that its page shows."""

    case: Case
    clocks: tuple[Clock, ...]
    history: tuple[HistoryEntry, ...]
    calls: tuple[CallLink, ...]
    departments: Mapping[DepartmentId, Department]


@dataclass(frozen=True, slots=True)
class _Done:
    """What a transaction made; no event for a repeated request."""

    receipt: Receipt
    event: TicketEvent | None


class TicketService:
    """Registers tickets, acts on them and answers questions about them.

    It is the `TicketPort` and the `MessagePort` of the house.
    """

    def __init__(
        self, database: Database, bus: Bus, clock: TimeSource, timekeeper: Timekeeper
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self.timekeeper = timekeeper
        self.lists = ListService(database, clock)
        self._clocks_changed: Callable[[], None] = lambda: None

    def on_clocks_changed(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that may have moved a deadline."""
        self._clocks_changed = wake

    def prepare(self) -> Deferred[None]:
        """Keep the policy's text if it is new; ConfigurationError for a calendar nobody wrote."""

        def each_exists(departments: Mapping[DepartmentId, Department]) -> None:
            for department in departments.values():
                self.timekeeper.calendars.named(department.calendar)

        kept = self._database.run(keep_policy_txn, self.timekeeper.policy, self._now())
        return kept.addCallback(lambda _: self.departments()).addCallback(each_exists)

    def register(self, draft: Draft, principal: Principal, request_id: str) -> Deferred[Receipt]:
        """Give the draft a number and start its clocks.

        Refused (``access.role_missing``, ``ticket.field_missing``, ``ticket.field_too_long``).
        """
        return self._done(
            partial(_register_txn, self.timekeeper, draft, principal, request_id, self._now())
        )

    def take_message(self, message: SpokenMessage) -> Deferred[TicketNumber]:
        """See `MessagePort`."""
        done = self.register(draft_of(message), VOICEMAIL, request_of(message))
        return done.addCallback(lambda receipt: receipt.number)

    def act(
        self,
        number: str,
        action: Action,
        fields: Mapping[str, str],
        principal: Principal,
        version: int,
        request_id: str,
    ) -> Deferred[Receipt]:
        """Do that to the ticket; `version` is the one the person saw.

        Refused when the workflow says no (see `tickets.decide`), or with ``ticket.unknown``,
        ``ticket.stale``, ``ticket.request_reused``, ``ticket.department_unknown``.
        """
        asked = _Asked(number, action, fields, principal, version, request_id)
        return self._done(partial(_act_txn, self.timekeeper, asked, self._now()))

    def view(self, number: str) -> Deferred[TicketView | None]:
        """The ticket with its clocks, history and calls; None for an unknown number."""
        return self._database.read(_view_txn, number)

    def search(self, query: Query) -> Deferred[Page]:
        """The page of tickets that the query asks for, the most pressing first."""
        return self._database.read(search_txn, query, self._now())

    def line(self, number: TicketNumber) -> Deferred[Line | None]:
        """One ticket as a line of a list."""
        return self._database.read(line_txn, number, self._now())

    def departments(self) -> Deferred[dict[DepartmentId, Department]]:
        """Every department by its id."""
        return self._database.read(repository.departments_txn)

    def messages(self, principal: Principal) -> Deferred[list[Message]]:
        """The person's unread messages, the newest first."""
        return self._database.read(unread_txn, principal, MESSAGES_SHOWN)

    def mark_read(self, principal: Principal, message_ids: Collection[int]) -> Deferred[None]:
        """The person has read those of their messages."""
        return self._database.run(read_txn, principal, message_ids)

    def find(self, number: str) -> Deferred[TicketSummary | None]:
        """The ticket of a number as keyed or typed; None if it cannot be one or is unknown."""
        parsed = parse_number(number)
        if parsed is None:
            nothing: Deferred[TicketSummary | None] = Deferred()
            nothing.callback(None)
            return nothing
        return self._database.read(summary_txn, parsed, self._now())

    def open_tickets(self, customer_id: CustomerId) -> Deferred[list[TicketSummary]]:
        """The customer's open tickets, the latest first."""
        return self._database.read(open_of_customer_txn, customer_id, self._now())

    def overdue(self) -> Deferred[list[TicketSummary]]:
        """Every overdue ticket, the longest overdue first; due is the deadline missed."""
        return self._database.read(overdue_txn, self._now())

    def _now(self) -> datetime:
        return utc(self._clock)

    def _done(self, transaction: Callable[[Session], _Done]) -> Deferred[Receipt]:
        return self._database.run(transaction).addCallback(self._tell)

    def _tell(self, done: _Done) -> Receipt:
        if done.event is not None:
            self._bus.publish(done.event)
            self._clocks_changed()
        return done.receipt


@dataclass(frozen=True, slots=True)
class _Asked:
    """An act as it was asked for."""

    number: str
    action: Action
    fields: Mapping[str, str]
    by: Principal
    version: int
    request_id: str


def _register_txn(
    timekeeper: Timekeeper,
    draft: Draft,
    by: Principal,
    request_id: str,
    at: datetime,
    session: Session,
) -> _Done:
    action = Action.REGISTER
    day = at.astimezone(timekeeper.calendars.hotline.timezone).date()
    # Taking the serial first makes whoever sends the same request at the same time wait here.
    serial = repository.next_serial_txn(session, day)
    answered = repository.receipt_txn(session, request_id, action.value, by.staff_id)
    if answered is not None:
        return _Done(answered, None)
    outcome = decide.register(draft, ticket_number(day, serial), by, at)
    case = outcome.case
    clocks = timekeeper.apply((), outcome.effects, _terms(session, case), at)
    repository.add_case_txn(session, Stored(case, clocks))
    _plan_txn(session, timekeeper, case.number, (), clocks)
    receipt = _record_txn(session, outcome, Action.REGISTER, by, at, previous="draft")
    repository.remember_txn(session, request_id, action.value, by.staff_id, receipt)
    due = next(clock.due for clock in clocks if clock.kind is ClockKind.DECISION)
    return _Done(receipt, _registered(case, due))


def _act_txn(timekeeper: Timekeeper, asked: _Asked, at: datetime, session: Session) -> _Done:
    before = repository.load_case_txn(session, asked.number, lock=True)
    if before is None:
        raise Refused("ticket.unknown", number=asked.number)
    by, action = asked.by, asked.action
    answered = repository.receipt_txn(
        session, asked.request_id, action.value, by.staff_id, asked.number
    )
    if answered is not None:
        return _Done(answered, None)
    if before.case.version != asked.version:
        raise Refused("ticket.stale", number=asked.number)
    outcome = decide.act(before.case, action, asked.fields, by, at)
    terms = _terms(session, outcome.case)
    after = Stored(outcome.case, timekeeper.apply(before.clocks, outcome.effects, terms, at))
    repository.save_case_txn(session, before, after)
    if action is Action.ATTACH:
        call_id = CallId(outcome.fields["call"])
        repository.attach_call_txn(session, after.case.number, call_id, at)
    _plan_txn(session, timekeeper, after.case.number, before.clocks, after.clocks)
    receipt = _record_txn(session, outcome, action, by, at, previous=before.case.state.value)
    repository.remember_txn(session, asked.request_id, action.value, by.staff_id, receipt)
    dispatch = after.case.dispatch(outcome.serial) if outcome.serial else None
    event = TicketChanged(
        at=at,
        number=after.case.number,
        action=action.value,
        previous=before.case.state.value,
        state=after.case.state.value,
        by=by.staff_id,
        department_id=dispatch.department_id if dispatch else None,
    )
    return _Done(receipt, event)


def _terms(session: Session, case: Case) -> Terms:
    departments = repository.departments_txn(session)
    unknown = [each for each in case.dispatches if each.department_id not in departments]
    if unknown:
        raise Refused("ticket.department_unknown", department=unknown[0].department_id)
    return Terms(
        kind=case.draft.kind,
        urgency=case.draft.urgency,
        service_level=case.draft.requester.service_level,
        department_calendars={
            each.serial: departments[each.department_id].calendar for each in case.dispatches
        },
    )


def _plan_txn(
    session: Session,
    timekeeper: Timekeeper,
    number: TicketNumber,
    before: tuple[Clock, ...],
    after: tuple[Clock, ...],
) -> None:
    session.flush()
    for clock in after:
        if clock not in before:
            repository.plan_alarms_txn(session, number, clock.serial, timekeeper.alarms(clock))


def _record_txn(
    session: Session, outcome: Outcome, action: Action, by: Principal, at: datetime, previous: str
) -> Receipt:
    case = outcome.case
    repository.add_history_txn(
        session,
        case.number,
        HistoryEntry(
            at=at,
            by=by.staff_id,
            by_name=by.name,
            action=action.value,
            previous=previous,
            state=case.state.value,
            dispatch=outcome.serial,
            fields=outcome.fields,
        ),
    )
    for audience in outcome.tells:
        add_message_txn(session, case.number, audience, MessageKind.WORK, action.value, at)
    return Receipt(case.number, case.version, case.state)


def _registered(case: Case, due: datetime) -> TicketRegistered:
    draft = case.draft
    return TicketRegistered(
        at=case.opened,
        number=case.number,
        type=draft.kind.value,
        urgency=draft.urgency.value,
        opened_by=case.opened_by,
        due=due,
        call_id=draft.call_id,
        customer_id=draft.requester.customer_id,
    )


def _view_txn(session: Session, number: str) -> TicketView | None:
    stored = repository.load_case_txn(session, number)
    if stored is None:
        return None
    return TicketView(
        stored.case,
        stored.clocks,
        repository.history_txn(session, number),
        repository.calls_txn(session, number),
        repository.departments_txn(session),
    )
