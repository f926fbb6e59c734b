"""Reads the policy file; every mistake is named by file, line and key.

Nothing has a default: a limit that nobody wrote down is a limit that nobody decided.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

from cti.kernel.document import Section, Value, read_document
from cti.kernel.vocabulary import Role, ServiceLevel
from tickets.clocks.limit import Limit, duration
from tickets.clocks.model import InternalGround
from tickets.clocks.policy import ClockPolicy, Ladder, Policy
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

STATUTORY = "statutory"
MOST_DAYS = 3650
PERCENT = 100
ROLES = tuple(role.value for role in Role)

Limits = Mapping[tuple[TicketKind, Urgency], Limit]
E = TypeVar("E", bound=Enum)
T = TypeVar("T")


def read_policy(path: Path) -> Policy:
    """The policy of the file; DocumentError with everything that is wrong."""
    top = read_document(path)
    sources: dict[str, str] = {}

    def part(key: str, what: str) -> Section:
        section = top.need(key, what).section()
        sources[key] = _source(section)
        return section

    levels = part("levels", "the share of the limits for each service level")
    statutory = part(STATUTORY, "the periods set by law")
    periods = _periods(statutory.need("days", "the period and its extensions, as [15, 30, 60]"))
    reserve = part("reserve", "the time left to answer, as {time: 8h}")
    window = part("refusal_window", "as {limit: 2 working-days}")
    reopen = part("reopen", "as {days: 30}")
    agreed = part("call_back_agreed", "as {days: 15}")
    rating = part("bad_rating", "as {score: 2}")
    call_backs = part("call_backs", "the share called back for each kind")
    grounds = part("grounds", "the clocks that stand still on each ground")
    clocks = {
        kind: _clock(value, Limit(calendar_days=periods[0]))
        for kind, value in _needed(top.need("clocks", "the clocks").section(), ClockKind)
    }
    policy = Policy(
        clocks=clocks,
        shares={level: _share(value) for level, value in _named(levels, ServiceLevel)},
        statutory_kinds=frozenset(
            kind
            for (kind, _), limit in clocks[ClockKind.DECISION].limits.items()
            if limit.calendar_days
        ),
        periods=periods,
        reserve=_time(reserve.need("time", "such as 8h")),
        refusal_window=_own_limit(window.need("limit", "such as 2 working-days")),
        reopen_within=timedelta(days=reopen.need("days", "such as 30").whole(0, MOST_DAYS)),
        agreed_within=timedelta(days=agreed.need("days", "such as 15").whole(1, MOST_DAYS)),
        bad_rating=rating.need("score", "the best bad one of 1 to 5").whole(0, 4),
        call_backs={kind: _share(value) for kind, value in _needed(call_backs, TicketKind)},
        grounds={ground: _clocks(value) for ground, value in _needed(grounds, InternalGround)},
        sources=sources,
        text=path.read_text(encoding="utf-8"),
    )
    parts = (levels, statutory, reserve, window, reopen, agreed, rating, call_backs, grounds)
    for section in (*parts, top):
        section.close()
    top.value.report.check()
    return policy


def _clock(value: Value, statutory: Limit) -> ClockPolicy:
    section = value.section()
    hours = section.need("hours", "hotline or department").one_of(("hotline", "department"))
    handler = _member(Role, section.need("handler", "the role that is warned"))
    warnings = tuple(map(_share, _items(section.get("warn"))))
    leads = tuple(map(_time, _items(section.get("lead"))))
    rungs = _rungs(section.get("escalate"))
    limits = _limits(section.need("limits", "one, or one for each kind"), statutory)
    source = _source(section)
    section.close()
    ladder = Ladder(handler, rungs, warnings, leads)
    return ClockPolicy(limits, ladder, source, departmental=hours == "department")


def _limits(value: Value, statutory: Limit) -> Limits:
    def one(each: Value) -> Limit:
        if each.text() == STATUTORY and ".decision." in each.key:
            return statutory
        return _own_limit(each)

    by_kind = _each(value, TicketKind, lambda kind: _each(kind, Urgency, one))
    return {(kind, urgency): limit for kind in by_kind for urgency, limit in by_kind[kind].items()}


def _each(value: Value, members: type[E], reader: Callable[[Value], T]) -> dict[E, T]:
    """What the reader makes of one value for all members, or of one for each."""
    if not value.is_section:
        found = reader(value)
        return dict.fromkeys(members, found)
    section = value.section()
    read = {member: reader(each) for member, each in _needed(section, members)}
    section.close()
    return read


def _needed(section: Section, members: type[E]) -> list[tuple[E, Value]]:
    return [
        (each, section.need(str(each.value), f"one for each {members.__name__}"))
        for each in members
    ]


def _named(section: Section, members: type[E]) -> list[tuple[E, Value]]:
    """The same for members that are known by their names, such as numbers."""
    return [(each, section.need(each.name.lower(), "a share such as 75%")) for each in members]


def _rungs(value: Value | None) -> tuple[tuple[timedelta, Role], ...]:
    """Each step, in the order of the file, which is the order of time."""
    rungs: list[tuple[timedelta, Role]] = []
    for name, later in value.section().each() if value else ():
        if name not in ROLES:
            later.wrong(f"is no role; there are {', '.join(ROLES)}")
            continue
        after = _time(later)
        if rungs and after < rungs[-1][0]:
            later.wrong("must come after the step before it")
        rungs.append((after, Role(name)))
    return tuple(rungs)


def _items(value: Value | None) -> list[Value]:
    return value.items() if value else []


def _clocks(value: Value) -> frozenset[ClockKind]:
    return frozenset(_member(ClockKind, each) for each in value.items())


def _member(members: type[E], value: Value) -> E:
    return members(value.one_of([str(each.value) for each in members]))


def _periods(value: Value) -> tuple[int, ...]:
    days = tuple(each.whole(1, MOST_DAYS) for each in value.items())
    if list(days) != sorted(set(days)):
        value.wrong("must grow from one period to the next")
    return days


def _source(section: Section) -> str:
    return section.need("source", "the regulation, or: the bank's own").text()


def _own_limit(value: Value) -> Limit:
    limit = _parsed(value, Limit.parse, Limit())
    if limit.calendar_days:
        value.wrong("is in calendar days, in which only the statutory period is counted")
    return limit


def _time(value: Value) -> timedelta:
    return _parsed(value, duration, timedelta(0))


def _share(value: Value) -> float:
    def share(text: str) -> float:
        number = text.removesuffix("%")
        if number == text or not number.isdecimal() or int(number) > PERCENT:
            raise ValueError(f"{text!r} is no share; write it as 75%")
        return int(number) / PERCENT

    return _parsed(value, share, 0.0)


def _parsed(value: Value, parse: Callable[[str], T], harmless: T) -> T:
    text = value.text()
    if not text:
        return harmless
    try:
        return parse(text)
    except ValueError as error:
        value.wrong(str(error))
        return harmless
