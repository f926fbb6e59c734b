"""What the parts of call control share: the ports they act through and the table of live calls."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime

from cti.call.control import PlayEnd
from cti.call.live import Leg, LiveCall
from cti.call.model import Connection, ConnectionState, Device, Party
from cti.call.signalling import Signalling
from cti.kernel.bus import Bus
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId, ConnectionId, Entropy
from cti.media.port import MediaPort, MediaTarget
from cti.sip.events import SessionId


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What call control is told once."""

    host: str
    """Our address in the From of calls to the house's telephones."""
    recordings: Path
    music: Path
    """What a held party hears, over and over."""
    max_calls: int = 1000


@dataclass(slots=True)
class Switch:
    """Ports, settings and every live call, by the names signalling and media know them by."""

    settings: CallSettings
    clock: IReactorTime
    bus: Bus
    signalling: Signalling
    media: MediaPort
    entropy: Entropy
    calls: dict[CallId, LiveCall] = field(default_factory=dict)
    call_of_leg: dict[ConnectionId, LiveCall] = field(default_factory=dict)
    leg_of_session: dict[SessionId, Leg] = field(default_factory=dict)
    play_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    carried: Callable[[Connection, SessionId], object] = lambda _connection, _session: None
    """Told which SIP session carries which connection, each time one begins to."""

    def live(self, call_id: CallId) -> LiveCall | None:
        """The call, unless it is gone or being cleared."""
        call = self.calls.get(call_id)
        return call if call is not None and call.cleared is None else None

    def new_call_id(self) -> CallId:
        """A name that sorts by time, is unique, and can be read out."""
        return CallId(f"{utc(self.clock):%Y%m%d-%H%M%S}-{self.entropy(4)}")

    def add_leg(self, call: LiveCall, device: Device, party: Party) -> Leg:
        """A new connection of the call; its RTP leg starts to open at once."""
        name = ConnectionId(f"{call.id}.{next(call.numbers)}")
        now = utc(self.clock)
        connection = Connection(name, call.id, device, party, ConnectionState.INITIATED, now)
        leg = Leg(connection, self.media.open(name, call.id))
        call.legs[name] = leg
        self.call_of_leg[name] = call
        return leg

    def join(self, leg: Leg, session: SessionId) -> None:
        """That SIP session carries the leg."""
        leg.session = session
        self.leg_of_session[session] = leg
        self.carried(leg.connection, session)

    def aim(self, leg: Leg, target: MediaTarget) -> None:
        """The leg sends there from now on."""
        leg.target = target
        self.media.configure(leg.id, target)

    def part(self, leg: Leg) -> SessionId | None:
        """The SIP session that carried the leg carries it no more."""
        session, leg.session = leg.session, None
        if session is not None:
            del self.leg_of_session[session]
        return session

    def forget_leg(self, leg: Leg) -> None:
        """The leg is no longer in its call, nor is it carried by any session."""
        self.part(leg)
        if call := self.call_of_leg.pop(leg.id, None):
            del call.legs[leg.id]

    def about(self, leg: Leg) -> dict[str, Any]:
        """The fields every connection event has."""
        connection = leg.connection
        return {
            "at": utc(self.clock),
            "call_id": connection.call_id,
            "connection_id": connection.id,
            "device_id": connection.device.id,
            "party": connection.party,
        }

    def start_music(self, leg: Leg) -> None:
        """The leg hears the hold music until it is bridged again."""
        music = [self.settings.music]
        self.media.play(leg.id, next(self.play_numbers), music, repeat=True)

    def end_play(self, call: LiveCall, end: PlayEnd) -> None:
        """Whoever waits for the announcement learns how it ended; media is not told."""
        playing, call.playing = call.playing, None
        if playing is not None:
            playing.ended.callback(end)
