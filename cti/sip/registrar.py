"""The registrar (RFC 3261, 10.3): which telephones an account can be reached at, and until when.

Bindings are ordered by Call-ID and CSeq, so that a late or repeated REGISTER changes nothing. A
telephone behind a translator is remembered by the address its REGISTER came from. The telephone
that came last is first among an account's, and a refresh moves none: which one rings is no chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sipmessage import URI, Request

from cti.sip.errors import Header, RequestError
from cti.sip.events import BindingAdded, BindingRemoved, Endpoint
from cti.sip.locating import endpoint_of
from cti.sip.message import InboundRequest, all_values, number, uri_text

MOST_CONTACTS = 10
"""Of one account; more are refused."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an account. `expires` is an instant on the clock of `now`."""

    uri: str
    destination: Endpoint
    call_id: str
    sequence: int
    expires: float


@dataclass(frozen=True, slots=True)
class _Wish:
    """A Contact of a REGISTER: for how many seconds, 0 to leave."""

    uri: str
    seconds: int


Change = BindingAdded | BindingRemoved


class Registrar:
    """The location service, in memory: telephones register anew after a restart."""

    def __init__(self, minimum_expires: int, maximum_expires: int) -> None:
        self._minimum = minimum_expires
        self._maximum = maximum_expires
        self._bindings: dict[str, tuple[Binding, ...]] = {}

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """The account's contacts that have not run out, the newest first."""
        return tuple(each for each in self._bindings.get(account, ()) if each.expires > now)

    def register(self, account: str, request: InboundRequest, now: float) -> list[Change]:
        """Carry out an authenticated REGISTER; RequestError leaves everything as it was."""
        values = all_values(request.message.headers, "Contact")
        if "*" in values:
            wishes = self._leave_all(account, request, values)
        else:
            wishes = [self._wish(value, request.message) for value in values]
        bindings = {each.uri: each for each in self.bindings(account, now)}
        for wish in wishes:
            _check_order(bindings.get(wish.uri), request)
            if wish.seconds == 0:
                bindings.pop(wish.uri, None)
            elif wish.uri in bindings:
                bindings[wish.uri] = _bind(wish, request, now)
            else:
                bindings = {wish.uri: _bind(wish, request, now), **bindings}
        if len(bindings) > MOST_CONTACTS:
            raise RequestError("too many contacts", 403)
        return self._keep(account, tuple(bindings.values()))

    def expire(self, account: str, now: float) -> list[Change]:
        """Forget the account's contacts that have run out."""
        return self._keep(account, self.bindings(account, now))

    def destinations(self, now: float) -> list[Endpoint]:
        """Where every telephone that is registered now is reached."""
        return [
            each.destination
            for bindings in self._bindings.values()
            for each in bindings
            if each.expires > now
        ]

    def next_expiry(self, account: str) -> float | None:
        """The instant at which the account's first contact runs out."""
        return min((each.expires for each in self._bindings.get(account, ())), default=None)

    def contact_headers(self, account: str, now: float) -> tuple[Header, ...]:
        """The Contact headers of a 200: every binding with the seconds it has left."""
        return tuple(
            ("Contact", f"<{each.uri}>;expires={max(1, round(each.expires - now))}")
            for each in self.bindings(account, now)
        )

    def _keep(self, account: str, bindings: tuple[Binding, ...]) -> list[Change]:
        before = account in self._bindings
        if bindings:
            self._bindings[account] = bindings
            return [] if before else [BindingAdded(account)]
        self._bindings.pop(account, None)
        return [BindingRemoved(account)] if before else []

    def _leave_all(
        self, account: str, request: InboundRequest, values: Sequence[str]
    ) -> list[_Wish]:
        if len(values) != 1 or number(request.message.headers.get("Expires")) != 0:
            raise RequestError("Contact * needs Expires 0 and nothing beside it", 400)
        return [_Wish(each.uri, 0) for each in self._bindings.get(account, ())]

    def _wish(self, value: str, message: Request) -> _Wish:
        uri = uri_text(value)
        _check_uri(value, uri)
        asked = number(expires_of(value) or message.headers.get("Expires"))
        seconds = self._maximum if asked is None else min(asked, self._maximum)
        if 0 < seconds < self._minimum:
            minimum = (("Min-Expires", str(self._minimum)),)
            raise RequestError("too short an interval", 423, minimum)
        return _Wish(uri, seconds)


def _bind(wish: _Wish, request: InboundRequest, now: float) -> Binding:
    """The binding, at the source of the REGISTER where the contact itself cannot be reached."""
    pointed = endpoint_of(wish.uri)
    translated = "rport" in request.via.parameters or request.via.host != request.source.host
    destination = request.source if translated or pointed is None else pointed
    return Binding(
        wish.uri, destination, request.call_id, request.cseq.sequence, now + wish.seconds
    )


def _check_order(existing: Binding | None, request: InboundRequest) -> None:
    """RFC 3261, 10.3, step 7: within a Call-ID the CSeq must grow."""
    if existing is None or existing.call_id != request.call_id:
        return
    if request.cseq.sequence <= existing.sequence:
        raise RequestError("REGISTER out of order", 500)


def _check_uri(value: str, uri: str) -> None:
    if "<" not in value and ("?" in value or "," in value):
        raise RequestError("a Contact needs angle brackets", 400)
    if "?" in uri:
        raise RequestError("a Contact with headers is not accepted", 400)
    try:
        parsed = URI.parse(uri)
    except (ValueError, TypeError) as error:
        raise RequestError("a Contact is no URI", 400) from error
    if parsed.scheme not in ("sip", "sips"):
        raise RequestError("only SIP contacts are accepted", 400)


def expires_of(contact: str) -> str | None:
    """The expires parameter of a Contact value."""
    after = contact.rpartition(">")[2] if "<" in contact else contact
    for parameter in after.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "expires":
            return value.strip()
    return None
