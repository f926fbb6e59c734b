"""What happened to tickets, as the house is told of it: after an act, or again by the history.

Events go out after the commit of what they tell. A server that dies in between leaves acts and
alarms of which the journal knows nothing; the next one finds them in the history and makes their
events again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.events import Event
from cti.kernel.identifiers import DepartmentId, StaffId, TicketNumber
from cti.kernel.vocabulary import Role
from tickets.acts import Action, ClockKind
from tickets.alarms import Fired, event_of
from tickets.clocks.model import AlarmKind
from tickets.events import (
    DeadlineBreached,
    DeadlineWarned,
    LetterEvent,
    TicketChanged,
    TicketEscalated,
    TicketEvent,
    TicketRated,
    TicketRegistered,
)
from tickets.forms import YES_NO
from tickets.mail.retelling import untold_letters_txn
from tickets.model import Case
from tickets.repository import Stored, load_case_txn
from tickets.schema import HistoryRow

AT_ONCE = 500
"""Lines of history read at a time."""
MOST = 20_000
"""Lines of history that are looked through."""
SHORTLY = timedelta(minutes=10)
ALARMS = frozenset(each.value for each in AlarmKind)
RATED = "rated"

Key = tuple[object, ...]


# --- events of acts -------------------------------------------------------------------------


def registered(case: Case, due: datetime) -> TicketRegistered:
    """The ticket exists; `due` is when its decision is."""
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
        confidential=confidential(case),
    )


def changed(
    case: Case, action: str, by: StaffId, at: datetime, states: tuple[str, str], order: int | None
) -> TicketChanged:
    """That act; `states` of the case are before and after it, `order` is the dispatch's serial."""
    dispatch = case.dispatch(order) if order else None
    previous, state = states
    return TicketChanged(
        at=at,
        number=case.number,
        action=action,
        previous=previous,
        state=state,
        by=by,
        department_id=DepartmentId(dispatch.department_id) if dispatch else None,
        confidential=confidential(case),
    )


def rated(event: TicketEvent, fields: Mapping[str, str]) -> TicketRated:
    """What an act that rates the answer is beside its change."""
    solved = fields.get("solved", "")
    return TicketRated(
        at=event.at,
        number=event.number,
        score=int(fields["score"]),
        solved=solved == YES_NO[0] if solved else None,
        confidential=event.confidential,
    )


def confidential(case: Case) -> bool:
    """Whether it is a complaint about staff."""
    return case.draft.about_staff is not None or case.draft.about_unit is not None


# --- what nobody was told -------------------------------------------------------------------


def untold_txn(
    session: Session, since: datetime | None, told: Iterable[Event]
) -> list[TicketEvent | LetterEvent]:
    """The events since then, in their order, that are not among those `told` since then.

    None, where nothing was ever told: since shortly before the last of them.
    """
    known = list(told)
    letters = untold_letters_txn(session, since, known)
    tickets = _of_tickets_txn(session, since, known)
    return sorted([*tickets, *letters], key=lambda event: event.at)


def _of_tickets_txn(
    session: Session, since: datetime | None, told: Iterable[Event]
) -> list[TicketEvent]:
    if since is None:
        newest = session.scalar(select(HistoryRow.at).order_by(HistoryRow.id.desc()).limit(1))
        if newest is None:
            return []
        since = newest - SHORTLY
    known = Counter(_key(event) for event in told if isinstance(event, TicketEvent))
    untold: list[TicketEvent] = []
    for row in reversed(list(_lines_txn(session, since))):
        missing = []
        for key in _keys(row):
            if known[key]:
                known[key] -= 1
            else:
                missing.append(key)
        if missing:
            untold += [each for each in _events_txn(session, row) if _key(each) in missing]
    return untold


def _lines_txn(session: Session, since: datetime) -> Iterator[HistoryRow]:
    """The lines of history since then, the newest first."""
    newest = select(HistoryRow).order_by(HistoryRow.id.desc()).limit(AT_ONCE)
    rows = session.scalars(newest).all()
    for _ in range(MOST // AT_ONCE):
        yield from (row for row in rows if row.at >= since)
        if not rows or rows[-1].at < since:
            return
        rows = session.scalars(newest.where(HistoryRow.id < rows[-1].id)).all()


def _events_txn(session: Session, row: HistoryRow) -> list[TicketEvent]:
    """All that this line of history was told as."""
    if row.action in ALARMS:
        return [event_of(_fired(row), row.at)]
    stored = load_case_txn(session, row.number)
    if stored is None:
        return []
    case = stored.case
    if row.action == Action.REGISTER.value:
        return [registered(case, _decision(stored))]
    states = row.previous, row.state
    event = changed(case, row.action, StaffId(row.by), row.at, states, row.dispatch)
    if row.action == Action.RATE.value:
        return [event, rated(event, row.fields)]
    return [event]


def _decision(stored: Stored) -> datetime:
    return next(each.due for each in stored.clocks if each.kind is ClockKind.DECISION)


def _fired(row: HistoryRow) -> Fired:
    due = datetime.fromisoformat(row.fields["due"])
    return Fired(
        number=TicketNumber(row.number),
        kind=AlarmKind(row.action),
        level=int(row.fields["level"]),
        clock=ClockKind(row.fields["clock"]),
        clock_due=due,
        due=due,
        to=Role(row.fields["to"]),
        late="late" in row.fields,
        moved="moved" in row.fields,
    )


def _keys(row: HistoryRow) -> list[Key]:
    """What its events are known by, see `_key`."""
    number, fields = row.number, row.fields
    match row.action:
        case AlarmKind.ESCALATION.value:
            return [(number, row.action, int(fields["level"]), fields["to"])]
        case action if action in ALARMS:
            return [(number, action, fields["clock"], datetime.fromisoformat(fields["due"]))]
        case Action.RATE.value:
            return [(number, row.action, row.at), (number, RATED, row.at)]
    return [(number, row.action, row.at)]


def _key(event: TicketEvent) -> Key:
    """What tells the event from all others of the ticket; alarms are told a little later."""
    number = event.number
    match event:
        case TicketRegistered():
            return number, Action.REGISTER.value, event.at
        case TicketChanged():
            return number, event.action, event.at
        case TicketRated():
            return number, RATED, event.at
        case DeadlineWarned():
            return number, AlarmKind.WARNING.value, event.clock, event.due
        case DeadlineBreached():
            return number, AlarmKind.BREACH.value, event.clock, event.due
        case TicketEscalated():
            return number, AlarmKind.ESCALATION.value, event.level, event.to_role
    return number, event.kind, event.at
