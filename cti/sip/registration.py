"""Our own registration with somebody else's registrar (RFC 3261, 10.2)."""

from collections.abc import Callable

from cti.sip.core import Core
from cti.sip.events import Endpoint, RegistrationFailed, RegistrationSucceeded
from cti.sip.message import InboundResponse, all_values, number, uri_text
from cti.sip.outgoing import OutgoingRequest
from cti.sip.registrar import expires_of

PREFIX = "registration"
REFRESH = 0.85
"""Part of the granted interval after which the binding is refreshed."""


class Registration:
    """Keeps one address-of-record bound to us until told otherwise, or refused."""

    def __init__(
        self,
        core: Core,
        address_of_record: str,
        registrar: Endpoint,
        credentials: tuple[str, str],
        forget: Callable[["Registration"], None],
    ) -> None:
        self._core = core
        self.address = address_of_record
        self._registrar = registrar
        self._credentials = credentials
        self._forget = forget
        self._call_id = core.entropy(12)
        self._tag = core.tag()
        self._sequence = 0
        self._expires = 0
        self._key = ""
        self._request: OutgoingRequest | None = None

    @property
    def timer_key(self) -> str:
        """The key of the timer that refreshes it."""
        return f"{PREFIX}/{self.address}"

    def register(self, expires: int) -> None:
        """Ask for so many seconds, 0 to be forgotten; supersedes what was asked before."""
        core = self._core
        core.stop_timer(self.timer_key)
        self._expires = expires
        self._sequence += 1
        _, _, host = self.address.rpartition("@")
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"<{self.address}>;tag={self._tag}"),
            ("To", f"<{self.address}>"),
            ("Call-ID", self._call_id),
            ("Contact", core.settings.contact),
            ("Expires", str(expires)),
            ("User-Agent", core.settings.user_agent),
        )
        uri = f"sip:{host}"
        sent_by, branch = core.settings.sent_by, core.branch()
        self._send(OutgoingRequest("REGISTER", uri, sent_by, branch, self._sequence, headers))

    def refresh(self) -> None:
        """The timer ran out: ask again for the same interval."""
        self.register(self._expires)

    def response_received(self, key: str, response: InboundResponse) -> None:
        """The registrar answers; a challenge is answered, a longer interval accepted."""
        if key != self._key or self._request is None or response.code < 200:
            return
        header = self._core.credentials(self._request, response, *self._credentials)
        if header is not None:
            self._sequence += 1
            self._send(self._request.renewed(self._core.branch(), self._sequence, header))
        elif response.code < 300:
            self._succeeded(response)
        elif response.code == 423 and (longer := self._longer(response)):
            self.register(longer)
        else:
            self._failed(response.code)

    def timed_out(self, key: str) -> None:
        """The registrar did not answer."""
        if key == self._key:
            self._failed(408)

    def _send(self, request: OutgoingRequest) -> None:
        self._request = request
        self._key = self._core.request(request, self._registrar, self)

    def _succeeded(self, response: InboundResponse) -> None:
        granted = self._granted(response) if self._expires else 0
        self._core.report(RegistrationSucceeded(self.address, granted))
        if granted:
            self._core.start_timer(self.timer_key, REFRESH * granted)
        else:
            self._forget(self)

    def _failed(self, status: int) -> None:
        self._core.report(RegistrationFailed(self.address, status))
        self._forget(self)

    def _granted(self, response: InboundResponse) -> int:
        """Seconds the registrar granted our contact (10.2.4)."""
        ours = uri_text(self._core.settings.contact)
        for value in all_values(response.message.headers, "Contact"):
            granted = number(expires_of(value))
            if uri_text(value) == ours and granted:
                return granted
        return number(response.message.headers.get("Expires")) or self._expires

    def _longer(self, response: InboundResponse) -> int:
        minimum = number(response.message.headers.get("Min-Expires")) or 0
        return minimum if minimum > self._expires else 0
