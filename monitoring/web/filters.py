"""The filter above a list of calls, as it stands in the address: read, and written again."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.web.requests import BadRequest, Form
from monitoring.cdr import Outcome
from monitoring.repository import CallFilter, Cursor

FIELDS = ("from", "to", "outcome", "queue", "agent", "number")


Sought = Callable[[str], Sequence[str]]
"""How a number that somebody looks for may stand in the records."""


def read_filter(form: Form, zone: tzinfo, sought: Sought, *, recorded: bool = False) -> CallFilter:
    """The calls asked for; dates are days at the bank, both included. BadRequest."""
    first, last = _day(form["from"]), _day(form["to"])
    try:
        outcome = Outcome(form["outcome"]) if form["outcome"] else None
    except ValueError as error:
        raise BadRequest("no such outcome") from error
    return CallFilter(
        since=_begin(first, zone) if first else None,
        until=_begin(last + timedelta(days=1), zone) if last else None,
        outcome=outcome,
        queue_id=QueueId(form["queue"]) if form["queue"] else None,
        agent_id=AgentId(form["agent"]) if form["agent"] else None,
        numbers=tuple(sought(form["number"])) if form["number"] else (),
        recorded=recorded,
    )


def read_cursor(form: Form) -> Cursor | None:
    """Where the page begins; None for the first one. BadRequest."""
    started, _, call_id = form["before"].partition("~")
    if not started:
        return None
    try:
        return datetime.fromisoformat(started).astimezone(UTC), CallId(call_id)
    except ValueError as error:
        raise BadRequest("no such page") from error


def next_query(form: Form, cursor: Cursor | None) -> str:
    """The address's query for the next page; empty when this is the last."""
    if cursor is None:
        return ""
    kept = {name: form[name] for name in FIELDS if form[name]}
    return urlencode({**kept, "before": f"{cursor[0].isoformat()}~{cursor[1]}"})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadRequest("a date is written 2026-01-31") from error


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
