"""A ticket's clocks as bars: what each has used, when it is due, and which comes next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cti.kernel.errors import Refused
from tickets.clocks.model import CALENDAR_DAYS, Clock, ClockEnd
from tickets.clocks.sla import Timekeeper
from tickets.model import Case
from tickets.view import TicketView
from tickets.web.reasons import Reason, Reasons
from tickets.web.shown import Words
from tickets.workflow import ClockKind


@dataclass(frozen=True, slots=True)
class Bar:
    """A clock as a picture: `used` of 100, marks where the handler is warned."""

    serial: int
    kind: str
    dispatch: int | None
    title: str
    at: datetime
    due: str
    says: str
    used: float
    marks: tuple[float, ...]
    level: str
    """``danger``, ``warning``, ``success`` or ``""``."""
    running: bool


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock is due, and why."""

    title: str
    due: str
    why: tuple[Reason, ...]
    """The reckoning that leads to the deadline."""


def bars(view: TicketView, keeper: Timekeeper, words: Words, now: datetime) -> list[Bar]:
    """The ticket's clocks: the running ones by their deadline, then the finished ones."""
    order = sorted(
        view.clocks, key=lambda clock: (clock.stopped is not None, clock.stopped or clock.due)
    )
    return [_bar(clock, view.case, keeper, words, now) for clock in order]


def due(view: TicketView, serial: int, keeper: Timekeeper, words: Words, now: datetime) -> Due:
    """Why the clock of that number is due when it is; Refused where the ticket has no such clock.

    To say so takes longer than to show all else of a clock, and hardly anybody asks: so it is
    said to who does.
    """
    clock = next((each for each in view.clocks if each.serial == serial), None)
    if clock is None:
        raise Refused("ticket.no_clock")
    reasons = Reasons(words.text, words.language, words.zone).told(keeper.explain(clock, now))
    return Due(_title(clock, view.case, words), words.deadline(clock.due), tuple(reasons))


def next_bar(found: Iterable[Bar]) -> Bar | None:
    """The deadline to look at: the earliest, but no news is due before the first word is."""
    running = [bar for bar in found if bar.running]
    if any(bar.kind == ClockKind.FIRST_CONTACT.value for bar in running):
        running = [bar for bar in running if bar.kind != ClockKind.KEEP_INFORMED.value]
    return running[0] if running else None


def _bar(clock: Clock, case: Case, keeper: Timekeeper, words: Words, now: datetime) -> Bar:
    ladder = keeper.policy.clocks[clock.kind].ladder
    allowed_time = keeper.allowed(clock)
    elapsed = keeper.elapsed(clock, now)
    used = min(1.0, elapsed / allowed_time) if allowed_time else 1.0
    says, level = _standing(clock, words, now, max(timedelta(0), allowed_time - elapsed))
    if not level and clock.stopped is None and ladder.warnings and used >= ladder.warnings[-1]:
        level = "warning"
    return Bar(
        serial=clock.serial,
        kind=clock.kind.value,
        dispatch=clock.dispatch,
        title=_title(clock, case, words),
        at=clock.due,
        due=words.deadline(clock.due),
        says=says,
        used=round(100 * used, 1),
        marks=tuple(round(100 * share, 1) for share in ladder.warnings),
        level=level,
        running=clock.stopped is None,
    )


def _title(clock: Clock, case: Case, words: Words) -> str:
    title = words.text(f"ticket.clock.{clock.kind.value}")
    dispatch = case.dispatch(clock.dispatch) if clock.dispatch else None
    return title if dispatch is None else f"{title} · {words.department(dispatch.department_id)}"


def _standing(clock: Clock, words: Words, now: datetime, left: timedelta) -> tuple[str, str]:
    match clock.end:
        case ClockEnd.MET:
            return words.text("ticket.clock_met"), "success"
        case ClockEnd.MISSED:
            assert clock.stopped is not None
            late = words.duration(clock.stopped - clock.due)
            return words.text("ticket.clock_missed", late=late), "danger"
        case ClockEnd.CANCELLED:
            return words.text("ticket.clock_cancelled"), ""
    if clock.halted is not None:
        since = words.instant(clock.halted)
        return words.text("ticket.clock_halted", since=since), "warning"
    if clock.overdue(now):
        return words.text("ticket.clock_overdue", late=words.duration(now - clock.due)), "danger"
    key = "ticket.clock_left" if clock.calendar == CALENDAR_DAYS else "ticket.clock_left_working"
    return words.text(key, left=words.duration(left)), ""
