"""Tells of callers who wait: one `CallQueued`, and later exactly one of the events that end it."""

from datetime import datetime

from agents.acd.overflow import Destination
from agents.acd.stays import Stay
from agents.events import CallAbandoned, CallAnswered, CallFlowedOut, CallQueued
from cti.call.control import CallControl
from cti.kernel.bus import Bus
from cti.kernel.identifiers import AgentId


class Telling:
    """The engine's words on the bus."""

    def __init__(self, bus: Bus, control: CallControl) -> None:
        self._bus, self._control = bus, control

    def queued(self, stay: Stay) -> None:
        """The caller waits since `stay.since`."""
        call = self._control.get(stay.call_id)
        self._bus.publish(
            CallQueued(
                at=stay.since,
                call_id=stay.call_id,
                queue_id=stay.queue_id,
                service_level=stay.call.service_level,
                customer_id=call.user_data.customer_id if call else None,
                situation=stay.call.situation,
                head_start=stay.since.timestamp() - stay.call.arrived,
            )
        )

    def answered(self, stay: Stay, agent_id: AgentId, at: datetime) -> None:
        """The agent talks with the caller."""
        self._bus.publish(
            CallAnswered(
                at=at,
                call_id=stay.call_id,
                queue_id=stay.queue_id,
                agent_id=agent_id,
                waited=stay.until(at),
                forecast=stay.forecast,
            )
        )

    def abandoned(self, stay: Stay, at: datetime) -> None:
        """The caller hung up."""
        self._bus.publish(
            CallAbandoned(
                at=at, call_id=stay.call_id, queue_id=stay.queue_id, waited=stay.until(at)
            )
        )

    def flowed_out(self, stay: Stay, reason: str, at: datetime, to: Destination | None) -> None:
        """The caller left the queue for that reason, and went there."""
        self._bus.publish(
            CallFlowedOut(
                at=at,
                call_id=stay.call_id,
                queue_id=stay.queue_id,
                waited=stay.until(at),
                reason=reason,
                to=str(to or ""),
            )
        )
