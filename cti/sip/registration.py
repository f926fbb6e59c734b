"""Our own registration with somebody else's registrar (RFC 3261, 10.2)."""

from collections.abc import Callable

from cti.sip.access.registrar import expires_of
from cti.sip.core import Core
from cti.sip.delivery import Delivery
from cti.sip.events import Endpoint, RegistrationFailed, RegistrationSucceeded, Transport
from cti.sip.message import InboundResponse, all_values, number, uri_text
from cti.sip.outgoing import OutgoingRequest

PREFIX = "registration"
KEEP_ALIVE_PREFIX = "keep-alive"
REFRESH = 0.85
"""Part of the granted interval after which the binding is refreshed."""
PING = b"\r\n\r\n"
LONGEST_SILENCE = {False: 29.0, True: 120.0}
"""Seconds a flow may be quiet, by whether it is reliable (RFC 5626, 4.4)."""
RECOVERY = 2.0
"""Seconds, more or less, until a registration is made anew whose connection broke."""
TOO_BRIEF = 423


class Registration:
    """Keeps one address-of-record bound to us until told otherwise, or refused."""

    def __init__(
        self,
        core: Core,
        address_of_record: str,
        registrar: str,
        credentials: tuple[str, str],
        forget: Callable[["Registration"], None],
    ) -> None:
        self._core = core
        self.address = address_of_record
        self._registrar = registrar
        self._delivery: Delivery | None = None
        self._credentials = credentials
        self._forget = forget
        self._user = address_of_record.partition(":")[2].rpartition("@")[0]
        self._call_id = core.entropy(12)
        self._tag = core.tag()
        self._sequence = 0
        self._expires = 0
        self._bound = False
        self._destination: Endpoint | None = None

    @property
    def timer_key(self) -> str:
        """The key of the timer that refreshes it."""
        return f"{PREFIX}/{self.address}"

    @property
    def keep_alive_key(self) -> str:
        """The key of the timer that keeps its flow open."""
        return f"{KEEP_ALIVE_PREFIX}/{self.address}"

    @property
    def destination(self) -> Endpoint | None:
        """Where its last REGISTER went."""
        return self._destination

    def register(self, expires: int) -> None:
        """Ask for so many seconds, 0 to be forgotten; supersedes what was asked before."""
        core = self._core
        core.stop_timer(self.timer_key)
        core.stop_timer(self.keep_alive_key)
        self._expires = expires
        self._sequence += 1
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"<{self.address}>;tag={self._tag}"),
            ("To", f"<{self.address}>"),
            ("Call-ID", self._call_id),
            ("Contact", core.settings.contact_over(Transport.UDP, user=self._user)),
            ("Expires", str(expires)),
            ("User-Agent", core.settings.user_agent),
        )
        sent_by, branch = core.settings.sent_by, core.branch()
        request = OutgoingRequest(
            "REGISTER", self._registrar, sent_by, branch, self._sequence, headers
        )
        if self._delivery is not None:
            self._delivery.withdraw()
        self._delivery = Delivery(core, request, self._destination)
        self._delivery.start(self)

    def refresh(self) -> None:
        """The timer ran out: ask again for the same interval, wherever the name leads now."""
        self._destination = None
        self.register(self._expires)

    def keep_alive(self) -> None:
        """Let something pass, so that translators on the way keep the flow (RFC 5626, 4.4.1)."""
        if self._destination is not None:
            self._core.send(PING, self._destination)
            self._core.start_timer(self.keep_alive_key, self._quiet())

    def connection_lost(self) -> None:
        """The connection it was made over is gone: register anew in a moment (RFC 5626, 4.5)."""
        if self._expires and self._bound:
            self._bound = False
            self._core.stop_timer(self.keep_alive_key)
            self._core.start_timer(self.timer_key, RECOVERY * (0.5 + self._chance()))

    def response_received(self, key: str, response: InboundResponse) -> None:
        """The registrar answers; a challenge is answered, a longer interval accepted."""
        delivery = self._delivery
        if delivery is None or key != delivery.key or response.code < 200:
            return
        header = self._core.credentials(delivery.request, response, *self._credentials)
        if header is not None:
            self._sequence += 1
            request = delivery.request.renewed(self._core.branch(), self._sequence, header)
            delivery.again(request, self)
        elif response.code < 300:
            self._succeeded(response)
        elif response.code == TOO_BRIEF and (longer := self._longer(response)):
            self.register(longer)
        else:
            self._failed(response.code)

    def timed_out(self, key: str) -> None:
        """The registrar did not answer."""
        if self._delivery is not None and key == self._delivery.key:
            self._failed(408)

    def _succeeded(self, response: InboundResponse) -> None:
        granted = self._granted(response) if self._expires else 0
        self._core.report(RegistrationSucceeded(self.address, granted))
        if granted and self._delivery is not None:
            self._bound, self._destination = True, self._delivery.destination
            self._core.start_timer(self.timer_key, REFRESH * granted)
            self._core.start_timer(self.keep_alive_key, self._quiet())
        else:
            self._forget(self)

    def _failed(self, status: int) -> None:
        self._core.report(RegistrationFailed(self.address, status))
        self._forget(self)

    def _granted(self, response: InboundResponse) -> int:
        """Seconds the registrar granted our contact (10.2.4)."""
        transport = response.source.transport
        ours = uri_text(self._core.settings.contact_over(transport, user=self._user))
        for value in all_values(response.message.headers, "Contact"):
            granted = number(expires_of(value))
            if uri_text(value) == ours and granted:
                return granted
        return number(response.message.headers.get("Expires")) or self._expires

    def _quiet(self) -> float:
        """Seconds until the next keep-alive: 80 to 100 % of the longest silence allowed."""
        assert self._destination is not None
        longest = LONGEST_SILENCE[self._destination.transport.reliable]
        return longest * (0.8 + 0.2 * self._chance())

    def _chance(self) -> float:
        return int(self._core.entropy(2), 16) / 0xFFFF

    def _longer(self, response: InboundResponse) -> int:
        minimum = number(response.message.headers.get("Min-Expires")) or 0
        return minimum if minimum > self._expires else 0
