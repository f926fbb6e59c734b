"""The trunks as call control and the gatekeeper see them: who calls, which way out, how many."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from cti.call.lines import Identity, Route
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy
from cti.sip.events import (
    ProbeAnswered,
    RegistrationFailed,
    RegistrationSucceeded,
    Report,
    SessionOffered,
)
from cti.trunks import identity
from cti.trunks.limits import Meter
from cti.trunks.names import Lookup, Refresher
from cti.trunks.numbers import Number, Numbers, Reach
from cti.trunks.registering import Standing
from cti.trunks.routing import in_order, trunks_for
from cti.trunks.settings import Gateway, Trunk, TrunksSettings
from cti.trunks.trusted import Trusted
from cti.trunks.watch import GatewayWatch, Outside, RegistrationWatch

_AGAIN = frozenset({408, *range(500, 600)})
"""Refusals of one gateway that another may not share; 4xx and 6xx are the called party's."""


class TrunkService:
    """Implements `cti.call.lines.Lines`.

    `host` is our own address; `trusted` is the live mapping the gatekeeper asks.
    """

    def __init__(
        self,
        settings: TrunksSettings,
        numbers: Numbers,
        host: str,
        clock: Clock,
        bus: Bus,
        entropy: Entropy,
        lookup: Lookup,
    ) -> None:
        self.settings, self.numbers = settings, numbers
        self._host, self._clock, self._entropy = host, clock, entropy
        trunks = tuple(settings.trunks.values())
        self._meters = {each.name: Meter(each.limits, clock.seconds()) for each in trunks}
        self._gateways = GatewayWatch(settings, clock, bus, self._chance)
        self._registrations = RegistrationWatch(trunks, clock, bus, self._chance)
        self.trusted = Trusted()
        self._refresher = Refresher(lookup, clock, self.trusted.trust_named)
        self._names = [name for trunk in trunks for name in self._trust(trunk)]

    def start(self, signalling: Outside) -> None:
        """Look names up, register, and watch the gateways."""
        for name, trunk in self._names:
            self._refresher.keep(name, trunk)
        self._registrations.start(signalling)
        self._gateways.start(signalling)

    def stop(self) -> None:
        """Leave no timer behind."""
        self._refresher.stop()
        self._registrations.stop()
        self._gateways.stop()

    def report(self, report: Report) -> None:
        """What signalling has to say of probes and registrations; the rest is not ours."""
        match report:
            case ProbeAnswered():
                self._gateways.answered(report)
            case RegistrationSucceeded():
                self._registrations.succeeded(report)
            case RegistrationFailed():
                self._registrations.failed(report)

    # --- Lines ----------------------------------------------------------------------------------

    def identify(self, report: SessionOffered) -> Identity:
        """See `Lines`, as for all that follow."""
        if report.account is not None:
            return identity.identity_of_telephone(report.request, report.account, self.numbers)
        name = report.trunk or ""
        trunk = self.settings.trunks.get(name) or Trunk(name, believed=False)
        return identity.identity_of_trunk(report.request, trunk, self.numbers)

    def written(self, number: str) -> str:
        return self.numbers.written(number)

    def urgent(self, number: str) -> bool:
        """Whether a telephone that dials this calls for help."""
        return self.numbers.reach(self.numbers.dialled(number)) is Reach.EMERGENCY

    def admit(self, trunk: str) -> bool:
        meter = self._meters.get(trunk)
        return meter is None or meter.admit(self._clock.seconds(), outgoing=False)

    def routes(self, number: str, calling: str = "") -> Sequence[Route]:
        wanted = self.numbers.dialled(number)
        trunks = list(trunks_for(wanted, self.settings, self.numbers))
        trunks.sort(key=self._refused)
        found = [
            self._route(trunk, gateway, wanted, calling)
            for trunk in trunks
            for gateway, _ in in_order(self._gateways.of(trunk), self._chance)
        ]
        if not found:
            raise Refused("call.no_route", number=number)
        return found

    def seize(self, route: Route) -> bool:
        meter = self._meters.get(route.trunk)
        return meter is None or meter.admit(self._clock.seconds(), outgoing=True)

    def failed(self, route: Route, status: int, *, silent: bool = False) -> bool:
        trunk = self.settings.trunks.get(route.trunk)
        for gateway in trunk.gateways if trunk else ():
            if route.target.endswith(f"@{_place(gateway)}"):
                self._gateways.call_failed(route.trunk, gateway, status, silent=silent)
        return status in _AGAIN

    def retake(self, trunk: str, *, outgoing: bool = False) -> None:
        if meter := self._meters.get(trunk):
            meter.count(outgoing=outgoing)

    def secret(self, trunk: str) -> str:
        found = self.settings.trunks.get(trunk)
        return found.account.secret.reveal() if found and found.account else ""

    def release(self, trunk: str, *, outgoing: bool = False) -> None:
        if meter := self._meters.get(trunk):
            meter.release(outgoing=outgoing)

    # --- what can be seen -----------------------------------------------------------------------

    def view(self) -> list[Mapping[str, Any]]:
        """Every trunk as it stands, in values that JSON knows.

        Anybody may read it, so no address stands in it: gateways come as the settings list them.
        """
        return [self._view(trunk) for trunk in self.settings.trunks.values()]

    def _view(self, trunk: Trunk) -> Mapping[str, Any]:
        meter, state = self._meters[trunk.name], self._registrations.of(trunk)
        registration = {"state": state.standing.value, "since": state.since} if state else None
        return {
            "trunk": trunk.name,
            "incoming": meter.incoming,
            "outgoing": meter.outgoing,
            "limit": meter.most,
            "refused": meter.refused,
            "registration": registration,
            "gateways": [
                {
                    "state": health.state.value if trunk.probed else "unwatched",
                    "since": health.since,
                }
                for _, health in self._gateways.of(trunk)
            ],
        }

    # --- inside ---------------------------------------------------------------------------------

    def _route(self, trunk: Trunk, gateway: Gateway, wanted: Number, calling: str) -> Route:
        sender = identity.shown_to(trunk, calling, self.numbers, self._host)
        digits = quote(trunk.prefixes.add + self.numbers.write(wanted, trunk.form), safe="+*")
        account = trunk.account
        return Route(
            trunk=trunk.name,
            target=f"sip:{digits}@{_place(gateway)}",
            calling=sender.user,
            host=sender.host,
            headers=sender.headers,
            user=(account.login or account.user) if account else "",
            secret=account.secret.reveal() if account else "",
            security=trunk.security,
            codecs=trunk.codecs,
            proxy=trunk.proxy,
            patience=self.settings.patience,
        )

    def _refused(self, trunk: Trunk) -> bool:
        """Whether its carrier does not know us: its calls would be refused one by one."""
        state = self._registrations.of(trunk)
        return state is not None and state.standing is Standing.REFUSED

    def _trust(self, trunk: Trunk) -> list[tuple[str, str]]:
        """Trust the trunk's addresses; what is a name is given back to be looked up."""
        places = [*trunk.trusted, *(gateway.host for gateway in trunk.gateways)]
        if trunk.account is not None:
            self.trusted.trust_contact(trunk.account.user, trunk.name)
        return [(each, trunk.name) for each in places if not self.trusted.trust(each, trunk.name)]

    def _chance(self) -> float:
        return int(self._entropy(4), 16) / 2**32


def _place(gateway: Gateway) -> str:
    return f"{gateway.uri().removeprefix('sip:')};user=phone"
