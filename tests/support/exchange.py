"""A running switch with telephones that stay: two baresips and one of the house's own.

    1001, 1002   baresip; each says its own tone, and what it heard is in its dump
    1003         the house's own telephone
    callers      lines of a carrier: `dial`, or SIPp

It goes on from test to test of a module; `play` runs one scene on it and ends every call after it.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cti.call.control import CallControl
from cti.call.events import CallEvent, CallStarted, Established
from cti.call.live import Leg
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.media.port import MediaAddress
from cti.sip.events import SessionId
from cti.trunks.settings import Gateway, Trunk, TrunksSettings
from tests.support.audio import RATE
from tests.support.baresip import Baresip, running_baresip
from tests.support.handset import Handset
from tests.support.house import free_port
from tests.support.house_phone import HousePhone
from tests.support.live_switch import (
    HOST,
    MUSIC,
    NUMBER,
    PROMPT,
    RINGING,
    LiveSwitch,
    all_registered,
    leave_alone,
)
from tests.support.reactor import pause, run_in_reactor, stood_still, until
from tests.support.voice import Voice
from tests.support.who_hears_whom import LISTENING, Ear, until_heard

OUTSIDE = "13800138000"
"""Whom the house calls by its carrier."""
TONES = {"music": MUSIC, "prompt": PROMPT, "ringing": RINGING}
TONES |= {"1001": 1000.0, "1002": 1260.0, "1003": 1580.0}
"""Hz. None is a harmonic of another."""
CALLER, OTHER = 560.0, 1900.0
PACKETS, SHARE, SHORT = 50, 0.8, 0.05
"""Packets of sound in a second, how many of them come at least where nobody stands still, and the
seconds that are too short to be noticed."""
E = TypeVar("E", bound=Event)
V = TypeVar("V")
Scene = Callable[[], Coroutine[Any, Any, None]]


class Exchange:
    """The switch, its telephones, and what happened in the scene that is played."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.carrier_port = free_port()
        carrier = Trunk(
            "carrier", (Gateway(HOST, self.carrier_port),), trusted=(HOST,), probed=False
        )
        self.live = LiveSwitch(folder, leave_alone, trunks=TrunksSettings({"carrier": carrier}))
        self.calls: CallControl = self.live.calls
        self.baresips: dict[str, Baresip] = {}
        self.house_phone: HousePhone
        self.guests: list[Voice | HousePhone] = []
        """Those who are there for the scene alone."""
        self._begun = 0

    # --- the module -------------------------------------------------------------------------

    async def start(self) -> None:
        """Take calls."""
        await self.live.start()

    async def gather(self, phones: Sequence[Baresip]) -> None:
        """Every telephone registers."""
        self.baresips = {phone.name: phone for phone in phones}
        self.house_phone = HousePhone(self.folder / "1003", "1003", TONES["1003"])
        await self.house_phone.register(self.live.port)
        await all_registered(self.live, ["1001", "1002", "1003"])

    async def stop(self) -> None:
        """Everybody leaves while the switch still listens."""
        await self.house_phone.leave()
        for phone in self.baresips.values():
            phone.process.terminate()
        await until(lambda: all(p.process.poll() is not None for p in self.baresips.values()))
        await self.live.stop()

    def play(self, scene: Scene, *, seconds: float = 30.0) -> None:
        """Run the scene; afterwards no call and no session is left."""

        async def main() -> None:
            self._begun = len(self.live.events)
            try:
                await scene()
            finally:
                await self._end()

        run_in_reactor(main, timeout=seconds, keep=True)

    async def _end(self) -> None:
        for call in self.calls.calls():
            self.calls.clear(call.id)
        await self.live.quiet()
        guests, self.guests = self.guests, []
        for guest in guests:
            await guest.leave()
        await until(lambda: not self.house_phone.telephone.calls)
        assert not self.live.service.endpoint.counters["failed"]

    # --- who is there -----------------------------------------------------------------------

    def handset(self, name: str, frequency: float, **given: Any) -> Handset:
        """Somebody outside, until the end of the scene."""
        handset = Handset(name, frequency, **given)
        self.guests.append(handset)
        return handset

    def voice(self, name: str, frequency: float) -> Voice:
        """The sound of somebody whose signalling SIPp makes, until the end of the scene."""
        voice = Voice(name, frequency)
        self.guests.append(voice)
        return voice

    async def dial(
        self, name: str = "caller", frequency: float = CALLER, *, late: bool = False
    ) -> tuple[Handset, CallId]:
        """Somebody outside dials in, without an offer if `late`; nobody has answered yet."""
        count = len(self.told(CallStarted))
        handset = self.handset(name, frequency)
        handset.dial(NUMBER, self.live.port, late=late)
        started = await self.happened(CallStarted, count + 1)
        return handset, started.call_id

    async def second(self, extension: str, frequency: float, *, rings: bool) -> HousePhone:
        """One more telephone of an extension, until the end of the scene."""
        count = len(self.live.service.endpoint.contacts(extension))
        folder = self.folder / f"{extension}-{count}"
        phone = HousePhone(folder, extension, frequency, rings=rings)
        phone.name = folder.name
        self.guests.append(phone)
        await phone.register(self.live.port)
        return phone

    async def talking(self, extension: str = "1001") -> tuple[Handset, CallId, ConnectionId]:
        """A caller from outside talks with that telephone; gives its connection."""
        caller, call_id = await self.dial()
        assert await self.calls.answer(call_id)
        return caller, call_id, await self.deliver(call_id, extension)

    async def deliver(self, call_id: CallId, extension: str) -> ConnectionId:
        """That telephone is in the call."""
        return await self.up(self.calls.deliver(call_id, DeviceId(extension)))

    async def up(self, connection: ConnectionId) -> ConnectionId:
        """Return when that connection is established."""
        await until(lambda: any(e.connection_id == connection for e in self.told(Established)))
        return connection

    def connection(self, call_id: CallId, device: str) -> ConnectionId:
        """The connection of that device in the call."""
        connections = found(self.calls.get(call_id)).connections
        (connection,) = [each.id for each in connections if each.device.id == device]
        return connection

    def session_of(self, connection: ConnectionId) -> SessionId:
        """The SIP session that carries the connection."""
        return found(found(self._leg(connection)).session)

    def sound_of(self, connection: ConnectionId) -> MediaAddress:
        """Where the switch listens to that connection."""
        return found(found(self._leg(connection)).local)

    def sends_to(self, connection: ConnectionId) -> int:
        """The port that connection is sent to; 0 where there is none."""
        leg = self._leg(connection)
        return leg.target.port if leg is not None and leg.target is not None else 0

    def name_of(self, connection: ConnectionId) -> str:
        """The Call-ID of that connection's session."""
        sessions = self.live.service.endpoint.user_agent._sessions
        return found(sessions.get(self.session_of(connection))).call_id

    def replaces(self, connection: ConnectionId) -> tuple[str, str, str]:
        """The dialog of that connection as its far side names it: Call-ID, our tag, its tag."""
        sessions = self.live.service.endpoint.user_agent._sessions
        session = found(sessions.get(self.session_of(connection)))
        return session.call_id, session.tag, found(session.dialog).remote_tag

    def _leg(self, connection: ConnectionId) -> Leg | None:
        return self.live.switch.members[connection].leg

    def customer(self, call_id: CallId) -> ConnectionId:
        """The connection of whoever the house serves."""
        return found(found(self.calls.get(call_id)).customer).id

    # --- what happens -----------------------------------------------------------------------

    def told(self, kind: type[E]) -> list[E]:
        """The events of that class in this scene, in order."""
        return [each for each in self.live.events[self._begun :] if isinstance(each, kind)]

    async def happened(self, kind: type[E], count: int = 1) -> E:
        """The event of that class, once there are so many of them in this scene."""
        await until(lambda: len(self.told(kind)) >= count)
        return self.told(kind)[count - 1]

    def story(self, call_id: CallId) -> list[str]:
        """The kinds of everything that happened to the call."""
        return [each.kind for each in self.told(CallEvent) if each.call_id == call_id]

    async def undisturbed(self, caller: Voice, extension: str) -> None:
        """Return when, for a moment up to now, nobody between those two stood still."""

        def so_far() -> tuple[int, int, float]:
            rested = caller.phone.silences + stood_still()
            return self.baresips[extension].position(), caller.position(), rested

        while True:
            came, went, rested = so_far()
            await pause(LISTENING)
            samples, packets, resting = so_far()
            lived = samples - came > SHARE * LISTENING * RATE
            went_on = packets - went > SHARE * LISTENING * PACKETS
            if lived and went_on and resting - rested < SHORT:
                return

    async def hears(self, wanted: dict[str, set[str]], *ears: Ear) -> None:
        """Return when they hear each other like that, from now on or from a little later.

        They are the telephones, and those outside that are given; who hears nobody is left out.
        """
        everybody: list[Ear] = [*self.baresips.values(), self.house_phone, *ears]
        tones = TONES | {
            each.name: each.frequency for each in ears if isinstance(each, Voice | HousePhone)
        }
        await until_heard(everybody, tones, wanted)


def found(value: V | None) -> V:
    """It is there."""
    assert value is not None
    return value


@contextmanager
def running_exchange(folder: Path) -> Iterator[Exchange]:
    """The exchange with its telephones; stopped and looked over behind the last scene."""
    exchange = Exchange(folder)
    run_in_reactor(exchange.start, keep=True)
    with ExitStack() as stack:
        phones = [
            stack.enter_context(
                running_baresip(
                    folder / each, each, exchange.live.port, TONES[each], secret=f"secret-{each}"
                )
            )
            for each in ("1001", "1002")
        ]
        run_in_reactor(lambda: exchange.gather(phones), keep=True)
        try:
            yield exchange
        finally:
            run_in_reactor(exchange.stop, timeout=15)
