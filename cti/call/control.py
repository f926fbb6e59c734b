"""Call control: the one interface everything above the switch uses, named as CSTA names it.

The implementation is `cti.call.services.CallServices`; `tests.support.fake_calls` is a faithful
fake. Commands act at once and never block; what came of them arrives as events of
`cti.call.events` on the bus. A command on a call or connection that is already gone does nothing:
the event that says so is on its way. What the state of a connection forbids is Refused with
``call.not_now`` (`cti.call.rules` has the table), what cannot be joined because its sound is in
another place with ``call.apart``, a number that leads nowhere with ``call.no_route``.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from cti.call.collecting import Collected, KeyPlan
from cti.call.model import Call, Cause, Connection, Party
from cti.call.routing import Entry
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId

__all__ = ["CallControl", "Collected", "KeyPlan", "PlayEnd", "Snoop", "Sound"]

Sound = Path
"""A WAV file, mono 16-bit at 8000 samples per second, that a media worker can open."""


class PlayEnd(Enum):
    """How an announcement ended."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    """By a key press (barge-in), `stop`, or another `play`."""
    CLEARED = "cleared"
    """The call ended."""


class Snoop(Enum):
    """How a supervisor takes part in a conversation."""

    LISTEN = "listen"
    """Hears everybody, is heard by nobody."""
    WHISPER = "whisper"
    """Hears everybody, is heard by the agent alone."""
    BARGE = "barge"
    """Hears everybody, is heard by everybody."""


class PlaceKeeper(Protocol):
    """Says which telephones that are gone in mid-call to wait for, and serves on whom they left.

    Such a telephone is a page's: it can be loaded again, and is back in a moment.
    """

    def keeps_place(self, connection: Connection) -> float:
        """Within how many seconds it is to be back; 0 for one that is not waited for."""

    def place_given_up(self, connection: Connection) -> bool:
        """It did not come back, and its customer waits alone, with music.

        Whether somebody serves the customer on; else the call is over.
        """


class CallControl(Protocol):
    """Services on calls (ECMA-269, clause 17 and 18)."""

    # --- what there is ----------------------------------------------------------------------

    def get(self, call_id: CallId) -> Call | None:
        """The call as it stands, or None once it is cleared."""

    def calls(self) -> list[Call]:
        """Every call there is now."""

    def names(self) -> list[CallId]:
        """Of every call there is now, for who looks at a few of them in each turn."""

    def registered(self, device_id: DeviceId) -> bool:
        """Whether that telephone of the house can be rung."""

    def attach(self, call_id: CallId, **changes: Any) -> None:
        """Associate Data: replace those fields of the call's `UserData`; publishes it."""

    def keep_places(self, keeper: PlaceKeeper) -> None:
        """From now on it says whether to wait for pages that are gone in mid-call.

        Away tells of one that is waited for, Back that it is in its place again. Else its
        connection ends, MEDIA_LOST: with the call, unless its customer is served on.
        """

    # --- beginning --------------------------------------------------------------------------

    def make(self, device_id: DeviceId, number: str) -> CallId:
        """Make Call: ring the telephone; once it is answered, call `number` for it.

        `number` is a telephone of the house or an outside number. CallStarted follows, Originated
        when the telephone is answered; the call is cleared when either does not answer.
        Refused ``call.not_registered`` when the telephone cannot be rung.
        """

    def originate(self, number: str, entry: Entry) -> CallId:
        """Call an outside number for the house itself; `entry` takes the call once answered.

        The called person is then served as a caller is (`Call.customer`): play, collect, deliver.
        """

    def answer(self, call_id: CallId) -> Deferred[bool]:
        """Answer the caller and start recording: True once media flows, False if they left."""

    def reject(self, call_id: CallId, cause: Cause) -> None:
        """Refuse the unanswered caller."""

    def deflect(
        self, connection_id: ConnectionId, number: str, *, redirect: bool = False
    ) -> ConnectionId:
        """Deflect Call: send what rings at the device to `number` instead; Diverted follows.

        Of an unanswered caller's connection: pass the caller on to `number`, or with `redirect`
        tell the caller's exchange to call there itself (302, RFC 3261, 21.3.3), which ends the
        call here. Gives the new connection, empty for a redirection.
        """

    def deliver(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        """Ring that telephone, all of its contacts at once, or call that outside number.

        Delivered follows when it rings, then Established (the caller is with it, and what
        played to the caller is stopped, before the event goes out) or Failed (the caller stays
        where they were). A caller not yet answered is answered with it.
        """

    # --- two calls of one device ------------------------------------------------------------

    def hold(self, connection_id: ConnectionId) -> None:
        """The device holds the call: the other side hears music. Held follows."""

    def retrieve(self, connection_id: ConnectionId) -> None:
        """The device takes the held call back. Retrieved follows.

        Refused while the device talks in another call by the same telephone line.
        """

    def consult(self, connection_id: ConnectionId, number: str) -> ConnectionId:
        """Consultation Call: hold this call and call `number` from the same device.

        Gives the device's connection in the new call; CallStarted and Originated follow. When
        `number` does not answer, the new call is cleared and the first one stays on hold.
        """

    def alternate(self, held: ConnectionId, active: ConnectionId) -> None:
        """Alternate Call: hold the active one of a device's two calls, retrieve the held one."""

    def reconnect(self, held: ConnectionId, active: ConnectionId) -> None:
        """Reconnect Call: leave the active (or still ringing) call, retrieve the held one."""

    def transfer(self, held: ConnectionId, active: ConnectionId) -> None:
        """Transfer Call: the parties of a device's two calls become one call without the device.

        The caller's call goes on under its own id (`Transferred.resulting_call_id`), with its user
        data, completed from the other's. The consulted party may still ring.
        """

    def conference(self, held: ConnectionId, active: ConnectionId) -> None:
        """Conference Call: the parties of a device's two calls become one call, device included."""

    # --- one call ---------------------------------------------------------------------------

    def single_step_transfer(
        self, connection_id: ConnectionId, number: str, *, release: bool = False
    ) -> ConnectionId:
        """Single Step Transfer: hand the other party on to `number` and leave the call.

        The party hears music until `number` answers; when it does not (Failed), the transferring
        telephone is rung back. With `release` the far exchange is asked to make the transfer
        itself (REFER, RFC 5589, 6): it keeps the lines of the house free; the call is cleared
        with TRANSFERRED when it has, and goes on as it was when it has not.

        Of a caller's own connection it is the house that passes the caller on: Failed then says
        that the caller is back. Gives the new connection, empty with `release`.
        """

    def park(self, connection_id: ConnectionId) -> None:
        """Park Call: the device leaves, its party waits alone and hears music. Parked follows.

        The music gives way to what is played to the party next, for good. Who listened to the
        conversation, or rang to join it, is out of the call too. Refused unless the party is the
        customer and nobody else takes part. What serves the party then is the caller's business.
        """

    def mute(self, connection_id: ConnectionId, muted: bool) -> None:
        """Microphone Mute: the device is heard by nobody in this call; Muted or Unmuted follows."""

    def join(self, call_id: CallId, device_id: DeviceId) -> ConnectionId:
        """Single Step Conference: ring a telephone, or call a number, into the conversation.

        Conferenced and Established follow when it answers, Failed when it does not.
        """

    def snoop(
        self,
        call_id: CallId,
        device_id: DeviceId,
        mode: Snoop,
        *,
        agent: ConnectionId | None = None,
    ) -> ConnectionId:
        """Ring a supervisor's telephone into the call in that mode, or change the mode it has.

        A whisper is heard by `agent`, else by the agent who came last. RoleChanged tells of a
        change. When the supervisor leaves, the conversation goes on.
        """

    def intercept(self, connection_id: ConnectionId, device_id: DeviceId) -> ConnectionId:
        """Ring that telephone; when it answers it takes the place of the connection.

        The one whose place it takes, whether it talks or rings, ends with TRANSFERRED.
        """

    def clear_connection(
        self, connection_id: ConnectionId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL
    ) -> None:
        """Take one device out: a ringing phone stops ringing (Failed follows, cancelled).

        A conference goes on while two participants are left. A conversation that loses a side is
        over: the call is cleared, whoever left.
        """

    def clear(self, call_id: CallId, by: Party = Party.SYSTEM, cause: Cause = Cause.NORMAL) -> None:
        """End the whole call; CallCleared follows."""

    # --- sound and keys ---------------------------------------------------------------------

    def play(
        self,
        call_id: CallId,
        sounds: Sequence[Sound],
        *,
        repeat: bool = False,
        barge_in: bool = False,
        to: ConnectionId | None = None,
    ) -> Deferred[PlayEnd]:
        """Play Message to the customer, or to one connection, in place of what plays now.

        Never fails.
        """

    def stop(self, call_id: CallId, *, to: ConnectionId | None = None) -> None:
        """Stop what plays to the customer, or to that connection."""

    def collect(self, call_id: CallId, on_key: Callable[[str], None] | None) -> None:
        """Hand every key the customer presses (``0-9*#A-D``) to `on_key`; None ends it.

        Keys that `collect_keys` takes are not handed on.
        """

    def collect_keys(self, call_id: CallId, plan: KeyPlan) -> Deferred[Collected]:
        """Collect Digits: take the customer's next keys as planned. Never fails.

        A collection that runs already ends with REPLACED.
        """

    def send_keys(self, connection_id: ConnectionId, keys: str) -> None:
        """Generate Digits: press keys towards that device."""

    # --- recording --------------------------------------------------------------------------

    def record(self, call_id: CallId) -> None:
        """Start recording the call where it is not recorded yet; RecordingStarted follows."""

    def pause_recording(self, call_id: CallId, paused: bool) -> None:
        """Write silence in place of both sides while paused; everybody goes on hearing."""

    def mask(self, call_id: CallId, masked: bool) -> None:
        """Write silence into the recording while masked; the length is kept.

        Nobody hears the customer meanwhile.
        """

    def seclude(self, call_id: CallId, secluded: bool) -> None:
        """Leave the customer alone with what is played to them, or give them back, in one step.

        Meanwhile they hear nobody and nobody hears them, the others hear music when they are
        alone, supervisors hear nothing, and the recording has silence of the same length; nobody
        may join, replace, take or hand on the call (Refused ``call.secure``), and it goes on
        without whoever leaves it. Afterwards everybody hears what the states and roles say.
        """

    def mark(self, call_id: CallId, label: str) -> None:
        """Note this instant in the recording under that label."""
