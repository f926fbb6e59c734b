"""The switch as one thing that starts and stops: signalling, media workers, call control."""

from dataclasses import dataclass
from typing import Any

from twisted.internet.task import deferLater

from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.kernel.bus import Bus
from cti.kernel.identifiers import Entropy, system_entropy
from cti.sip.events import Report
from cti.sip.settings import Accounts, UserAgentSettings
from cti.transport.media_client import MediaWorkers
from cti.transport.udp import SipEndpoint
from cti.worker.settings import MediaSettings

MAX_DATAGRAM = 65_535
FAREWELL_SECONDS = 1.0
"""How long a stopping switch waits for the answers to its BYEs; then it goes."""
FAREWELL_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """What the switch is told: `bind` is the address SIP listens on, the rest its parts' own."""

    bind: str
    sip: UserAgentSettings
    media: MediaSettings
    calls: CallSettings
    media_workers: int = 0
    """Media worker processes; 0 for one per spare core."""


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
        self.media = MediaWorkers(reactor, settings.media, count=settings.media_workers)
        self.endpoint = SipEndpoint(settings.sip, accounts, entropy, reactor, self._report)
        self._reactor = reactor
        self._port: Any = None
        switch = Switch(settings.calls, reactor, bus, self.endpoint, self.media, entropy)
        self.calls = CallServices(switch)
        self.media.listener = self.calls

    async def start(self) -> None:
        """Start the workers, then take calls."""
        await self.media.start()
        sip = self._settings.sip
        self._port = self._reactor.listenUDP(
            sip.port, self.endpoint, self._settings.bind, MAX_DATAGRAM
        )

    async def stop(self) -> None:
        """End every call properly, wait for the farewells, leave no process behind."""
        await self.calls.shut_down()
        if self._port is not None:
            await farewell(self.endpoint, self._reactor)
            await self._port.stopListening()
        await self.media.shut_down()

    def _report(self, report: Report) -> None:
        self.calls.report(report)


async def farewell(endpoint: SipEndpoint, clock: Any, limit: float = FAREWELL_SECONDS) -> None:
    """Wait until no session of the endpoint awaits an answer any more, at most `limit` seconds."""
    end = clock.seconds() + limit
    while endpoint.user_agent.sessions and clock.seconds() < end:
        await deferLater(clock, FAREWELL_LOOK, lambda: None)
