"""What of a ticket is counted: plain figures, frozen as acts are done, with nobody's name in them.

The figures of a quarter come from here and from nowhere else. A fact outlives the records it was
taken from: when these are deleted, the quarter they were counted in still adds up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from tickets.clocks.model import Clock, ClockEnd
from tickets.model import ANSWERED, ENDED, OPEN_STATES, Case, CaseState, Source, TicketKind
from tickets.regulation.codes import BUSINESS as BUSINESS_FIELD
from tickets.regulation.codes import CAUSE, PRODUCT, REGION, CodeBook, channel_of
from tickets.regulation.codes import CHANNEL as CHANNEL_FIELD
from tickets.regulation.fault import NO_SHARES, Shares, held
from tickets.regulation.matters import BRANCH
from tickets.workflow import ClockKind

DAY = timedelta(days=1)
_UNTOLD = OPEN_STATES - ANSWERED
_ENDED_UNTOLD = ENDED - {CaseState.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A ticket as it is counted. Codes are empty where nobody gave one."""

    number: TicketNumber
    kind: TicketKind
    received: datetime
    source: Source
    state: CaseState
    changed: datetime
    channel: str = ""
    channel_assumed: bool = False
    """Nobody said the channel: it follows from the source."""
    business: str = ""
    product: str = ""
    cause: str = ""
    region: str = ""
    branch: str = ""
    due: datetime | None = None
    """When the decision has to be told; the last period's where the matter was opened again.

    None while the period stands still: nobody is late in an appraisal.
    """
    told: datetime | None = None
    """When it was told."""
    missed: bool = False
    """A period ended before the customer was told, in any cycle."""
    days: int | None = None
    """Calendar days until it was first told, the day of receipt not counted."""
    extensions: int = 0
    repeats: TicketNumber | None = None
    """The earlier ticket of the same customer on the same matter."""
    ended: datetime | None = None
    about_staff: StaffId | None = None
    about_unit: DepartmentId | None = None
    shares: Shares = NO_SHARES
    """Whose time it was, until `changed`."""
    erased: bool = False
    """The records it was taken from are deleted."""

    def late(self, now: datetime) -> bool:
        """Whether a period ended before the customer was told.

        Of what has ended it is known: what of a merged ticket is counted where the matter goes on
        is not `missed` here.
        """
        over = self.due is not None and now > self.due
        return self.missed or (over and self.told is None and self.ended is None)


def first_fact(
    case: Case,
    clocks: Iterable[Clock],
    codes: CodeBook,
    zone: ZoneInfo,
    repeats: TicketNumber | None = None,
) -> Fact:
    """The fact of a ticket just registered."""
    fact = Fact(
        number=case.number,
        kind=case.draft.kind,
        received=case.received,
        source=case.draft.source,
        state=case.state,
        changed=case.opened,
        repeats=repeats,
    )
    return _as_it_is(fact, case, clocks, codes, zone)


def next_fact(
    fact: Fact,
    before: Case,
    after: Case,
    clocks: Iterable[Clock],
    codes: CodeBook,
    zone: ZoneInfo,
    at: datetime,
    cause: str = "",
) -> Fact:
    """The fact after an act at that instant; `cause` is what a department found, if it said so."""
    shares = fact.shares + held(before, fact.changed, at)
    moved = replace(fact, shares=shares, changed=at, cause=cause or fact.cause)
    return _as_it_is(moved, after, clocks, codes, zone)


def _as_it_is(
    fact: Fact, case: Case, clocks: Iterable[Clock], codes: CodeBook, zone: ZoneInfo
) -> Fact:
    details = case.draft.details
    decisions = [clock for clock in clocks if clock.kind is ClockKind.DECISION]
    # While it was of another kind, its customer was owed no such decision.
    decisions = [clock for clock in decisions if clock.calendar == decisions[-1].calendar]
    periods = [clock for clock in decisions if clock.end is not ClockEnd.CANCELLED]
    last = periods[-1] if periods else None
    told = list(_told(decisions, case))
    return replace(
        fact,
        kind=case.draft.kind,
        state=case.state,
        about_staff=case.draft.about_staff,
        about_unit=case.draft.about_unit,
        channel=channel_of(case.draft, codes),
        channel_assumed=not details.get(CHANNEL_FIELD),
        business=details.get(BUSINESS_FIELD, ""),
        product=details.get(PRODUCT, ""),
        cause=details.get(CAUSE, "") or fact.cause,
        region=details.get(REGION, ""),
        branch=_line(details, BRANCH),
        due=_due(last) if last else fact.due,
        told=told[-1] if told and case.state not in _UNTOLD else None,
        missed=any(clock.end is ClockEnd.MISSED for clock in periods),
        days=_days(case.received, told[0], zone) if told else None,
        extensions=max(fact.extensions, case.extensions),
        ended=case.ended if case.state in ENDED else None,
    )


def _told(decisions: Sequence[Clock], case: Case) -> Iterator[datetime]:
    """When a decision was told, period by period.

    A period that was over when the ticket was withdrawn, merged or begun anew was missed, and told
    nobody anything.
    """
    for period, later in zip_longest(decisions, decisions[1:]):
        at = period.stopped
        if at is None or period.end is ClockEnd.CANCELLED:
            continue
        ended = case.state in _ENDED_UNTOLD and at == case.ended
        begun_anew = later is not None and later.started < at
        if period.end is ClockEnd.MET or not (ended or begun_anew):
            yield at


def _due(period: Clock) -> datetime | None:
    return period.due if period.halted is None else None


def _line(details: Mapping[str, str], name: str) -> str:
    return " ".join(details.get(name, "").split())[:100]


def _days(received: datetime, told: datetime, zone: ZoneInfo) -> int:
    return (told.astimezone(zone).date() - received.astimezone(zone).date()) // DAY
