"""The switch as one thing that starts and stops: signalling, media workers, call control."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.kernel.bus import Bus
from cti.kernel.identifiers import Entropy, system_entropy
from cti.sip.events import Report, SignInFailed, Transport
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
    ) -> None:
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
        self.media.listener = self.calls
        self._switch, self._bus = switch, bus

    def trace_to(self, recorder: Recorder) -> None:
        """Have every message, leg and event of a call written down from now on."""
        self.endpoint.tap = recorder.message
        self._switch.carried = recorder.carrying(self.endpoint.user_agent.call_id)
        recorder.listen(self._bus)

    async def start(self) -> None:
        """Start the workers, then take calls; those of the server before are over."""
        await self.media.start()
        await self.media.close_strays()
        self.endpoint.start(self._settings.bind)
        self.trunks.start(self.endpoint)

    async def stop(self) -> None:
        """End every call properly, wait for the farewells, leave no process behind."""
        self.trunks.stop()
        await self.calls.shut_down()
        await self.endpoint.stop()
        await self.media.shut_down()

    def load(self) -> dict[str, int]:
        """What is up now; all of it is 0 when nobody calls."""
        return {
            "calls": len(self.calls.calls()),
            "sessions": len(self.endpoint.user_agent.sessions),
            "legs": self.media.open_legs,
        }

    def _report(self, report: Report) -> None:
        if isinstance(report, SignInFailed):
            self.sign_ins.failed(report)
            return
        self.trunks.report(report)
        self.calls.report(report)
