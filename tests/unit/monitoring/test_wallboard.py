from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from agents.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallQueued,
    Disagreement,
    DisagreementHealed,
)
from cti.call.events import CallCleared, CallStarted
from cti.call.model import Cause, Direction, Party
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, TicketNumber
from cti.kernel.ports import LetterSummary, OverdueTickets, TicketSummary
from cti.kernel.vocabulary import ServiceLevel
from monitoring.events import JournalRecovered, JournalStalled
from monitoring.statistics import Rules
from monitoring.wallboard import ASK_AGAIN, DRAW_AFTER, LONGEST_OVERDUE, WallBoard, entities
from tests.support.counting import counted
from tests.support.floors import SmallFloor
from tests.support.simulated_house import AGENTS, QUEUES, SimulatedHouse
from tickets.events import DeadlineBreached, TicketRated

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
GENERAL, A0 = QUEUES[0], AGENTS[0]


class Screen:
    """An audience that keeps what it was told, as a page does."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.shown = snapshot
        self.told: list[str] = []
        self.audience = 1

    def publish(self, key: str, value: Any) -> None:
        self.shown[key] = value
        self.told.append(key)

    def delete(self, *keys: str) -> None:
        for key in keys:
            del self.shown[key]
            self.told.append(f"-{key}")


class Tickets:
    def __init__(self) -> None:
        self.asked: list[Deferred[OverdueTickets]] = []

    def overdue(self, longest: int) -> Deferred[OverdueTickets]:
        assert longest == LONGEST_OVERDUE
        self.asked.append(Deferred())
        return self.asked[-1]

    def find(self, number: str) -> Deferred[TicketSummary | None]:
        raise NotImplementedError

    def open_tickets(self, customer_id: str, reader: str) -> Deferred[list[TicketSummary]]:
        raise NotImplementedError

    def letters_of(
        self, customer_id: str, reader: str, limit: int
    ) -> Deferred[list[LetterSummary]]:
        raise NotImplementedError


class World:
    def __init__(self, at: datetime = NOON, history: Iterable[Event] = ()) -> None:
        self.clock = Clock()
        self.clock.advance(at.timestamp())
        self.errors: list[BaseException] = []
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        rules = Rules(zone=ZoneInfo("Asia/Shanghai"))
        self.board = WallBoard(self.bus, self.clock, rules, SmallFloor())
        self.board.start(history)
        self.screen = Screen(self.board.snapshot())
        self.board.add_audience(self.screen)

    def publish(self, *events: Event) -> list[str]:
        self.screen.told.clear()
        for event in events:
            self.bus.publish(event)
        assert self.errors == []
        self.clock.advance(DRAW_AFTER)
        return self.screen.told


def queued(call: str = "c1", at: datetime = NOON) -> list[Event]:
    started = partial(
        CallStarted, direction=Direction.INBOUND, calling="13800138000", called="95588", trunk="t"
    )
    return [
        started(at=at, call_id=CallId(call)),
        CallQueued(
            at=at, call_id=CallId(call), queue_id=GENERAL, service_level=ServiceLevel.UNIFORM
        ),
    ]


def state(agent_id: AgentId, new: AgentState, old: AgentState, at: datetime = NOON) -> Event:
    return AgentStateChanged(at=at, agent_id=agent_id, previous=old, state=new)


def test_a_waiting_caller_shows_soon_with_an_instant() -> None:
    world = World()
    told = world.publish(*queued())
    assert sorted(told) == [f"queue/{GENERAL}", "totals"], "what came together is drawn once"
    tile = world.screen.shown[f"queue/{GENERAL}"]
    assert (tile["waiting"], tile["oldest"], tile["offered"]) == (1, NOON, 1)
    assert world.screen.shown[f"queue/{QUEUES[1]}"]["waiting"] == 0
    answered = CallAnswered(
        at=NOON + timedelta(seconds=9), call_id=CallId("c1"), queue_id=GENERAL, agent_id=A0,
        waited=9.0,
    )  # fmt: skip
    world.publish(answered)
    tile = world.screen.shown[f"queue/{GENERAL}"]
    assert (tile["waiting"], tile["oldest"], tile["answered"]) == (0, None, 1)
    assert tile["service_level"]["SL-A"] == 1.0


def test_a_screen_that_comes_before_the_drawing_misses_nothing() -> None:
    world = World()
    for event in queued():
        world.bus.publish(event)
    assert world.screen.told == []
    assert world.board.snapshot()[f"queue/{GENERAL}"]["waiting"] == 1
    assert world.screen.shown == world.board.snapshot()
    assert world.publish() == [], "it is drawn already"


def test_the_longest_waiting_counts() -> None:
    world = World()
    world.publish(*queued("c1"), *queued("c2", NOON + timedelta(seconds=5)))
    world.publish(
        CallCleared(
            at=NOON + timedelta(seconds=7), call_id=CallId("c1"), cause=Cause.NORMAL,
            cleared_by=Party.CALLER,
        )
    )  # fmt: skip
    tile = world.screen.shown[f"queue/{GENERAL}"]
    assert (tile["oldest"], tile["abandoned"]) == (NOON + timedelta(seconds=5), 1)


def test_an_agent_shows_while_signed_in() -> None:
    world = World()
    told = world.publish(state(A0, AgentState.READY, AgentState.LOGGED_OFF))
    assert f"agent/{A0}" in told
    cell = world.screen.shown[f"agent/{A0}"]
    assert (cell["name"], cell["state"], cell["since"]) == (f"Agent {A0}", "ready", NOON)
    assert [world.screen.shown[f"queue/{q}"]["ready"] for q in QUEUES] == [1, 1]
    world.publish(state(AGENTS[3], AgentState.READY, AgentState.LOGGED_OFF))
    assert [world.screen.shown[f"queue/{q}"]["ready"] for q in QUEUES] == [2, 1]
    told = world.publish(state(A0, AgentState.LOGGED_OFF, AgentState.READY))
    assert f"-agent/{A0}" in told
    assert world.screen.shown["totals"]["signed_in"] == 1


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 120))
def test_a_page_that_applies_changes_sees_what_a_fresh_one_sees(random: Random, steps: int) -> None:
    world = World()
    for event in SimulatedHouse(random, now=NOON).day(steps):
        world.publish(event)
    assert world.screen.shown == world.board.snapshot()
    assert world.screen.shown == entities(world.board.figures, SmallFloor())


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 120))
def test_a_restart_shows_what_was_shown(random: Random, steps: int) -> None:
    live, history = World(), list(SimulatedHouse(random, now=NOON).day(steps))
    live.publish(*history)
    assert World(history=history).board.snapshot() == live.board.snapshot()


def test_midnight_clears_the_day_without_any_event() -> None:
    late = datetime(2026, 11, 21, 15, 59, 50, tzinfo=UTC)
    world = World(late)
    world.publish(*queued(at=late), state(A0, AgentState.READY, AgentState.LOGGED_OFF, late))
    cleared = CallCleared(
        at=late, call_id=CallId("c1"), cause=Cause.NORMAL, cleared_by=Party.CALLER
    )
    world.publish(cleared, *queued("c2", late))
    assert world.screen.shown[f"queue/{GENERAL}"]["abandoned"] == 1
    world.clock.advance(10)
    tile = world.screen.shown[f"queue/{GENERAL}"]
    assert (tile["abandoned"], tile["waiting"], tile["offered"]) == (0, 1, 1)
    assert world.screen.shown[f"agent/{A0}"]["since"] == late
    assert str(world.screen.shown["totals"]["day"]) == "2026-11-22"
    world.clock.advance(24 * 3600)
    assert str(world.screen.shown["totals"]["day"]) == "2026-11-23"
    world.board.stop()
    assert world.clock.getDelayedCalls() == []


def test_overdue_tickets_show_and_are_asked_again_when_something_happens() -> None:
    world, tickets = World(), Tickets()
    world.board.watch_tickets(tickets)
    breach = DeadlineBreached(
        at=NOON, number=TicketNumber("1"), clock="T3", due=NOON - timedelta(hours=1)
    )
    world.publish(breach, breach)
    assert len(tickets.asked) == 1, "one question at a time"

    def summary(number: str, hours: float) -> TicketSummary:
        due = NOON - timedelta(hours=hours)
        return TicketSummary(TicketNumber(number), "complaint", "Mr Li", "open", due, due, True)

    tickets.asked[0].callback(OverdueTickets(0))
    found = OverdueTickets(70, (summary("2", 3), summary("1", 1)), more=True)
    tickets.asked[1].callback(found)
    assert len(tickets.asked) == 2
    shown = world.screen.shown["tickets"]
    assert [each["number"] for each in shown["overdue"]] == ["2", "1"]
    assert (shown["count"], shown["more"]) == (70, True)
    assert "Mr Li" not in str(shown)


class TestUntoldTickets(SynchronousTestCase):
    """The wall does not stay as it was because the database was away for a moment."""

    def test_asked_again(self) -> None:
        world, tickets = World(), Tickets()
        world.board.watch_tickets(tickets)
        tickets.asked[0].errback(OSError("gone"))
        assert len(self.flushLoggedErrors(OSError)) == 1
        world.clock.advance(ASK_AGAIN)
        due = NOON - timedelta(hours=1)
        summary = TicketSummary(TicketNumber("1"), "complaint", "Li", "open", due, due, True)
        tickets.asked[1].callback(OverdueTickets(1, (summary,)))
        (shown,) = world.screen.shown["tickets"]["overdue"]
        assert shown["number"] == "1"
        world.clock.advance(ASK_AGAIN)
        assert len(tickets.asked) == 2


def test_the_day_is_shown_without_complaints_about_staff() -> None:
    world = World()
    secret = TicketRated(at=NOON, number=TicketNumber("1"), score=1, confidential=True)
    world.publish(secret)
    assert "ticket_day" not in world.screen.shown
    world.publish(replace(secret, confidential=False))
    assert world.screen.shown["ticket_day"]["rated"] == 1


def test_what_customers_think_of_the_answers_is_shown_for_the_day() -> None:
    world = World()
    assert "ticket_day" not in world.screen.shown
    number = TicketNumber("1")
    world.publish(
        TicketRated(at=NOON, number=number, score=1, solved=False),
        TicketRated(at=NOON, number=number, score=4),
        TicketRated(at=NOON, number=number, score=4, solved=True),
    )
    shown = world.screen.shown["ticket_day"]
    assert (shown["rated"], shown["scores"]) == (3, [1, 0, 0, 2, 0])
    assert (shown["average"], shown["unsolved"]) == (3.0, 1)
    world.clock.advance(24 * 3600)
    assert "ticket_day" not in world.screen.shown


def test_a_failing_question_is_asked_again_with_the_next_event() -> None:
    world, tickets = World(), Tickets()
    world.board.watch_tickets(tickets)
    tickets.asked[0].errback(ConnectionError())
    world.publish(DeadlineBreached(at=NOON, number=TicketNumber("1"), clock="T3", due=NOON))
    assert len(tickets.asked) == 2


def test_a_stalled_journal_shows() -> None:
    world = World()
    world.publish(JournalStalled(at=NOON, why="OperationalError"))
    assert world.screen.shown["journal"] == {"since": NOON}
    world.publish(JournalRecovered(at=NOON, seconds=3.0))
    assert "journal" not in world.screen.shown


def test_what_was_healed_is_shown_with_its_count() -> None:
    world = World()
    healed = DisagreementHealed(at=NOON, what=Disagreement.OFFER_OVERDUE, agent_id=A0)
    world.bus.publish(healed)
    world.bus.publish(replace(healed, what=Disagreement.WORK_OVERDUE))
    shown = world.board.snapshot()["healed"]
    assert (shown["count"], shown["what"]) == (2, "work_overdue")
    assert shown["name"] == f"Agent {A0}"


def test_an_event_is_folded_after_its_turn_or_when_somebody_asks() -> None:
    """So nobody's telephone rings the later for the figures of the day."""
    world = World()
    with counted() as work:
        for event in queued():
            world.bus.publish(event)
    assert work[0] < 20
    assert world.board.figures.queues[GENERAL].offered == 1
    for event in queued("c2"):
        world.bus.publish(event)
    with counted() as work:
        world.clock.advance(DRAW_AFTER)
        assert work[0] > 20
    with counted() as work:
        assert world.board.figures.queues[GENERAL].offered == 2
    assert work[0] < 20


def test_what_cannot_be_folded_keeps_nothing_else_from_it() -> None:
    world = World()
    world.bus.publish(replace(state(A0, AgentState.READY, AgentState.LOGGED_OFF), at=None))  # type: ignore[arg-type]
    assert world.publish(*queued())
    assert world.board.figures.queues[GENERAL].offered == 1


def test_nothing_is_drawn_while_nobody_looks_and_all_of_it_when_somebody_does() -> None:
    world = World()
    world.screen.audience = 0
    assert world.publish(*queued()) == []
    assert world.board.snapshot()[f"queue/{GENERAL}"]["waiting"] == 1
    world.screen.audience = 1
    assert f"queue/{GENERAL}" in world.publish(*queued("c2", NOON + timedelta(seconds=1)))
