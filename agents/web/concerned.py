"""Which agents see something else when a call or a telephone changes."""

from collections.abc import Callable

from cti.call.control import CallControl
from cti.call.events import (
    CallEvent,
    ConnectionEvent,
    DeviceRegistered,
    DeviceUnregistered,
    MediaReported,
    NetworkReached,
    RecordingStarted,
    RecordingStopped,
)
from cti.call.model import Call
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.identifiers import AgentId, DeviceId

QUIET = (MediaReported, NetworkReached, RecordingStarted, RecordingStopped)
"""What happens to calls and changes nothing that anybody sees."""

AgentOf = Callable[[DeviceId], AgentId | None]
"""Whose telephone that is."""


def concerned(event: CallEvent, call: Call | None) -> set[DeviceId]:
    """The telephones in the call as it is now, and the one that the event is about."""
    if isinstance(event, QUIET):
        return set()
    devices = {each.device.id for each in call.connections} if call is not None else set()
    if isinstance(event, ConnectionEvent):
        devices.add(event.device_id)
    return devices


def hear_of_agents(
    bus: Bus, control: CallControl, agent_of: AgentOf, tell: Callable[[AgentId], object]
) -> list[Unsubscribe]:
    """Tell of every agent to whose calls, or to whose telephone, something happens."""

    def happened(event: CallEvent) -> None:
        for device in concerned(event, control.get(event.call_id)):
            changed(device)

    def changed(device: DeviceId) -> None:
        if (agent_id := agent_of(device)) is not None:
            tell(agent_id)

    return [
        bus.subscribe(CallEvent, happened),
        bus.subscribe(DeviceRegistered, lambda event: changed(event.device_id)),
        bus.subscribe(DeviceUnregistered, lambda event: changed(event.device_id)),
    ]
