"""What an act is judged by, worked out from the bank's policy, the calendars and the clocks."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cti.kernel.identifiers import DepartmentId
from tickets.clocks.calendars import Calendars
from tickets.clocks.model import Clock
from tickets.clocks.sla import Timekeeper
from tickets.forms import FormTerms
from tickets.guards import CARRIED, Premises
from tickets.model import Case, Department, DispatchState, ReplyChannel
from tickets.regulation.codes import NO_CODES, CodeBook
from tickets.workflow import ClockKind

BRANCHES = ("branches", "office")
"""The calendars that may hold the branches' opening hours; the first that is written counts."""
REFUSABLE = frozenset({DispatchState.SENT, DispatchState.ACCEPTED, DispatchState.REFUSAL_WRITTEN})


def form_terms(calendars: Calendars, now: datetime, codes: CodeBook = NO_CODES) -> FormTerms:
    """What forms are checked against at that instant."""
    written = next((name for name in BRANCHES if name in calendars), None)
    branches = calendars.named(written) if written else calendars.hotline

    def is_open(start: datetime, end: datetime) -> bool:
        return branches.between(start, end) == end - start

    return FormTerms(now, calendars.zone, is_open, codes)


def premises_of(
    case: Case,
    clocks: Iterable[Clock],
    departments: Mapping[DepartmentId, Department],
    keeper: Timekeeper,
    target: Case | None = None,
    carried: frozenset[ReplyChannel] = CARRIED,
) -> Premises:
    """What acts on the case are judged by now; `target` is what it is to be merged into.

    `carried`: by what the house itself reaches customers.
    """
    policy = keeper.policy
    running = [each for each in clocks if each.stopped is None]
    return Premises(
        zone=keeper.calendars.zone,
        call_back_wanted=policy.wants_call_back(case.draft.kind, case.number),
        reopen_within=policy.reopen_within,
        agreed_within=policy.agreed_within,
        answered=next((each.started for each in running if each.kind is ClockKind.CALL_BACK), None),
        bad_rating=policy.bad_rating,
        refuse_by={
            each.serial: _refuse_by(keeper, departments[each.department_id], each.sent)
            for each in case.dispatches
            if each.sent is not None
            and each.state in REFUSABLE
            and each.department_id in departments
        },
        dues={(each.kind, each.dispatch): each.due for each in running},
        since={each.kind: each.started for each in running if each.dispatch is None},
        unanswered=waiting_since(running),
        halted={(each.kind, each.dispatch) for each in running if each.halted},
        target=target,
        carried=carried,
    )


def waiting_since(clocks: Iterable[Clock]) -> datetime | None:
    """Since when the customer waits for an answer to a message of their own; None for no wait."""
    running = (each for each in clocks if each.stopped is None)
    return next((each.started for each in running if each.kind is ClockKind.ANSWER), None)


def _refuse_by(keeper: Timekeeper, department: Department, sent: datetime) -> datetime:
    window, name = keeper.policy.refusal_window, department.calendar
    if window.working_days:
        return keeper.calendars.closing(name, sent, window.working_days)
    return keeper.calendars.after(name, sent, window.time)
