"""How good the lines of telephones in pages are: what browsers measure, at its worst."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from agents.errors import command_unknown
from agents.events import LineMeasured
from cti.call.events import ConnectionCleared
from cti.call.model import Party
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.identifiers import AgentId, CallId, DeviceId

LONGEST, LOUDEST, QUIETEST = 60_000.0, 0.0, -100.0
"""Milliseconds, and dBFS, that a figure is taken to be within."""


@dataclass(frozen=True, slots=True)
class Line:
    """One look at the line; None is what the browser does not know.

    `round_trip` and `jitter` in milliseconds, `loss` in per cent of what was to come, `level` of
    the microphone in dBFS.
    """

    round_trip: float | None = None
    loss: float | None = None
    jitter: float | None = None
    level: float | None = None

    @classmethod
    def parse(cls, plain: Any) -> "Line":
        """Read what a page says; Refused (``agent.command_unknown``) for what is no number."""
        return cls(
            _number(plain.get("rtt"), 0.0, LONGEST),
            _number(plain.get("loss"), 0.0, 100.0),
            _number(plain.get("jitter"), 0.0, LONGEST),
            _number(plain.get("level"), QUIETEST, LOUDEST),
        )

    def worst(self, other: "Line") -> "Line":
        """The worse of each; of the microphone the loudest: whether anything was said at all."""
        return Line(
            _most(self.round_trip, other.round_trip),
            _most(self.loss, other.loss),
            _most(self.jitter, other.jitter),
            _most(self.level, other.level),
        )


class Lines:
    """Keeps the worst of each agent's line in each call, and tells it when they leave the call."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._worst: dict[tuple[CallId, DeviceId], tuple[AgentId, Line]] = {}
        self._latest: dict[AgentId, Line] = {}
        self._listeners: list[Callable[[AgentId], None]] = []

    def start(self) -> Unsubscribe:
        """Listen; gives what ends it."""
        return self._bus.subscribe(ConnectionCleared, self._left)

    def report(
        self, agent_id: AgentId, device_id: DeviceId, calls: Iterable[CallId], line: Line
    ) -> None:
        """The line is like that now, in all the calls that the telephone is in."""
        for call_id in calls:
            before = self._worst.get((call_id, device_id))
            worst = before[1].worst(line) if before is not None else line
            self._worst[call_id, device_id] = agent_id, worst
            self._latest[agent_id] = line
        for listener in self._listeners:
            listener(agent_id)

    def latest(self, agent_id: AgentId) -> Line | None:
        """The last look at the line of the call that the agent is in."""
        return self._latest.get(agent_id)

    def listen(self, listener: Callable[[AgentId], None]) -> Unsubscribe:
        """Tell `listener` whose line was looked at; gives what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _left(self, event: ConnectionCleared) -> None:
        found = self._worst.pop((event.call_id, event.device_id), None)
        if found is None or event.party is not Party.AGENT:
            return
        agent_id, worst = found
        self._latest.pop(agent_id, None)
        self._bus.publish(
            LineMeasured(
                at=event.at,
                call_id=event.call_id,
                agent_id=agent_id,
                round_trip=worst.round_trip,
                loss=worst.loss,
                jitter=worst.jitter,
                level=worst.level,
            )
        )


def _number(value: object, least: float, most: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise command_unknown("phone_report")
    return float(min(max(value, least), most))


def _most(one: float | None, other: float | None) -> float | None:
    return max((each for each in (one, other) if each is not None), default=None)
