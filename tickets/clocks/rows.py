"""Clocks and policies in the database; everything here runs in the database thread."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from cti.database import rows_txn
from cti.kernel.identifiers import TicketNumber
from tickets.clocks.model import (
    CALENDAR_DAYS,
    Clock,
    ClockEnd,
    Extension,
    InternalClock,
    InternalGround,
    Standstill,
    StatutoryClock,
    StatutoryGround,
)
from tickets.clocks.policy import Policy
from tickets.rare import ALL, Rare
from tickets.schema import ClockRow, ExtensionRow, PauseRow, PolicyRow
from tickets.workflow import ClockKind

_NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
_CLOCKS = (
    select(ClockRow.__table__)
    .where(ClockRow.number.in_(_NUMBERS))
    .order_by(ClockRow.number, ClockRow.serial)
)
_PAUSES = (
    select(PauseRow.__table__)
    .where(PauseRow.number.in_(_NUMBERS))
    .order_by(PauseRow.number, PauseRow.clock, PauseRow.serial)
)
_EXTENSIONS = (
    select(ExtensionRow.__table__)
    .where(ExtensionRow.number.in_(_NUMBERS))
    .order_by(ExtensionRow.number, ExtensionRow.clock, ExtensionRow.serial)
)


def clocks_txn(session: Session, number: str, rare: Collection[Rare] = ALL) -> tuple[Clock, ...]:
    """The ticket's clocks in the order in which they started; `rare`: what there is beside it."""
    return clocks_of_txn(session, (number,), rare).get(number, ())


def clocks_of_txn(
    session: Session, numbers: Sequence[str], rare: Collection[Rare] = ALL
) -> dict[str, tuple[Clock, ...]]:
    """The clocks of those tickets that have any, each's in the order in which they started."""
    rows = rows_txn(session, _CLOCKS, numbers=numbers)
    paused = rows_txn(session, _PAUSES, numbers=numbers) if Rare.PAUSES in rare else ()
    pauses = {each: list(found) for each, found in groupby(paused, _whose)}
    extended = rows_txn(session, _EXTENSIONS, numbers=numbers) if Rare.EXTENSIONS in rare else ()
    added = {each: list(found) for each, found in groupby(extended, _whose)}
    return {
        number: tuple(
            _clock(row, pauses.get((number, row.serial), []), added.get((number, row.serial), []))
            for row in found
        )
        for number, found in groupby(rows, lambda row: row.number)
    }


def _whose(row: Any) -> tuple[str, int]:
    return row.number, row.clock


def save_clocks_txn(
    session: Session, number: TicketNumber, before: tuple[Clock, ...], after: tuple[Clock, ...]
) -> None:
    """Write the clocks that changed, with their pauses and extensions."""
    kept = {clock.serial: clock for clock in before}
    for clock in after:
        old = kept.get(clock.serial)
        if clock == old:
            continue
        session.merge(_row(number, clock))
        for row in _changes(number, old, clock):
            session.merge(row)


def keep_policy_txn(session: Session, policy: Policy, at: datetime) -> None:
    """Keep the text of that version, if it is the first time that it is in force."""
    if session.get(PolicyRow, policy.version) is None:
        session.add(PolicyRow(version=policy.version, since=at, text=policy.text))


def _changes(
    number: TicketNumber, old: Clock | None, new: Clock
) -> Iterator[PauseRow | ExtensionRow]:
    pauses = old.standstills if old else ()
    for serial, pause in enumerate(new.standstills, 1):
        if pauses[serial - 1 : serial] != (pause,):
            yield PauseRow(
                number=number,
                clock=new.serial,
                serial=serial,
                started=pause.started,
                ended=pause.ended,
                ground=pause.ground.value,
            )
    for serial, extension in enumerate(new.extensions, 1):
        if old is None or serial > len(old.extensions):
            yield ExtensionRow(
                number=number,
                clock=new.serial,
                serial=serial,
                at=extension.at,
                added=extension.added.total_seconds(),
                by=extension.by,
            )


def _row(number: TicketNumber, clock: Clock) -> ClockRow:
    return ClockRow(
        number=number,
        serial=clock.serial,
        kind=clock.kind.value,
        dispatch=clock.dispatch,
        calendar=clock.calendar,
        target=clock.target.total_seconds(),
        started=clock.started,
        due=clock.due,
        not_after=clock.not_after if isinstance(clock, InternalClock) else None,
        halted=clock.halted,
        policy=clock.policy,
        stopped=clock.stopped,
        end=clock.end.value if clock.end else None,
    )


def _clock(row: Any, pauses: Sequence[Any], added: Sequence[Any]) -> Clock:
    extensions = tuple(Extension(each.at, timedelta(seconds=each.added), each.by) for each in added)
    end = ClockEnd(row.end) if row.end else None
    if row.calendar == CALENDAR_DAYS:
        return StatutoryClock(
            serial=row.serial,
            kind=ClockKind(row.kind),
            dispatch=row.dispatch,
            target=timedelta(seconds=row.target),
            started=row.started,
            due=row.due,
            halted=row.halted,
            policy=row.policy,
            extensions=extensions,
            standstills=tuple(
                Standstill(StatutoryGround(each.ground), each.started, each.ended)
                for each in pauses
            ),
            stopped=row.stopped,
            end=end,
        )
    return InternalClock(
        serial=row.serial,
        kind=ClockKind(row.kind),
        dispatch=row.dispatch,
        calendar=row.calendar,
        target=timedelta(seconds=row.target),
        started=row.started,
        due=row.due,
        not_after=row.not_after,
        halted=row.halted,
        policy=row.policy,
        extensions=extensions,
        standstills=tuple(
            Standstill(InternalGround(each.ground), each.started, each.ended) for each in pauses
        ),
        stopped=row.stopped,
        end=end,
    )
