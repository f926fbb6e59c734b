"""One matter that was late is late once, in whichever of its tickets it is counted."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cti.kernel.clock import utc
from tests.support.deferred import result_of
from tests.support.tickets import DISPATCHER, SUPERVISOR, TicketDesk
from tickets.clocks.model import ClockEnd
from tickets.regulation.quarter import Count, answers
from tickets.regulation.rows import fact_from
from tickets.regulation.schema import FactRow
from tickets.workflow import Action, ClockKind

LATE, IN_TIME = frozenset({Count.LATE}), frozenset({Count.OTHERWISE})


def standing(desk: TicketDesk) -> list[frozenset[Count]]:
    """How each ticket is counted now, in the order of their numbers."""

    def read_txn(session: Session) -> list[frozenset[Count]]:
        facts = map(fact_from, session.scalars(select(FactRow).order_by(FactRow.number)))
        asked = {Count.IN_TIME, Count.LATE, Count.PENDING, Count.OTHERWISE}
        return [answers(each, utc(desk.clock)) & asked for each in facts]

    return result_of(desk.database.read(read_txn))


@pytest.mark.parametrize("earlier_goes_on", [True, False])
def test_what_is_late_in_both_is_counted_where_the_matter_goes_on(earlier_goes_on: bool) -> None:
    desk = TicketDesk()
    numbers = [desk.register().number]
    desk.advance(days=3)
    numbers.append(desk.register().number)
    desk.advance(days=20)
    assert standing(desk) == [LATE, LATE]
    into, merged = numbers if earlier_goes_on else reversed(numbers)
    desk.act(merged, Action.MERGE, DISPATCHER, {"into": into, "reason": "同一事项"})
    counted = [LATE, IN_TIME] if earlier_goes_on else [IN_TIME, LATE]
    assert standing(desk) == counted
    desk.advance(days=30)
    assert standing(desk) == counted


def test_a_miss_goes_into_no_ticket_that_is_in_time() -> None:
    desk = TicketDesk()
    first = desk.register().number
    desk.act(first, Action.EXTEND_DECISION, SUPERVISOR)
    second = desk.register().number
    desk.advance(days=20)
    desk.act(second, Action.MERGE, DISPATCHER, {"into": first, "reason": "同一事项"})
    assert standing(desk) == [frozenset({Count.PENDING}), LATE]
    ends = [each.end for each in desk.view(second).clocks if each.kind is ClockKind.DECISION]
    assert ends == [ClockEnd.MISSED]


def test_a_step_up_is_counted_once_whoever_made_it() -> None:
    """An alarm that tells the supervisor brings the ticket as far up as a colleague who does."""
    desk = TicketDesk()
    desk.escalation.start()
    number = desk.register().number
    desk.act(number, Action.ESCALATE, SUPERVISOR)
    assert desk.view(number).case.level == 1
    desk.advance(hours=4)
    view = desk.view(number)
    told = [each.fields["to"] for each in view.history if each.action == "escalation"]
    assert "supervisor" in told
    assert view.case.level == 2
    desk.act(number, Action.ESCALATE, SUPERVISOR)
    desk.clock.advance(timedelta(days=1).total_seconds())
    levels = [each.fields["level"] for each in desk.view(number).history if "level" in each.fields]
    assert desk.view(number).case.level == 3, levels
