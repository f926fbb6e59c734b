"""Where a ticket lies: the lists people work from, each with the instant it is due there.

A list is kept as rows (place, due, ticket), written with every act and only for open tickets, so
the page of a list is a range of an index however many tickets there are. In a department's own
places the deadline is that of its own orders.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.clocks.sla import Clock
from tickets.model import OPEN_STATES, Case, CaseState, Dispatch, DispatchState
from tickets.workflow import ClockKind

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Due where no clock runs: after everything else."""


OPEN = "open"
DISPATCH = "dispatch"
"""待派单: no department has it yet."""
REVIEW = "review"
"""待审核: a result, a refusal, a petition, new facts or a mistaken entry waits for a ruling."""
REPLY = "reply"
"""待答复: the approved result waits to be told to the customer."""
ANSWER = "answer"
"""客户来信待复: a message of the customer's own waits for an answer."""
CALL_BACK = "call_back"
"""待回访"""
CLOSING = "closing"
"""待办结: the customer has the answer."""
URGED = "urged"
"""催单: urged, and the department has not answered."""
SUPERVISED = "supervised"
"""督办"""
SIGN = "sign"
WORKING = "working"
SENT = "sent"
SHARED = (OPEN, DISPATCH, REVIEW, REPLY, ANSWER, CALL_BACK, CLOSING, URGED, SUPERVISED)
"""Places of the whole house."""
PARTS = (SENT, WORKING, SIGN, URGED)
"""Places of a department: 待签收, 办理中, 待签, 催单."""

PART_OF = {
    DispatchState.SENT: SENT,
    DispatchState.ACCEPTED: WORKING,
    DispatchState.REWORK: WORKING,
    DispatchState.SUSPENDED: WORKING,
    DispatchState.RESULT_WRITTEN: SIGN,
    DispatchState.REFUSAL_WRITTEN: SIGN,
}
FOR_REVIEW = frozenset({DispatchState.RESULT, DispatchState.REFUSAL_ASKED})


def mine(staff_id: StaffId) -> str:
    """The place of what that person opened."""
    return f"mine:{staff_id}"


def department(department_id: DepartmentId, part: str = "") -> str:
    """The place of what that department works on, or of that part of it."""
    return f"dept:{department_id}{part and ':'}{part}"


def places_of(case: Case, clocks: Iterable[Clock]) -> Mapping[str, datetime]:
    """Each place the ticket lies in, with when it is due there; none once it has ended."""
    if case.state not in OPEN_STATES:
        return {}
    running = [clock for clock in clocks if clock.stopped is None]
    due = _earliest(running)
    shared = dict.fromkeys([*_shared(case, running), mine(case.opened_by)], due)
    return shared | dict(_departments(case, running))


def _shared(case: Case, running: list[Clock]) -> Iterator[str]:
    yield OPEN
    live = [each for each in case.dispatches if not each.final]
    if any(clock.kind is ClockKind.DISPATCH for clock in running):
        yield DISPATCH
    if case.waits_for_ruling or any(each.state in FOR_REVIEW for each in live):
        yield REVIEW
    if case.state is CaseState.RESULT_IN:
        yield REPLY
    if any(clock.kind is ClockKind.ANSWER for clock in running):
        yield ANSWER
    if case.state is CaseState.CALLBACK:
        yield CALL_BACK
    if case.state is CaseState.REPLIED:
        yield CLOSING
    if any(each.urge_open for each in live):
        yield URGED
    if case.supervised:
        yield SUPERVISED


def _departments(case: Case, running: list[Clock]) -> Iterator[tuple[str, datetime]]:
    for of_department in _by_department(case):
        serials = {each.serial for each in of_department}
        due = _earliest([clock for clock in running if clock.dispatch in serials])
        department_id = of_department[0].department_id
        yield department(department_id), due
        for part in _parts(of_department):
            yield department(department_id, part), due


def _parts(dispatches: list[Dispatch]) -> Iterator[str]:
    parts = {PART_OF[each.state] for each in dispatches if each.state in PART_OF}
    if any(each.petition and not each.petition.signed_by for each in dispatches):
        parts.add(SIGN)
    yield from parts
    if any(each.urge_open for each in dispatches):
        yield URGED


def _by_department(case: Case) -> Iterable[list[Dispatch]]:
    """The live orders; a unit does not see complaints about its own people."""
    grouped: dict[DepartmentId, list[Dispatch]] = {}
    for each in case.dispatches:
        if not each.final and each.department_id != case.draft.about_unit:
            grouped.setdefault(each.department_id, []).append(each)
    return grouped.values()


def _earliest(clocks: Iterable[Clock]) -> datetime:
    return min((clock.due for clock in clocks if clock.halted is None), default=NEVER)
