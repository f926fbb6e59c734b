"""The switch itself in a test's reactor: sockets, a media worker, and every event it publishes."""

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cti.call.control import PlayEnd
from cti.call.model import Party
from cti.call.routing import Routing
from cti.call.switch import CallSettings, Switch
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.service import SwitchService, SwitchSettings
from cti.sip.access.antechamber import OverloadRules
from cti.sip.events import Transport
from cti.sip.session.session_timer import Terms
from cti.sip.settings import UserAgentSettings
from cti.transport.tls import TlsSettings
from cti.trunks.numbers import Numbers, NumberSettings
from cti.trunks.settings import Trunk, TrunksSettings
from cti.worker.settings import MediaSettings
from tests.support.audio import tone, write_wave
from tests.support.lossy_link import KnownAccounts
from tests.support.reactor import pause, reactor, run_in_reactor, until
from tests.support.stories import check_over, check_stories
from tests.support.worlds import raise_error

HOST = "127.0.0.1"
NUMBER = "95588"
EXTENSIONS = ("1001", "1002", "1003", "1004")
MUSIC, PROMPT, RINGING = 440.0, 700.0, 820.0
"""Hz of the hold music, of the announcement and of the ringing tone, here without its pauses."""
CARRIER = TrunksSettings({"carrier": Trunk("carrier", trusted=(HOST,))})
E = TypeVar("E", bound=Event)
Entry = Callable[["LiveSwitch", CallId], None]
Scene = Callable[["LiveSwitch"], Coroutine[Any, Any, None]]


class LiveSwitch:
    """Start it, let peers call `NUMBER`, look at `events`, stop it: nothing may be left."""

    def __init__(
        self,
        folder: Path,
        entry: Entry,
        *,
        max_calls: int = 1000,
        minimum_expires: int = 60,
        trunks: TrunksSettings | None = None,
        terms: Terms | None = None,
        tls: TlsSettings | None = None,
        overload: OverloadRules | None = None,
        port: int = 0,
        database: Database | None = None,
        events: list[Event] | None = None,
    ) -> None:
        """`events` are those of a switch before, whose calls the `database` keeps."""
        self.events: list[Event] = [] if events is None else events
        self.keys: list[str] = []
        self.prompt = write_wave(folder / "prompt.wav", tone(PROMPT, 20.0))
        music = write_wave(folder / "music.wav", tone(MUSIC, 5.0))
        ringing = write_wave(folder / "ringing.wav", tone(RINGING, 5.0))
        bus = Bus(raise_error)
        bus.subscribe(Event, self.events.append)
        accounts = KnownAccounts(*EXTENSIONS)
        settings = SwitchSettings(
            bind=HOST,
            run=folder / "run",
            sip=UserAgentSettings(
                HOST,
                port,
                minimum_expires=minimum_expires,
                session_terms=terms or Terms(),
                overload=overload or OverloadRules(),
            ),
            media=MediaSettings(bind=HOST, first_port=41000, last_port=42998),
            calls=CallSettings(HOST, folder / "recordings", music, max_calls, ringing),
            media_workers=1,
            trunks=trunks or CARRIER,
            numbers=Numbers(NumberSettings(), [NUMBER]),
            tls=tls,
        )
        self.service = SwitchService(settings, reactor(), bus, accounts, database=database)
        self.calls = self.service.calls
        self.calls.route(Routing({NUMBER: partial(entry, self)}))

    @property
    def port(self) -> int:
        """Where it listens for SIP."""
        return self.service.endpoint.user_agent.settings.port

    @property
    def tls_port(self) -> int:
        """Where it listens for SIP by TLS."""
        return self.service.endpoint.user_agent.settings.ports[Transport.TLS]

    @property
    def switch(self) -> Switch:
        """Its tables."""
        return self.calls._switch

    async def start(self) -> None:
        await self.service.start()

    async def stop(self) -> None:
        """Stop; every story has its end and nothing is left in any table."""
        await self.service.stop()
        assert not self.switch.calls
        assert not self.switch.members
        assert not self.switch.legs
        assert not self.switch.leg_of_session
        assert not self.service.media._homes
        assert self.service.endpoint.counters["failed"] == 0
        check_stories(self.events)
        check_over(self.events)

    def told(self, kind: type[E]) -> list[E]:
        """The events of that class, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    async def heard_of(self, kind: type[E], count: int = 1) -> E:
        """The event of that class, once there are so many of them."""
        await until(lambda: len(self.told(kind)) >= count)
        return self.told(kind)[count - 1]

    async def quiet(self) -> None:
        """Return when no call is left."""
        await until(lambda: not self.switch.calls)

    def leg(self, party: Party) -> ConnectionId:
        """The connection of that party in the only call."""
        (call,) = self.switch.calls.values()
        member = call.member_of(party)
        assert member is not None
        return member.id


def leave_alone(_switch: LiveSwitch, _call_id: CallId) -> None:
    """An entry that never answers."""


def answer_and_play(switch: LiveSwitch, call_id: CallId) -> None:
    """An entry that answers, collects keys and plays the announcement."""
    switch.calls.collect(call_id, switch.keys.append)
    switch.calls.answer(call_id).addCallback(lambda _: _play(switch, call_id))


def ring_the_agent(switch: LiveSwitch, call_id: CallId) -> None:
    """An entry that answers and rings 1001."""
    answered = switch.calls.answer(call_id)
    answered.addCallback(lambda _: switch.calls.deliver(call_id, DeviceId("1001")))


def _play(switch: LiveSwitch, call_id: CallId) -> None:
    ended: list[PlayEnd] = []
    switch.calls.play(call_id, [switch.prompt], repeat=True).addCallback(ended.append)


async def all_registered(switch: LiveSwitch, extensions: Sequence[str]) -> None:
    """Return when those telephones can be rung."""
    await until(lambda: all(switch.calls.registered(DeviceId(each)) for each in extensions))
    await pause(0.05)


def play(folder: Path, entry: Entry, scene: Scene, *, seconds: float = 40.0, **given: Any) -> None:
    """Run the scene on a switch of its own."""

    async def main() -> None:
        switch = LiveSwitch(folder, entry, **given)
        await switch.start()
        try:
            await scene(switch)
        finally:
            await switch.stop()

    run_in_reactor(main, timeout=seconds)
