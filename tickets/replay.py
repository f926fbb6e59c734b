"""A case made again from its history: the proof that nothing happened to it unwritten.

Each entry says which act was done and where it led, so its line of the workflow is found without
asking policies, clocks or people of today. What the replay gives must be the case that is kept.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from cti.kernel.identifiers import StaffId, TicketNumber
from tickets.acts import Action
from tickets.model import Case, CaseState, Dispatch, Draft, HistoryEntry
from tickets.perform import handlers_by, performed
from tickets.records import draft_from
from tickets.workflow import RULES_OF

ESCALATION = "escalation"
ALARMS = frozenset({"warning", "breach", ESCALATION})


class NotReplayableError(ValueError):
    """An entry cannot follow what stands before it; the message says which and why."""


def replayed(
    number: TicketNumber, history: Iterable[HistoryEntry], draft: Draft | None = None
) -> Case:
    """The case that the history makes; `NotReplayableError` where it makes none.

    `draft` stands in for tickets of the first days, whose registration kept no copy of it.
    """
    *_, (_, case) = lives(number, history, draft)
    return case


def lives(
    number: TicketNumber, history: Iterable[HistoryEntry], draft: Draft | None = None
) -> Iterator[tuple[datetime, Case]]:
    """The case as each entry left it, and when, from its registration on; errors as `replayed`."""
    entries = iter(history)
    first = next(entries, None)
    if first is None or first.action != Action.REGISTER.value:
        raise NotReplayableError(f"{number}: the history does not begin with a registration")
    written = first.fields.get("draft")
    draft = draft_from(json.loads(written)) if written else draft
    if draft is None:
        raise NotReplayableError(f"{number}: nobody kept what was registered")
    case = Case(number, draft, CaseState.REGISTERED, opened=first.at, opened_by=first.by)
    yield first.at, case
    for entry in entries:
        case = _after(case, entry)
        yield entry.at, case


def handlers_in(history: Iterable[HistoryEntry]) -> frozenset[StaffId]:
    """Who has handled the matter by the workflow of today, whatever it was called when they did.

    All lines of an action agree on whether it handles the matter, so nothing is replayed.
    """
    rules = {action.value: lines[0] for action, lines in RULES_OF.items()}
    acts = (entry for entry in history if entry.action in rules)
    return frozenset().union(
        *(handlers_by(rules[entry.action], entry.fields, entry.by) for entry in acts)
    )


def _after(case: Case, entry: HistoryEntry) -> Case:
    if entry.action == ESCALATION:
        level = int(entry.fields.get("level", case.level))
        return replace(case, level=max(case.level, level))
    if entry.action in ALARMS:
        return case
    if entry.previous != case.state.value:
        raise NotReplayableError(
            f"{case.number}: {entry.action} began at {entry.previous}, not {case.state.value}"
        )
    action = Action(entry.action)
    meant = _meant(case, action, entry)
    after = _performed(case, action, meant, entry)
    if entry.version not in (None, after.version):
        raise NotReplayableError(f"{case.number}: {entry.action} made version {entry.version}")
    return after


def _performed(case: Case, action: Action, meant: Dispatch | None, entry: HistoryEntry) -> Case:
    for rule in RULES_OF[action]:
        if not rule.fits(case, meant):
            continue
        after = performed(case, rule, meant, entry.fields, entry.by, entry.at)
        if _leads_there(after, entry):
            return after
    raise NotReplayableError(f"{case.number}: no {entry.action} leads to {entry.state}")


def _leads_there(after: Case, entry: HistoryEntry) -> bool:
    if after.state.value != entry.state:
        return False
    order = after.dispatch(entry.dispatch) if entry.dispatch else None
    known = order.state.value if order else ""
    return not entry.order_state or known == entry.order_state


def _meant(case: Case, action: Action, entry: HistoryEntry) -> Dispatch | None:
    if entry.dispatch is None or not any(rule.about_dispatch for rule in RULES_OF[action]):
        return None
    meant = case.dispatch(entry.dispatch)
    if meant is None:
        raise NotReplayableError(f"{case.number}: {action.value} of an unknown dispatch")
    return meant
