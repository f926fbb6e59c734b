"""Acts in the database: one transaction each, which writes everything of it or nothing.

An act names the version it was based on and a request id. It writes the case, its clocks, their
alarms, one line of history and the messages together. Every function runs in the database thread.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, DepartmentId, StaffId, TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from customers.emails import normalise_email
from customers.model import Email
from customers.numbers import normalise
from customers.repository import customer_by_email_txn, customer_by_number_txn, keep_email_txn
from tickets import decide, repository
from tickets.attachments.model import Way, attachment_from
from tickets.attachments.repository import attach_txn
from tickets.clocks.model import Clock
from tickets.clocks.sla import Alarm, AlarmKind, Terms, Timekeeper
from tickets.decide import Outcome
from tickets.errors import Stale
from tickets.events import TicketEvent
from tickets.forms import slot_of
from tickets.guards import CARRIED
from tickets.happened import changed, rated, registered
from tickets.messages import add_message_txn
from tickets.model import (
    CUSTOMER,
    SYSTEM,
    Audience,
    Case,
    Department,
    Draft,
    HistoryEntry,
    MessageKind,
    Receipt,
    ReplyChannel,
)
from tickets.numbers import parse_number, ticket_number
from tickets.premises import form_terms, premises_of, waiting_since
from tickets.regulation.following import Follower
from tickets.repository import Stored
from tickets.search.index import touched_txn
from tickets.tasks import plan_reviews_txn
from tickets.workflow import Action, ClockKind

Departments = Mapping[DepartmentId, Department]


@dataclass(frozen=True, slots=True)
class Asked:
    """An act as it was asked for."""

    number: str
    action: Action
    fields: Mapping[str, str]
    by: Principal
    version: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a transaction made; no events for a repeated request."""

    receipt: Receipt
    events: tuple[TicketEvent, ...] = ()


def register_txn(
    session: Session,
    timekeeper: Timekeeper,
    follower: Follower,
    draft: Draft,
    by: Principal,
    request_id: str,
    at: datetime,
) -> Done:
    """Give the draft a number and start its clocks; Refused as by `decide.register`.

    A request that was answered before gets that answer again.
    """
    action = Action.REGISTER
    day = at.astimezone(timekeeper.calendars.hotline.timezone).date()
    # Taking the serial first makes whoever sends the same request at the same time wait here.
    serial = repository.next_serial_txn(session, day)
    answered = repository.receipt_txn(session, request_id, action.value, by.staff_id)
    if answered is not None:
        return Done(answered)
    terms = form_terms(timekeeper.calendars, at, follower.codes)
    known = _known_txn(session, draft)
    outcome = decide.register(known, ticket_number(day, serial), by, at, terms)
    case = outcome.case
    departments = repository.departments_txn(session)
    clocks = timekeeper.apply((), outcome.effects, _terms(case, departments, timekeeper, by), at)
    repository.add_case_txn(session, Stored(case, clocks))
    follower.registered_txn(session, case, clocks)
    _plan_txn(session, timekeeper, case.number, (), clocks, at)
    receipt = _record_txn(session, outcome, action, by, at, "draft", request_id)
    repository.remember_txn(session, request_id, action.value, by.staff_id, receipt)
    due = next(clock.due for clock in clocks if clock.kind is ClockKind.DECISION)
    return Done(receipt, (registered(case, due),))


def _known_txn(session: Session, draft: Draft) -> Draft:
    """The draft with the customer whose telephone number or e-mail address was given.

    So a customer has one record, and their level, by whatever way they come. Whom the call knows is
    not asked again; what nobody or more than one has says nothing. A letter's address says who it
    may be: that it is them is proven only where the address is known to be theirs, and the letter
    to come from it (`tickets.mail.proof`).
    """
    who = draft.requester
    if who.customer_id is not None:
        return draft
    address = normalise_email(who.contact)
    number = normalise(who.contact) if "@" not in who.contact else ""
    found = None
    if address:
        found = customer_by_email_txn(session, address)
    elif number:
        found = customer_by_number_txn(session, number)
    if found is None:
        return replace(draft, requester=replace(who, unproven=False))
    known = replace(
        who,
        customer_id=found.customer_id,
        service_level=found.service_level,
        unproven=bool(address)
        and (who.unproven or Email(address, verified=True) not in found.emails),
    )
    return replace(draft, requester=known)


def act_txn(
    session: Session,
    timekeeper: Timekeeper,
    follower: Follower,
    asked: Asked,
    at: datetime,
    carried: frozenset[ReplyChannel] = CARRIED,
    gone: Collection[StaffId] = (),
) -> Done:
    """Do that to the ticket, and to the one it is merged into.

    Refused (``ticket.unknown``, ``ticket.department_unknown``, ``ticket.request_reused``, and as by
    `decide.act`); `Stale` where others acted since. A request that was answered before gets that
    answer again.
    """
    locked = _lock_txn(session, asked)
    before = locked.get(asked.number)
    if before is None:
        raise Refused("ticket.unknown", number=asked.number)
    by, action = asked.by, asked.action
    answered = repository.receipt_txn(
        session, asked.request_id, action.value, by.staff_id, asked.number
    )
    if answered is not None:
        return Done(answered)
    if before.case.version != asked.version:
        changes = repository.history_txn(session, asked.number, after=asked.version)
        raise Stale(before.case.number, changes)
    target = next((each for each in locked.values() if each is not before), None)
    departments = repository.departments_txn(session)
    done = _Acting(session, timekeeper, follower, at, departments, carried, gone)
    receipt, event = done.act(before, asked, by, target)
    repository.remember_txn(session, asked.request_id, action.value, by.staff_id, receipt)
    if action is Action.RATE:
        return Done(receipt, (event, rated(event, asked.fields)))
    if action is not Action.MERGE or target is None:
        return Done(receipt, (event,))
    going_on = _going_on(before, target)
    absorbing = _absorbing(before, target.case, asked, going_on)
    _, absorbed = done.act(target, absorbing, SYSTEM, going_on=going_on)
    return Done(receipt, (event, absorbed))


@dataclass(frozen=True, slots=True)
class _Acting:
    """One act in its transaction."""

    session: Session
    timekeeper: Timekeeper
    follower: Follower
    at: datetime
    departments: Departments
    carried: frozenset[ReplyChannel]
    gone: Collection[StaffId]
    """Who works here no more: the dispatchers are told in their place."""

    def act(
        self,
        before: Stored,
        asked: Asked,
        may: Principal,
        target: Stored | None = None,
        going_on: Clock | None = None,
    ) -> tuple[Receipt, TicketEvent]:
        """Write the act and everything that follows from it; `may` is whose rights count.

        `target` is what the ticket is merged into, `going_on` the period that one takes over.
        """
        keeper, at, action = self.timekeeper, self.at, asked.action
        premises = premises_of(
            before.case,
            before.clocks,
            self.departments,
            keeper,
            target.case if target else None,
            self.carried,
        )
        terms = form_terms(keeper.calendars, at, self.follower.codes)
        outcome = decide.act(before.case, action, asked.fields, may, at, premises, terms)
        terms_of_clocks = replace(
            _terms(outcome.case, self.departments, keeper, asked.by, going_on),
            missed_here=_missed_here(before, target, at) if target else frozenset(),
        )
        clocks = keeper.apply(before.clocks, outcome.effects, terms_of_clocks, at)
        after = Stored(outcome.case, clocks)
        repository.save_case_txn(self.session, before, after)
        touched_txn(self.session, after.case, at)
        self.follower.changed_txn(
            self.session, before.case, after.case, clocks, action, outcome.fields, at
        )
        self._belongings(outcome, action, asked.by)
        _plan_txn(self.session, keeper, after.case.number, before.clocks, clocks, at)
        plan_reviews_txn(self.session, before.case, after.case)
        previous = before.case.state.value
        receipt = _record_txn(
            self.session, outcome, action, asked.by, at, previous, asked.request_id, self.gone
        )
        states = previous, after.case.state.value
        event = changed(after.case, action.value, asked.by.staff_id, at, states, outcome.serial)
        return receipt, event

    def _belongings(self, outcome: Outcome, action: Action, by: Principal) -> None:
        """Write down what belongs to the ticket from now on, or no longer: calls and files."""
        number, fields = outcome.case.number, outcome.fields
        match action:
            case Action.ATTACH:
                repository.attach_call_txn(self.session, number, CallId(fields["call"]), self.at)
            case Action.DETACH:
                call_id = CallId(fields["call"])
                if not repository.detach_call_txn(self.session, number, call_id):
                    raise Refused("ticket.call_not_attached")
            case Action.KEEP_EMAIL:
                customer_id = outcome.case.draft.requester.customer_id
                assert customer_id is not None, "the rule asks for it"
                if not keep_email_txn(self.session, customer_id, fields["email"]):
                    raise Refused("ticket.email_kept")
            case Action.ATTACH_FILE:
                way = Way.PORTAL if by == CUSTOMER else Way.PAGE
                attach_txn(self.session, number, attachment_from(fields), way, by, self.at)


def _lock_txn(session: Session, asked: Asked) -> dict[str, Stored]:
    """The tickets that the act is about, locked in the order of their numbers."""
    numbers = {asked.number}
    into = parse_number(asked.fields.get("into", "")) if asked.action is Action.MERGE else None
    if into is not None:
        numbers.add(into)
    found = {
        number: repository.load_case_txn(session, number, lock=True) for number in sorted(numbers)
    }
    return {number: stored for number, stored in found.items() if stored is not None}


def _going_on(before: Stored, target: Stored) -> Clock | None:
    """The period of the merged ticket, where it goes on: that of the earlier receipt holds.

    What was no complaint until now began no complaint's period, and one that was told is over.
    """
    own, theirs = _period(before), _period(target)
    same = before.case.draft.kind is target.case.draft.kind
    earlier = own and theirs and own.started < theirs.started
    return own if same and earlier else None


def _missed_here(before: Stored, target: Stored, at: datetime) -> frozenset[ClockKind]:
    """Whether the merged ticket's period was missed and the one in which it goes on is in time.

    Where that one is late as well, or takes this period over, one matter is not late twice.
    """
    if _going_on(before, target) is not None:
        return frozenset()
    theirs = _period(target)
    late = theirs is not None and theirs.overdue(at)
    return frozenset() if late else frozenset({ClockKind.DECISION})


def _period(stored: Stored) -> Clock | None:
    running = (each for each in stored.clocks if each.stopped is None)
    return next((each for each in running if each.kind is ClockKind.DECISION), None)


def _absorbing(before: Stored, target: Case, asked: Asked, going_on: Clock | None) -> Asked:
    """What the merger is for the ticket that goes on.

    Whoever handled the one has handled the other, and who waited for an answer there waits here.
    """
    case = before.case
    fields: dict[str, str] = {"merged": case.number}
    if case.handlers:
        fields["handlers"] = "\n".join(sorted(case.handlers))
    if going_on is not None:
        fields["since"] = going_on.started.isoformat()
        if case.extensions:
            fields["extensions"] = str(case.extensions)
    unanswered = waiting_since(before.clocks)
    if unanswered is not None:
        fields["unanswered"] = unanswered.isoformat()
    return replace(
        asked,
        number=target.number,
        action=Action.ABSORB,
        fields=fields,
        version=target.version,
    )


def _terms(
    case: Case,
    departments: Departments,
    keeper: Timekeeper,
    by: Principal,
    going_on: Clock | None = None,
) -> Terms:
    unknown = [each for each in case.dispatches if each.department_id not in departments]
    if unknown:
        raise Refused("ticket.department_unknown", department=unknown[0].department_id)
    slot = slot_of(case.draft, keeper.calendars.zone)
    return Terms(
        kind=case.draft.kind,
        urgency=case.draft.urgency,
        service_level=case.draft.requester.service_level,
        department_calendars={
            each.serial: departments[each.department_id].calendar for each in case.dispatches
        },
        lead=case.lead.serial if case.lead else None,
        slot=slot.start if slot else None,
        by=by.name,
        going_on=going_on,
    )


def _plan_txn(
    session: Session,
    timekeeper: Timekeeper,
    number: TicketNumber,
    before: tuple[Clock, ...],
    after: tuple[Clock, ...],
    at: datetime,
) -> None:
    session.flush()
    known = {clock.serial for clock in before}
    for clock in after:
        if clock not in before:
            alarms = timekeeper.alarms(clock)
            if clock.serial not in known:
                alarms = tuple(ahead(alarms, at))
            repository.plan_alarms_txn(session, number, clock.serial, alarms, at)


def ahead(alarms: Sequence[Alarm], at: datetime) -> Iterator[Alarm]:
    """The alarms of a clock that just began, perhaps as of an earlier receipt, or was moved.

    Of warnings whose instant is over the latest is told, and none once the deadline itself is over.
    """
    for place, alarm in enumerate(alarms, 1):
        over = any(later.due <= at for later in alarms[place : place + 1])
        if alarm.kind is not AlarmKind.WARNING or not over:
            yield alarm


def _record_txn(
    session: Session,
    outcome: Outcome,
    action: Action,
    by: Principal,
    at: datetime,
    previous: str,
    request_id: str,
    gone: Collection[StaffId] = (),
) -> Receipt:
    case = outcome.case
    order = case.dispatch(outcome.serial) if outcome.serial else None
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
            version=case.version,
            request_id=request_id,
            order_state=order.state.value if order else "",
        ),
    )
    for audience in outcome.tells:
        to = Audience(Role.DISPATCHER) if audience.staff_id in gone else audience
        add_message_txn(session, case.number, to, MessageKind.WORK, action.value, at)
    return Receipt(case.number, case.version, case.state)
