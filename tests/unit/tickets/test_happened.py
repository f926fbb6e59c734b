"""What the history tells again is what the house was told when it happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from cti.kernel.clock import utc
from cti.kernel.events import Event
from cti.kernel.identifiers import StaffId
from tests.support.deferred import result_of
from tests.support.tickets import AGENT, DISPATCHER, HEAD, OFFICER, OTHER_AGENT, TicketDesk, draft
from tickets.events import TicketEvent, TicketRated
from tickets.happened import SHORTLY, untold_txn
from tickets.model import CUSTOMER
from tickets.workflow import Action

LONG = timedelta(days=60)


@pytest.fixture
def desk() -> TicketDesk:
    """A desk on which a ticket was late, told and rated, and another was merged into a third."""
    desk = TicketDesk()
    desk.escalation.start()
    number = desk.register().number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=30)
    for action, by in (
        (Action.ACCEPT, OFFICER),
        (Action.RETURN, HEAD),
        (Action.APPROVE, DISPATCHER),
        (Action.REPLY, AGENT),
        (Action.CALL_BACK, OTHER_AGENT),
        (Action.RATE, CUSTOMER),
    ):
        desk.advance(seconds=1)
        desk.act(number, action, by)
    into = desk.register(replace(draft(), about_staff=StaffId("officer-lending"))).number
    desk.advance(seconds=1)
    other = desk.register().number
    desk.advance(seconds=1)
    desk.act(other, Action.MERGE, DISPATCHER, {"into": into, "reason": "同一事项"})
    return desk


def told(desk: TicketDesk) -> list[TicketEvent]:
    return [event for event in desk.events if isinstance(event, TicketEvent)]


def untold(desk: TicketDesk, known: Sequence[Event], since: timedelta = LONG) -> Sequence[Event]:
    return result_of(desk.database.read(untold_txn, utc(desk.clock) - since, known))


def test_all_of_it_is_told_again_where_nothing_was(desk: TicketDesk) -> None:
    events = told(desk)
    assert len({event.kind for event in events}) == 6
    assert any(event.confidential for event in events)
    assert any(isinstance(event, TicketRated) for event in events)
    assert untold(desk, []) == events


def test_what_was_told_is_not_told_again(desk: TicketDesk) -> None:
    assert untold(desk, told(desk)) == []


def test_each_that_is_missing_is_told_and_no_other(desk: TicketDesk) -> None:
    events = told(desk)
    for index, missing in enumerate(events):
        assert untold(desk, [*events[:index], *events[index + 1 :]]) == [missing]


def test_nothing_older_is_looked_at(desk: TicketDesk) -> None:
    last = told(desk)[-1].at
    desk.advance(seconds=5)
    recent = untold(desk, [], timedelta(seconds=5))
    assert recent
    assert {event.at for event in recent} == {last}


def test_of_a_house_that_never_told_anything_the_last_minutes_are_told(desk: TicketDesk) -> None:
    events = told(desk)
    recent = [event for event in events if events[-1].at - event.at <= SHORTLY]
    assert len(events) > len(recent) > 5
    assert result_of(desk.database.read(untold_txn, None, [])) == recent
    assert result_of(TicketDesk().database.read(untold_txn, None, [])) == []
