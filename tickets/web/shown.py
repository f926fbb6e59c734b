"""Tickets as their pages show them: clocks as bars, acts as forms, history in words.

Nothing here reads a clock or a request; the words come from a `Words` of one language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cti.kernel.identifiers import DepartmentId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from tickets.clocks.sla import CALENDAR_DAYS, Clock, ClockEnd, Timekeeper
from tickets.decide import allowed
from tickets.model import Case, Department, Dispatch, HistoryEntry, ReplyChannel
from tickets.service import TicketView
from tickets.workflow import Action, Rule

DAY = timedelta(days=1)
LONG_FIELDS = frozenset({"text", "reason", "finding", "proposed_reply", "missing", "cause"})
NEXT_STEPS = (
    Action.ACCEPT,
    Action.RETURN,
    Action.APPROVE,
    Action.REWORK,
    Action.GRANT_REFUSAL,
    Action.OVERRULE_REFUSAL,
    Action.DISPATCH,
    Action.REPLY,
    Action.ATTEMPT_REPLY,
    Action.CLOSE,
    Action.SOLVE,
)
"""What usually comes next stands first; the rest follows in the workflow's order."""
ELSEWHERE = frozenset({Action.ATTACH, Action.ATTACH_FILE, Action.AMEND})
"""Acts that have a form of their own: beside the call, the files, the fields."""
ALARM_LEVELS = {"warning": "warning", "breach": "danger", "escalation": "danger"}

Text = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Words:
    """Texts, names of departments, and instants, in one language and zone."""

    text: Text
    language: Language
    zone: ZoneInfo
    departments: Mapping[DepartmentId, Department]

    @property
    def formats(self) -> Formats:
        """How the language writes instants."""
        return Formats(self.language, self.zone)

    def department(self, department_id: str | None) -> str:
        """The department's name; the id itself for one that is gone."""
        known = self.departments.get(DepartmentId(department_id or ""))
        if known is None:
            return department_id or ""
        return known.name_zh if self.language is Language.CHINESE else known.name_en

    def instant(self, at: datetime) -> str:
        """Month, day, hour and minute in the hotline's zone."""
        return self.formats.moment(at)

    def deadline(self, at: datetime) -> str:
        """An instant as a deadline: midnight is the end of the day before, 24:00."""
        local = at.astimezone(self.zone)
        if (local.hour, local.minute) == (0, 0):
            return f"{self.formats.day(local - DAY)} 24:00"
        return self.formats.moment(at)

    def duration(self, time: timedelta) -> str:
        """Hours and minutes, with days from two days on."""
        minutes = int(time.total_seconds() // 60)
        hours, minutes = divmod(minutes, 60)
        if hours >= 48:
            return self.text("ticket.duration.days", days=hours // 24, hours=hours % 24)
        if hours:
            return self.text("ticket.duration.hours", hours=hours, minutes=minutes)
        return self.text("ticket.duration.minutes", minutes=minutes)


@dataclass(frozen=True, slots=True)
class Bar:
    """A clock as a picture: `used` of 100, marks where the handler is warned."""

    title: str
    due: str
    says: str
    used: float
    marks: tuple[float, ...]
    level: str
    """``danger``, ``warning``, ``success`` or ``""``."""
    running: bool


@dataclass(frozen=True, slots=True)
class Input:
    """A field of an act's form."""

    name: str
    kind: str
    """``long``, ``channel``, ``department`` or ``check``."""
    needed: bool


@dataclass(frozen=True, slots=True)
class Form:
    """An act that the person may do now."""

    action: str
    dispatch: int | None
    department: str
    inputs: tuple[Input, ...]
    assist: bool
    next_step: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of history in words."""

    at: datetime
    who: str
    what: str
    where: str
    details: tuple[tuple[str, str], ...]
    change: str
    level: str


def bars(view: TicketView, keeper: Timekeeper, words: Words, now: datetime) -> list[Bar]:
    """The ticket's clocks: the running ones by their deadline, then the finished ones."""
    order = sorted(
        view.clocks, key=lambda clock: (clock.stopped is not None, clock.stopped or clock.due)
    )
    return [_bar(clock, view.case, keeper, words, now) for clock in order]


def _bar(clock: Clock, case: Case, keeper: Timekeeper, words: Words, now: datetime) -> Bar:
    ladder = keeper.policy.clocks[clock.kind].ladder
    allowed_time = keeper.allowed(clock)
    elapsed = keeper.elapsed(clock, now)
    used = min(1.0, elapsed / allowed_time) if allowed_time else 1.0
    title = words.text(f"ticket.clock.{clock.kind.value}")
    dispatch = case.dispatch(clock.dispatch) if clock.dispatch else None
    if dispatch is not None:
        title = f"{title} · {words.department(dispatch.department_id)}"
    says, level = _standing(clock, words, now, max(timedelta(0), allowed_time - elapsed))
    if not level and clock.stopped is None and ladder.warnings and used >= ladder.warnings[-1]:
        level = "warning"
    return Bar(
        title=title,
        due=words.deadline(clock.due),
        says=says,
        used=round(100 * used, 1),
        marks=tuple(round(100 * share, 1) for share in ladder.warnings),
        level=level,
        running=clock.stopped is None,
    )


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
    if clock.overdue(now):
        return words.text("ticket.clock_overdue", late=words.duration(now - clock.due)), "danger"
    key = "ticket.clock_left" if clock.calendar == CALENDAR_DAYS else "ticket.clock_left_working"
    return words.text(key, left=words.duration(left)), ""


def forms(view: TicketView, principal: Principal, words: Words, now: datetime) -> list[Form]:
    """What the person may do now, the usual next steps first."""
    case = view.case
    offered = [
        Form(
            action=rule.action.value,
            dispatch=dispatch.serial if dispatch else None,
            department=_of(case, dispatch, words),
            inputs=tuple(
                Input(name, _kind(name), needed=name in rule.needs)
                for name in (*rule.needs, *rule.may)
                if name != "assist"
            ),
            assist=_assists(rule, case),
            next_step=rule.action in NEXT_STEPS and not _assists(rule, case),
        )
        for rule, dispatch in allowed(case, principal, now, view.premises)
        if rule.action not in ELSEWHERE
    ]
    rank = {action.value: place for place, action in enumerate(NEXT_STEPS)}
    return sorted(offered, key=lambda form: rank.get(form.action, len(rank)))


def _assists(rule: Rule, case: Case) -> bool:
    return rule.action is Action.DISPATCH and case.lead is not None


def _of(case: Case, dispatch: Dispatch | None, words: Words) -> str:
    """The department's name where it is needed to tell one order from another."""
    if dispatch is None or len(case.dispatches) < 2:
        return ""
    return words.department(dispatch.department_id)


def _kind(name: str) -> str:
    if name == "proposed":
        return "department"
    return "long" if name in LONG_FIELDS else name


def proposed_reply(view: TicketView) -> str:
    """What the department proposed last to tell the customer."""
    returned = (
        entry.fields.get("proposed_reply", "")
        for entry in reversed(view.history)
        if entry.action == Action.RETURN.value
    )
    return next(returned, "")


def moments(view: TicketView, words: Words) -> list[Moment]:
    """The history, the latest first."""
    return [_moment(entry, view.case, words) for entry in reversed(view.history)]


def _moment(entry: HistoryEntry, case: Case, words: Words) -> Moment:
    dispatch = case.dispatch(entry.dispatch) if entry.dispatch else None
    where = words.department(dispatch.department_id) if dispatch else ""
    if entry.action in ALARM_LEVELS:
        return _alarm(entry, where, words)
    moved = entry.previous != entry.state
    return Moment(
        at=entry.at,
        who=entry.by_name,
        what=words.text(f"ticket.done.{entry.action}"),
        where=where,
        details=tuple(
            (words.text(f"ticket.field.{name}"), _value(name, value, words))
            for name, value in entry.fields.items()
            if name != "draft"  # what was registered stands above
        ),
        change=words.text(f"ticket.state.{entry.state}") if moved else "",
        level="",
    )


def _alarm(entry: HistoryEntry, where: str, words: Words) -> Moment:
    clock = words.text(f"ticket.clock.{entry.fields['clock']}")
    due = words.deadline(datetime.fromisoformat(entry.fields["due"]))
    told = words.text(f"ticket.role.{entry.fields['to']}")
    late = (words.text("ticket.alarm_late"),) if "late" in entry.fields else ()
    return Moment(
        at=entry.at,
        who=" · ".join((words.text("ticket.alarm_told", who=told), *late)),
        what=words.text(f"ticket.alarm.{entry.action}"),
        where=" · ".join(filter(None, (clock, words.text("ticket.page.due", at=due), where))),
        details=(),
        change="",
        level=ALARM_LEVELS[entry.action],
    )


def _value(name: str, value: str, words: Words) -> str:
    match name:
        case "channel":
            known = value in {channel.value for channel in ReplyChannel}
            return words.text(f"ticket.channel.{value}") if known else value
        case "department" | "proposed":
            return words.department(value)
        case "assist":
            return words.text("ticket.yes")
    return value
