"""An agent's day: figures as the wall counts them, and whom they promised to call back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from twisted.internet.defer import Deferred

from agents.desk.errors import follow_up_unknown
from agents.desk.model import FollowUp
from agents.desk.repository import finish_follow_up_txn, follow_ups_txn
from agents.events import (
    AgentStateChanged,
    CallAnswered,
    CallCoded,
    CallWrappedUp,
    OfferEnded,
)
from agents.timer import Timer
from cti.database import Database
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.ports import AgentDay, AgentDayPort

SHOW_AFTER = 2.0
"""Seconds from a change to its showing: figures are read, not watched."""

Worked = AgentStateChanged | CallAnswered | CallCoded | CallWrappedUp | OfferEnded
WORKED: tuple[type[Worked], ...] = (
    AgentStateChanged,
    CallAnswered,
    CallCoded,
    CallWrappedUp,
    OfferEnded,
)


class Days:
    """Every agent's day; `show` is called with what changed, seconds after it did."""

    def __init__(
        self,
        *,
        figures: AgentDayPort,
        database: Database,
        bus: Bus,
        clock: Clock,
        zone: tzinfo,
        agents: Callable[[], Iterable[AgentId]],
        show: Callable[[str, Any], None],
    ) -> None:
        """`zone` says when a day begins, for all of the `agents`."""
        self._figures, self._database = figures, database
        self._zone, self._agents = zone, agents
        self._bus, self._clock, self._show = bus, clock, show
        self._follow_ups: Mapping[AgentId, Sequence[FollowUp]] = {}
        self._stale: set[AgentId] = set()
        self._timer, self._midnight = Timer(clock), Timer(clock)
        self._subscriptions: list[Unsubscribe] = []

    def start(self) -> Deferred[None]:
        """Begin to listen; fires when the promises of earlier days are known."""
        self._subscriptions = [
            self._bus.subscribe(kind, lambda event: self.changed(event.agent_id)) for kind in WORKED
        ]
        self._subscriptions.append(self._bus.subscribe(CallCoded, self._coded))
        self._wait_for_midnight()
        return self._load()

    def stop(self) -> None:
        """Listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._timer.disarm()
        self._midnight.disarm()

    def entity(self, agent_id: AgentId) -> Mapping[str, Any]:
        """The day at this moment, as the page gets it."""
        return shown(self._figures.day_of(agent_id), self._follow_ups.get(agent_id, ()))

    def changed(self, agent_id: AgentId) -> None:
        """Show the agent's day again, soon."""
        self._stale.add(agent_id)
        self._timer.arm_once(SHOW_AFTER, self._show_stale)

    async def follow_up_done(self, agent_id: AgentId, call_id: CallId) -> None:
        """The customer was called back; Refused when there was nothing to do."""
        at = utc(self._clock)
        if not await self._database.run(finish_follow_up_txn, call_id, agent_id, at):
            raise follow_up_unknown()
        await self._load()
        self._show(f"day/{agent_id}", self.entity(agent_id))

    def _coded(self, event: CallCoded) -> None:
        if event.follow_up is not None or event.again:
            self._load().addCallback(lambda _done: self.changed(event.agent_id))

    def _load(self) -> Deferred[None]:
        def loaded(found: Mapping[AgentId, Sequence[FollowUp]]) -> None:
            self._follow_ups = found

        return self._database.read(follow_ups_txn).addCallback(loaded)

    def _wait_for_midnight(self) -> None:
        midnight = beginning_after(utc(self._clock), self._zone)
        self._midnight.arm_until(midnight, self._new_day)

    def _new_day(self) -> None:
        self._wait_for_midnight()
        for agent_id in self._agents():
            self.changed(agent_id)

    def _show_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for agent_id in sorted(stale):
            self._show(f"day/{agent_id}", self.entity(agent_id))


def beginning_after(now: datetime, zone: tzinfo) -> datetime:
    """The instant the next day begins there."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def shown(day: AgentDay, follow_ups: Sequence[FollowUp]) -> Mapping[str, Any]:
    """A day as the page gets it; shares and means are None without anything to divide by."""
    handling = day.talked + day.held + day.after_call
    return {
        "day": day.day,
        "handled": day.handled,
        "missed": day.missed,
        "uncoded": max(0, day.handled - day.coded),
        "talk_seconds": day.talked,
        "hold_seconds": day.held,
        "after_call_seconds": day.after_call,
        "average_handling": handling / day.handled if day.handled else None,
        "occupancy": day.occupancy,
        "call_backs": [
            {
                "call_id": each.call_id,
                "at": each.due,
                "name": each.name,
                "number": each.number,
                "note": each.note,
            }
            for each in follow_ups
        ],
    }
