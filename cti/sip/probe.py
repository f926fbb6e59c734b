"""Asking whether somebody is there: OPTIONS outside any dialog (RFC 3261, 11)."""

from collections.abc import Callable

from cti.sip.core import Core
from cti.sip.delivery import Delivery
from cti.sip.events import ProbeAnswered
from cti.sip.message import InboundResponse
from cti.sip.outgoing import OutgoingRequest, uri_host

REQUEST_TIMEOUT = 408


class Probe:
    """One OPTIONS; reports `ProbeAnswered` once, whatever the answer is."""

    def __init__(self, core: Core, name: str, uri: str, over: Callable[["Probe"], None]) -> None:
        self._core, self._name, self._over = core, name, over
        settings = core.settings
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"<sip:{settings.contact_user}@{uri_host(settings.host)}>;tag={core.tag()}"),
            ("To", f"<{uri}>"),
            ("Call-ID", f"{core.entropy(12)}@{settings.host}"),
            ("Contact", settings.contact),
            ("Accept", "application/sdp"),
            ("User-Agent", settings.user_agent),
        )
        request = OutgoingRequest("OPTIONS", uri, settings.sent_by, core.branch(), 1, headers)
        self._delivery = Delivery(core, request, None)

    def start(self) -> None:
        """Send it."""
        self._delivery.start(self)

    def give_up(self) -> None:
        """Wait for no answer any more, and report none."""
        self._delivery.withdraw()
        self._over(self)

    def response_received(self, key: str, response: InboundResponse) -> None:
        """Somebody is there, whatever they say."""
        if key == self._delivery.key and response.code >= 200:
            self._answered(response.code)

    def timed_out(self, key: str) -> None:
        """Nobody answered."""
        if key == self._delivery.key:
            self._answered(REQUEST_TIMEOUT)

    def _answered(self, status: int) -> None:
        self._core.report(ProbeAnswered(self._name, status))
        self._over(self)
