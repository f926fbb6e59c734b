"""The switch as one thing that starts and stops: signalling, media workers, call control."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.database import Database
from cti.keeping.keeper import Keeper
from cti.keeping.repository import Found
from cti.kernel.bus import Bus
from cti.kernel.identifiers import CallId, ConnectionId, Entropy, system_entropy
from cti.sip.access.kept import KeptBinding
from cti.sip.events import BindingsChanged, Report, SignInFailed, Transport
from cti.sip.settings import Accounts, UserAgentSettings
from cti.trace.recorder import Recorder
from cti.transport.endpoint import SipEndpoint
from cti.transport.media_client import MediaWorkers
from cti.transport.resolver import Resolver
from cti.transport.sign_ins import SignInLog
from cti.transport.tls import TlsSettings
from cti.trunks.numbers import Numbers, NumberSettings
from cti.trunks.service import TrunkService
from cti.trunks.settings import TrunksSettings
from cti.worker.settings import MediaSettings

log = Logger()

OUTSIDE = (Transport.UDP, Transport.TCP, Transport.TLS)
"""Transports by which carriers are reached."""


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """What the switch is told: `bind` is the address SIP listens on, the rest its parts' own."""

    bind: str
    sip: UserAgentSettings
    media: MediaSettings
    calls: CallSettings
    run: Path
    """Where media workers are found again by the next server."""
    media_workers: int = 0
    """Media worker processes; 0 for one per spare core."""
    trunks: TrunksSettings = field(default_factory=TrunksSettings)
    numbers: Numbers = field(default_factory=lambda: Numbers(NumberSettings()))
    tls: TlsSettings | None = None
    """None: nobody can call us by TLS."""


class SwitchService:
    """Everything below the menus, the queues and the consoles; `calls` is what they use."""

    def __init__(
        self,
        settings: SwitchSettings,
        reactor: Any,
        bus: Bus,
        accounts: Accounts,
        entropy: Entropy = system_entropy,
        database: Database | None = None,
    ) -> None:
        """`database` keeps calls and telephones through a restart; without one they end with us."""
        self._settings = settings
        self.sign_ins = SignInLog(reactor)
        self.media = MediaWorkers(
            reactor, settings.media, settings.run, count=settings.media_workers
        )
        resolver = Resolver(reactor, entropy)
        self.trunks = TrunkService(
            settings.trunks,
            settings.numbers,
            settings.sip.host,
            reactor,
            bus,
            entropy,
            partial(resolver.endpoints, transports=OUTSIDE),
        )
        sip = replace(settings.sip, trunks=self.trunks.trusted)
        self.endpoint = SipEndpoint(
            reactor,
            sip,
            accounts,
            entropy,
            self._report,
            tls=settings.tls,
            resolver=resolver,
        )
        switch = Switch(
            settings.calls, reactor, bus, self.endpoint, self.media, entropy, self.trunks
        )
        self.calls = CallServices(switch)
        self.hindered: Callable[[], bool] = lambda: False
        """Tells whether something outside the switch keeps it from taking calls."""
        agent = self.endpoint.user_agent
        agent.antechamber.hindered = self._full
        agent.antechamber.urgent = self.trunks.urgent
        self.media.listener = self.calls
        self._switch, self._bus = switch, bus
        self.keeper: Keeper | None = None
        if database is not None:
            self.keeper = Keeper(database, reactor, self.calls.keep, self._bindings)
            switch.changed = self.keeper.call_changed
        self._found = Found()
        self._expected: frozenset[CallId] = frozenset()
        """Calls that others were told go on."""
        self._prepared = False

    def trace_to(self, recorder: Recorder) -> None:
        """Have every message, leg and event of a call written down from now on."""
        self.endpoint.tap = recorder.message
        self._switch.carried = recorder.carrying(self.endpoint.user_agent.call_id)
        recorder.listen(self._bus)

    async def prepare(self) -> frozenset[CallId]:
        """Start the workers, or find those that a server before us left, with calls in them.

        Gives the calls that `start` will go on with; what else was up then is over, and what was
        recorded of it is closed.
        """
        if self.keeper is not None:
            self._found = await self.keeper.open()
        await self.media.start()
        self._prepared = True
        there = self.media.survivors
        calls = [call for call in self._found.calls if any(leg.id in there for leg in call.legs)]
        await self.media.close_all_but({leg.id for call in calls for leg in call.legs})
        self._expected = frozenset(call.id for call in calls)
        return self._expected

    async def start(self) -> None:
        """Go on with the calls of the server before us, then take others."""
        if not self._prepared:
            await self.prepare()
        self.endpoint.start(self._settings.bind)
        # In the same turn: no message of a dialog may come before it is known again.
        lost = self._resume()
        self.trunks.start(self.endpoint)
        await self.media.close_strays()
        self.calls.legs_lost(lost)

    async def stop(self, *, leaving: bool = False) -> None:
        """End every call properly, wait for the farewells, leave no process behind.

        With `leaving`, calls in conversation are left to the server that comes after us.
        """
        self.trunks.stop()
        if leaving and self.keeper is not None:
            await self._leave(self.keeper)
            return
        await self.calls.shut_down()
        await self.endpoint.stop()
        if self.keeper is not None:
            await self.keeper.stop()
        await self.media.shut_down()

    def load(self) -> dict[str, int]:
        """What is up now; all of it is 0 when nobody calls."""
        return {
            "calls": len(self.calls.calls()),
            "sessions": len(self.endpoint.user_agent.sessions),
            "legs": self.media.open_legs,
        }

    def pressure(self) -> dict[str, dict[str, float]]:
        """Whom it does not listen to and how many calls it refuses; empty while all is quiet."""
        agent, now = self.endpoint.user_agent, self._switch.clock.seconds()
        door, room = agent.door, agent.antechamber
        shown: dict[str, dict[str, float]] = {}
        if banned := len(door.bans.current(now)):
            shown["door"] = {"banned": banned, "unheard": door.unheard}
        if room.passed:
            shown["overload"] = {"waiting": len(room), **room.passed}
        return shown

    def _full(self) -> bool:
        """Whether no call can be taken: as many are up as may be, or no port is left for one."""
        ports = len(self._settings.media.ports)
        return self._switch.full or self.media.open_legs >= ports or self.hindered()

    def _resume(self) -> list[ConnectionId]:
        """Take up what was found; gives the legs that ended meanwhile."""
        found, self._found = self._found, Found()
        calls, there, away = found.calls, self.media.survivors, self.media.alone
        if self.keeper is not None:
            self.keeper.listen(self._bus)
        for bindings in found.bindings.values():
            self.endpoint.resume_bindings(bindings)
        going_on: list[CallId] = []
        with log.failuresHandled("Kept calls cannot be taken up"):
            going_on = self.calls.resume(calls, away, self._expected)
        if calls:
            some, all_ = len(going_on), len(calls)
            log.info(
                "{some} of {all} calls go on after {away:.1f} s", some=some, all=all_, away=away
            )
        return [leg.id for call in calls for leg in call.legs if leg.id not in there]

    async def _leave(self, keeper: Keeper) -> None:
        await self.calls.leave()
        await keeper.stop()
        self.media.release()
        await self.endpoint.close()

    def _bindings(self, account: str) -> tuple[KeptBinding, ...] | None:
        return self.endpoint.keep_bindings(account) or None

    def _report(self, report: Report) -> None:
        if isinstance(report, SignInFailed):
            self.sign_ins.failed(report)
            return
        if isinstance(report, BindingsChanged):
            if self.keeper is not None:
                self.keeper.bindings_changed(report.account)
            return
        self.trunks.report(report)
        self.calls.report(report)
