"""The location service at work (RFC 3261, 10.3): REGISTER is let in, answered, and told of.

What is registered is the registrar's to know, and who may is the gatekeeper's; here one timer per
account lets bindings run out in time, and whoever keeps them through a restart is told of changes.
"""

from collections.abc import Sequence

from cti.sip.access.gatekeeper import BROWSERS, Gatekeeper
from cti.sip.access.kept import KeptBinding, lasting
from cti.sip.access.registrar import Binding, Change, Registrar
from cti.sip.addresses import SIP_SCHEMES
from cti.sip.core import Core
from cti.sip.errors import RequestError
from cti.sip.events import BindingsChanged, Endpoint
from cti.sip.message import InboundRequest

PREFIX = "binding"
"""Of the timer an account's next binding runs out by."""


class Location:
    """Keeps where the accounts of the house can be reached."""

    def __init__(self, core: Core, gatekeeper: Gatekeeper) -> None:
        self._core, self._gatekeeper = core, gatekeeper
        self._kept: dict[str, tuple[Binding, ...]] = {}
        """What was told to be kept."""
        settings = core.settings
        self._registrar = Registrar(
            settings.minimum_expires, settings.maximum_expires, settings.translated_expires
        )

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """Where the account can be reached now, in the order to try."""
        return self._registrar.bindings(account, now)

    def destinations(self) -> list[Endpoint]:
        """Where every telephone that is registered is reached."""
        return list(self._registrar.destinations(self._core.now))

    def keep(self, account: str) -> tuple[KeptBinding, ...]:
        """What another process needs to reach the account; the registrar's order is kept."""
        found = lasting(self._registrar.known(account))
        return tuple(KeptBinding.of(account, each) for each in found)

    def resume(self, kept: Sequence[KeptBinding]) -> None:
        """Take up what another process kept; what has run out or was replaced since is not."""
        for account in dict.fromkeys(each.account for each in kept):
            bindings = tuple(each.binding for each in kept if each.account == account)
            self._kept[account] = bindings
            self._changed(account, self._registrar.resume(account, bindings, self._core.now))

    def register(self, key: str, request: InboundRequest) -> None:
        """Take a REGISTER; RequestError says what to answer instead of 200."""
        if request.to_address.uri.scheme not in SIP_SCHEMES:
            raise RequestError("only SIP addresses are registered here", 400)
        now = self._core.now
        who = self._gatekeeper.registrant(request, now)
        changes = self._registrar.register(who.account, request, now)
        headers = self._registrar.answer(who.account, request, now)
        self._core.respond(key, request, 200, headers=(*headers, *who.headers))
        self._changed(who.account, changes)

    def expired(self, account: str) -> None:
        """The account's timer ran out: what is not to be reached any more is forgotten."""
        self._changed(account, self._registrar.expire(account, self._core.now))

    def flow_lost(self, flow: str) -> None:
        """Whoever registered over that connection is not to be reached any more (RFC 5626, 5.3)."""
        for account, changes in self._registrar.flow_lost(flow, self._core.now):
            self._changed(account, changes)

    def forget_pages(self, account: str) -> None:
        """No page has the account's telephone any more."""
        self._changed(account, self._registrar.forget(account, BROWSERS, self._core.now))

    def _changed(self, account: str, changes: list[Change]) -> None:
        for change in changes:
            self._core.report(change)
        self._tell(account)
        key, instant = f"{PREFIX}/{account}", self._registrar.next_expiry(account)
        if instant is None:
            self._core.stop_timer(key)
        else:
            self._core.start_timer(key, max(0.0, instant - self._core.now))

    def _tell(self, account: str) -> None:
        """Report what is to be kept anew, if it is not what is kept."""
        found = lasting(self._registrar.known(account))
        if found == self._kept.get(account, ()):
            return
        if found:
            self._kept[account] = found
        else:
            del self._kept[account]
        self._core.report(BindingsChanged(account))
