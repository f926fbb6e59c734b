"""Call control: the one interface everything above the switch uses, named as CSTA names it.

The implementation is `cti.call.services.CallServices`; `tests.support.fake_calls` is a faithful
fake. Commands act at once and never block; what came of them arrives as events of
`cti.call.events` on the bus. A command on a call or connection that is already gone does nothing:
the event that says so is on its way.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from cti.call.model import Call, Cause, Party
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId

Sound = Path
"""A WAV file, mono 16-bit at 8000 samples per second, that a media worker can open."""


class PlayEnd(Enum):
    """How an announcement ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    """By a key press (barge-in), `stop`, or another `play`."""
    CLEARED = "cleared"
    """The call ended."""


class CallControl(Protocol):
    """Services on calls (ECMA-269, clause 17 and 18)."""

    def get(self, call_id: CallId) -> Call | None:
        """The call as it stands, or None once it is cleared."""

    def calls(self) -> list[Call]:
        """Every call there is now."""

    def registered(self, device_id: DeviceId) -> bool:
        """Whether that telephone of the house can be rung."""

    def attach(self, call_id: CallId, **changes: Any) -> None:
        """Associate Data: replace those fields of the call's `UserData`; publishes it."""

    def answer(self, call_id: CallId) -> Deferred[bool]:
        """Answer the caller and start recording: True once media flows, False if they left."""

    def reject(self, call_id: CallId, cause: Cause) -> None:
        """Refuse the unanswered caller."""

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool = False,
        barge_in: bool = False,
    ) -> Deferred[PlayEnd]:
        """Play Message to the caller, in place of what plays now. Never fails."""

    def stop(self, call_id: CallId) -> None:
        """Stop what plays to the caller."""

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        """Hand every key the caller presses (``0-9*#A-D``) to `on_key`; None ends it."""

    def mask(self, call_id: CallId, masked: bool) -> None:
        """Write silence into the recording while masked; the length is kept."""

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        """Ring that telephone for this call.

        Delivered follows when it rings, then Established (the caller is bridged to it, and what
        played to the caller is stopped, before the event goes out) or Failed (the caller stays
        where they were).
        """

    def hold(self, connection_id: ConnectionId) -> None:
        """The device holds the call: the other side hears music. Held follows."""

    def retrieve(self, connection_id: ConnectionId) -> None:
        """The device takes the held call back. Retrieved follows."""

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        """Take one device out: a ringing phone stops ringing (Failed follows, cancelled).

        When the last device beside the caller leaves an established conversation, the call is
        cleared, whoever left.
        """

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        """End the whole call; CallCleared follows."""
