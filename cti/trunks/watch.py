"""Watches gateways and keeps registrations: performs what `health` and `registering` decide."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from twisted.logger import Logger

from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.sip.events import ProbeAnswered, RegistrationFailed, RegistrationSucceeded
from cti.trunks import health, registering
from cti.trunks.events import TrunkDown, TrunkRegistered, TrunkUnregistered, TrunkUp
from cti.trunks.health import Health, State
from cti.trunks.registering import Chance, Registering, Standing
from cti.trunks.settings import Gateway, Trunk, TrunksSettings

SILENCE = 408
"""Stands for no answer to a probe, which nobody may answer so (RFC 4320, 4.2)."""
SPREAD = 0.1
"""Part of an interval by which chance shortens it, so that probes do not go out together."""


class Outside(Protocol):
    """What trunks ask of signalling; `cti.transport` does it."""

    def probe(self, key: str, uri: str) -> None:
        """OPTIONS; `ProbeAnswered` follows, once."""

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        """Register with somebody else's registrar, a SIP URI, and stay so."""


@dataclass(slots=True)
class Watched:
    """A gateway of a trunk, and what is known of it."""

    trunk: Trunk
    gateway: Gateway
    health: Health = field(default_factory=Health)
    timer: DelayedCall | None = None
    """Until the next probe, or until the one under way counts as unanswered."""
    probe: str = ""
    """The probe whose answer is awaited; empty: none."""

    @property
    def key(self) -> str:
        """Its name, which those of its probes begin with."""
        return f"trunk/{self.trunk.name}/{self.gateway}"


class GatewayWatch:
    """Asks every gateway at its time whether it lives, and tells the bus when that changes."""

    log = Logger()

    def __init__(self, settings: TrunksSettings, clock: Clock, bus: Bus, chance: Chance) -> None:
        self._rules, self._patience = settings.probing, settings.patience
        self._clock, self._bus, self._chance = clock, bus, chance
        self._numbers = count(1)
        self._watched = {
            each.key: each
            for trunk in settings.trunks.values()
            for gateway in trunk.gateways
            for each in [Watched(trunk, gateway, Health(since=clock.seconds()))]
        }
        self._signalling: Outside | None = None

    def start(self, signalling: Outside) -> None:
        """Ask every gateway now, and again and again."""
        self._signalling = signalling
        for each in self._watched.values():
            if each.trunk.probed:
                self._ask(each)

    def stop(self) -> None:
        """Ask nobody any more."""
        self._signalling = None
        for each in self._watched.values():
            _cancel(each.timer)
            each.timer = None

    def of(self, trunk: Trunk) -> list[tuple[Gateway, Health]]:
        """The trunk's gateways in the order of the settings, with their health."""
        return [
            (each.gateway, each.health)
            for each in self._watched.values()
            if each.trunk.name == trunk.name
        ]

    def answered(self, report: ProbeAnswered) -> None:
        """A gateway answered our OPTIONS, or did not; what comes too late is no answer."""
        watched = self._watched.get(report.key.partition("#")[0])
        if watched is not None and watched.probe == report.key:
            self._told(watched, health.works(report.status, silent=report.status == SILENCE))

    def call_failed(self, trunk: str, gateway: Gateway, status: int, *, silent: bool) -> None:
        """A call by that gateway was refused with `status`, or nobody answered it at all."""
        watched = self._watched.get(f"trunk/{trunk}/{gateway}")
        if watched is None or not watched.trunk.probed:
            return  # nobody would find out that it is well again
        working = health.works(status, silent=silent)
        self._heard(watched, working=working)
        if not watched.probe and not working:
            self._later(watched)

    def _heard(self, watched: Watched, *, working: bool) -> None:
        before, seconds = watched.health, self._clock.seconds()
        watched.health = health.heard(before, self._rules, seconds, working=working)
        now, trunk, gateway = utc(self._clock), watched.trunk.name, str(watched.gateway)
        match before.state, watched.health.state:
            case State.DOWN, State.UP:
                self.log.info("gateway {gateway} of {trunk} is back", gateway=gateway, trunk=trunk)
                self._bus.publish(TrunkUp(at=now, trunk=trunk, gateway=gateway))
            case ((State.UP | State.SUSPECT | State.UNKNOWN), State.DOWN):
                others = [each.state for _, each in self.of(watched.trunk)]
                left = sum(state is not State.DOWN for state in others)
                self.log.warn(
                    "gateway {gateway} of {trunk} does not answer", gateway=gateway, trunk=trunk
                )
                self._bus.publish(TrunkDown(at=now, trunk=trunk, gateway=gateway, left=left))

    def _ask(self, watched: Watched) -> None:
        if self._signalling is not None:
            watched.probe = f"{watched.key}#{next(self._numbers)}"
            # Signalling itself gives up only after half a minute (Timer F).
            watched.timer = self._clock.callLater(self._patience, self._told, watched, False)
            self._signalling.probe(watched.probe, watched.gateway.uri())

    def _told(self, watched: Watched, working: bool) -> None:
        watched.probe = ""
        self._heard(watched, working=working)
        self._later(watched)

    def _later(self, watched: Watched) -> None:
        if self._signalling is None:
            return
        _cancel(watched.timer)
        seconds = health.next_probe(watched.health, self._rules)
        seconds *= 1.0 - SPREAD * self._chance()
        watched.timer = self._clock.callLater(seconds, self._ask, watched)


@dataclass(slots=True)
class Kept:
    """A registration with a carrier, and what is known of it."""

    trunk: Trunk
    state: Registering = field(default_factory=Registering)
    timer: DelayedCall | None = None


class RegistrationWatch:
    """Registers with every carrier that wants it, and goes on trying."""

    log = Logger()

    def __init__(self, trunks: Sequence[Trunk], clock: Clock, bus: Bus, chance: Chance) -> None:
        self._clock, self._bus, self._chance = clock, bus, chance
        now = clock.seconds()
        self._kept = {
            trunk.account.address: Kept(trunk, Registering(since=now))
            for trunk in trunks
            if trunk.account is not None
        }
        self._signalling: Outside | None = None

    def start(self, signalling: Outside) -> None:
        """Register everywhere."""
        self._signalling = signalling
        for each in self._kept.values():
            self._register(each)

    def stop(self) -> None:
        """Try no more; what stands is taken back by the user agent when it leaves."""
        self._signalling = None
        for each in self._kept.values():
            _cancel(each.timer)
            each.timer = None

    def of(self, trunk: Trunk) -> Registering | None:
        """How the trunk's registration stands; None when it needs none."""
        kept = self._kept.get(trunk.account.address) if trunk.account else None
        return kept.state if kept else None

    def succeeded(self, report: RegistrationSucceeded) -> None:
        """A carrier granted a registration."""
        kept = self._kept.get(report.address_of_record)
        if kept is None or report.expires == 0:
            return
        before = kept.state
        kept.state = registering.succeeded(before, self._clock.seconds())
        if before.standing is not Standing.REGISTERED:
            self.log.info("registered with {trunk}", trunk=kept.trunk.name)
            self._bus.publish(TrunkRegistered(at=utc(self._clock), trunk=kept.trunk.name))

    def failed(self, report: RegistrationFailed) -> None:
        """A carrier refused, or did not answer: try again later."""
        kept = self._kept.get(report.address_of_record)
        if kept is None or self._signalling is None:
            return
        first = kept.state.failures == 0
        kept.state, pause = registering.failed(
            kept.state, report.status, self._clock.seconds(), self._chance
        )
        if first:
            self.log.warn(
                "{trunk} refused our registration with {status}; trying again in {pause:.0f} s",
                trunk=kept.trunk.name,
                status=report.status,
                pause=pause,
            )
            self._bus.publish(
                TrunkUnregistered(at=utc(self._clock), trunk=kept.trunk.name, status=report.status)
            )
        _cancel(kept.timer)
        kept.timer = self._clock.callLater(pause, self._register, kept)

    def _register(self, kept: Kept) -> None:
        account = kept.trunk.account
        if self._signalling is None or account is None:
            return
        kept.timer = None
        kept.state = registering.begun(kept.state, self._clock.seconds())
        self._signalling.register(
            account.address,
            account.registrar,
            account.login or account.user,
            account.secret.reveal(),
            account.expires,
        )


def _cancel(timer: DelayedCall | None) -> None:
    if timer is not None and timer.active():
        timer.cancel()
