"""The ticket service: every act is one transaction, told to the house after its commit.

An act names the version it was based on (a stale one is refused and told what changed since) and
a request id (a repeated one gets the first answer again); `tickets.acting` writes it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock as TimeSource
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId, DepartmentId, StaffId, TicketNumber
from cti.kernel.ports import LetterSummary, OverdueTickets, SpokenMessage, TicketSummary
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets import repository
from tickets.acting import Asked, Done, act_txn, register_txn
from tickets.calendar.book import Pin
from tickets.clocks.rows import keep_policy_txn
from tickets.clocks.sla import Timekeeper
from tickets.guards import CARRIED
from tickets.messages import (
    Unread,
    looked_txn,
    read_txn,
    remind_txn,
    told_since_txn,
    unread_count_txn,
    unread_txn,
)
from tickets.model import (
    VOICEMAIL,
    Audience,
    Department,
    Draft,
    Message,
    MessageKind,
    Receipt,
)
from tickets.numbers import parse_number
from tickets.of_customer import Affairs, affairs_txn, letters_of_txn
from tickets.opening import Opened, Terms, opened_txn, view_txn
from tickets.regulation.following import Follower
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
from tickets.view import TicketView
from tickets.visibility import Reader, check_visible, concern_of
from tickets.voicemail import draft_of, request_of
from tickets.workflow import Action

MESSAGES_SHOWN = 100
LONGEST_SUBJECT = 32
REMINDED_EVERY = timedelta(days=7)

Beside = Callable[[Session, Asked, datetime], None]
"""Writes what belongs to an act, such as the letter by which a reply goes out.

A registration is such an act too: its fields are empty, and the ticket has its number.
"""


class TicketService:
    """Registers tickets, acts on them and answers questions about them.

    It is the `TicketPort` and the `MessagePort` of the house.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: TimeSource,
        timekeeper: Timekeeper,
        follower: Follower | None = None,
        gone: Callable[[], Collection[StaffId]] = frozenset,
        unit_of: Callable[[StaffId], DepartmentId | None] = lambda _: None,
    ) -> None:
        """`gone` tells who works here no more: the dispatchers hear of what was theirs.

        `unit_of` tells with whom somebody works, who hear of no complaint about one of them.
        """
        self._gone, self._unit_of = gone, unit_of
        self._database = database
        self._bus = bus
        self._clock = clock
        self.timekeeper = timekeeper
        self.follower = follower or Follower(timekeeper.calendars.zone)
        self.lists = ListService(database, clock)
        self._clocks_changed: Callable[[], None] = lambda: None
        self._beside: list[Beside] = []
        self._pin: Pin | None = None
        self.carried = CARRIED
        """By what the house itself reaches customers: nobody vouches for that by hand."""

    def write_beside_txn(self, beside: Beside) -> None:
        """Call `beside` in the transaction of each act: what it refuses does not happen.

        Those who asked are called in the order in which they did, after the act itself is written.
        """
        self._beside.append(beside)

    def go_by(self, pin: Pin) -> None:
        """Reckon each act by the calendars that `pin` gives its transaction."""
        self._pin = pin

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

    async def seen_by(self, principal: Principal, number: str) -> TicketView:
        """The ticket; Refused when there is none of that number, or none for this person."""
        view = await self.view(number)
        if view is None:
            raise Refused("ticket.unknown", number=number)
        check_visible(principal, number, concern_of(view.case))
        return view

    async def opened(self, principal: Principal, number: str) -> Opened:
        """The ticket with all that its page shows; Refused as by `seen_by`."""
        terms = Terms(self.timekeeper, self.carried, self.follower.rules)
        found = await self._database.read(opened_txn, terms, number, principal, self._now())
        if found is None:
            raise Refused("ticket.unknown", number=number)
        return found

    def somebody_told(self) -> None:
        """A message was written beside all acts: whoever brings messages looks now."""
        self._clocks_changed()

    def remind_of_calendar(self, name: str) -> Deferred[None]:
        """Tell the supervisors, once a week, that the working calendar lacks holidays."""
        to, subject = Audience(Role.SUPERVISOR), name[:LONGEST_SUBJECT]
        kind, every = MessageKind.CALENDAR, REMINDED_EVERY
        told = self._database.run(remind_txn, to, kind, subject, self._now(), every)
        return told.addCallback(lambda new: self._clocks_changed() if new else None)

    def register(self, draft: Draft, principal: Principal, request_id: str) -> Deferred[Receipt]:
        """Give the draft a number and start its clocks.

        Refused (``access.role_missing``, ``ticket.field_missing``, ``ticket.field_too_long``).
        """
        return self._done(self._register_txn, draft, principal, request_id, self._now())

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
        ``ticket.request_reused``, ``ticket.department_unknown``; `Stale` when others acted since.
        """
        asked = Asked(number, action, fields, principal, version, request_id)
        return self._done(self._act_txn, asked, self._now(), self._gone())

    def view(self, number: str) -> Deferred[TicketView | None]:
        """The ticket with its clocks, history and calls; None for an unknown number."""
        return self._database.read(view_txn, self.timekeeper, number, self.carried)

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

    def unread(self, people: Collection[Principal]) -> Deferred[dict[StaffId, Unread]]:
        """How much each of them has not looked at."""

        def count_txn(session: Session) -> dict[StaffId, Unread]:
            return {each.staff_id: unread_count_txn(session, each) for each in people}

        return self._database.read(count_txn)

    def told_since(self, last: int | None) -> Deferred[tuple[int, list[Audience]]]:
        """See `tickets.messages.told_since_txn`."""
        return self._database.read(told_since_txn, last)

    def looked(self, principal: Principal, number: str) -> Deferred[bool]:
        """The person looks at the ticket; whether anything there was unread until now."""
        return self._database.run(looked_txn, principal, number)

    def find(self, number: str) -> Deferred[TicketSummary | None]:
        """The ticket of a number as keyed or typed; None if it cannot be one or is unknown."""
        parsed = parse_number(number)
        if parsed is None:
            nothing: Deferred[TicketSummary | None] = Deferred()
            nothing.callback(None)
            return nothing
        return self._database.read(summary_txn, parsed, self._now())

    def open_tickets(
        self, customer_id: CustomerId, reader: StaffId, unit: DepartmentId | None = None
    ) -> Deferred[list[TicketSummary]]:
        """See `TicketPort`; `unit` is the reader's, where that is known already."""
        by = Reader(reader, unit or self._unit_of(reader))
        return self._database.read(open_of_customer_txn, customer_id, by, self._now())

    def letters_of(
        self, customer_id: CustomerId, reader: StaffId, limit: int
    ) -> Deferred[list[LetterSummary]]:
        """See `TicketPort`."""
        by = Reader(reader, self._unit_of(reader))
        return self._database.read(letters_of_txn, customer_id, by, limit)

    def affairs(self, customer_id: CustomerId, reader: Principal) -> Deferred[Affairs | None]:
        """All that the customer has to do with tickets, as far as that is the reader's to know."""
        return self._database.read(affairs_txn, customer_id, reader)

    def overdue(self, longest: int) -> Deferred[OverdueTickets]:
        """See `TicketPort`."""
        return self._database.read(overdue_txn, self._now(), longest)

    def _now(self) -> datetime:
        return utc(self._clock)

    def _register_txn(
        self, session: Session, draft: Draft, by: Principal, request_id: str, at: datetime
    ) -> Done:
        keeper = self._keeper_txn(session, (), at)
        done = register_txn(session, keeper, self.follower, draft, by, request_id, at)
        receipt = done.receipt
        asked = Asked(receipt.number, Action.REGISTER, {}, by, receipt.version, request_id)
        return self._with_beside_txn(session, done, asked, at)

    def _act_txn(
        self, session: Session, asked: Asked, at: datetime, gone: Collection[StaffId]
    ) -> Done:
        numbers = filter(None, (asked.number, parse_number(asked.fields.get("into", ""))))
        keeper = self._keeper_txn(session, sorted(set(numbers)), at)
        done = act_txn(session, keeper, self.follower, asked, at, self.carried, gone)
        return self._with_beside_txn(session, done, asked, at)

    def _keeper_txn(self, session: Session, numbers: Collection[str], at: datetime) -> Timekeeper:
        if self._pin is None:
            return self.timekeeper
        return replace(self.timekeeper, calendars=self._pin(session, numbers, at))

    def _with_beside_txn(self, session: Session, done: Done, asked: Asked, at: datetime) -> Done:
        if done.events:
            for beside in self._beside:
                beside(session, asked, at)
        return done

    def _done(self, transaction: Callable[..., Done], *args: object) -> Deferred[Receipt]:
        return self._database.run(transaction, *args).addCallback(self._tell)

    def _tell(self, done: Done) -> Receipt:
        for event in done.events:
            self._bus.publish(event)
        if done.events:
            self._clocks_changed()
        return done.receipt
