"""The registrar (RFC 3261, 10.3): which telephones an account can be reached at, and until when.

Bindings are ordered by Call-ID and CSeq, so that a late or repeated REGISTER changes nothing. A
telephone behind a translator is remembered by the address its REGISTER came from, and asked to
come again before the translator forgets it; one that came over a connection is reached over that
connection, and no longer than it lasts (RFC 5626). A telephone that names itself takes the place
of its own old binding, wherever it is now. What is preferred (``q``) comes first, and among equals
the telephone that came last; a refresh moves none: which one rings is no chance.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cti.sip.access.contacts import Contact
from cti.sip.addresses import SIP_SCHEMES, parse_uri
from cti.sip.errors import Header, RequestError
from cti.sip.events import BindingAdded, BindingMoved, BindingRemoved, Endpoint, Transport
from cti.sip.locating import endpoint_of
from cti.sip.message import InboundRequest, all_values, number, uri_text

MOST_CONTACTS = 10
"""Of one account; more are refused."""
PATH, OUTBOUND = "path", "outbound"
REGISTRAR_EXTENSIONS = (PATH, OUTBOUND)
"""RFC 3327 and RFC 5626, by their option tags."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an account. `expires` is an instant on the clock of `now`, in whole
    milliseconds: what is kept of it comes back equal.

    `routes` are the proxies on the way, to be written as Route (RFC 3327): `destination` is then
    the first of them.
    """

    uri: str
    destination: Endpoint
    call_id: str
    sequence: int
    expires: float
    quality: float = 1.0
    instance: str = ""
    flow_number: int = 0
    routes: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The request URI that calls it: headers it asks for, Route among them, are not sent."""
        return _without_headers(self.uri)

    @property
    def route_headers(self) -> tuple[Header, ...]:
        """The headers of an INVITE to this contact that the way there needs."""
        return tuple(("Route", route) for route in self.routes)

    def same_as(self, contact: Contact) -> bool:
        """Whether that contact is this one: the same URI, or the same telephone by itself."""
        if contact.instance and contact.instance == self.instance:
            return contact.flow_number == self.flow_number
        return contact.uri == self.uri

    def is_also(self, other: "Binding") -> bool:
        """Whether both are of the same telephone, as `same_as`."""
        if self.instance and self.instance == other.instance:
            return self.flow_number == other.flow_number
        return self.uri == other.uri


@dataclass(frozen=True, slots=True)
class _Wish:
    """A Contact of a REGISTER: for how many seconds, 0 to leave."""

    contact: Contact
    seconds: int


Change = BindingAdded | BindingRemoved | BindingMoved


class Registrar:
    """The location service, in memory."""

    def __init__(self, minimum: int, maximum: int, translated: int) -> None:
        """Shortest and longest interval granted, and the longest through a translator; seconds."""
        self._minimum, self._maximum = minimum, maximum
        self._translated = max(minimum, translated)
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._accounts_of_flow: dict[str, set[str]] = {}

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """The account's contacts that have not run out, in the order to try."""
        return tuple(sorted(self._current(account, now), key=lambda each: -each.quality))

    def register(self, account: str, request: InboundRequest, now: float) -> list[Change]:
        """Carry out an authenticated REGISTER; RequestError leaves everything as it was."""
        values = all_values(request.message.headers, "Contact")
        if "*" in values:
            return self._keep(account, self._left(account, request, values, now))
        if len(values) > MOST_CONTACTS:
            raise RequestError("too many contacts", 403)
        wishes = [self._wish(value, request) for value in values]
        bindings = self._current(account, now)
        for wish in wishes:
            bindings = _with(bindings, wish, request, now)
        if len(bindings) > MOST_CONTACTS:
            raise RequestError("too many contacts", 403)
        return self._keep(account, bindings)

    def answer(self, account: str, request: InboundRequest, now: float) -> tuple[Header, ...]:
        """The headers of the 200: every binding with the seconds it has left, and the Path."""
        bindings = self.bindings(account, now)
        contacts = (("Contact", _contact_value(each, now)) for each in bindings)
        paths = (("Path", each) for each in all_values(request.message.headers, "Path"))
        outbound = any(
            each.flow_number and each.call_id == request.call_id for each in bindings
        ) and _supports(request, OUTBOUND)
        required = (("Require", OUTBOUND),) if outbound else ()
        supported = ("Supported", ", ".join(REGISTRAR_EXTENSIONS))
        return (*contacts, *paths, *required, supported)

    def expire(self, account: str, now: float) -> list[Change]:
        """Forget the account's contacts that have run out."""
        return self._keep(account, self._current(account, now))

    def flow_lost(self, flow: str, now: float) -> Iterator[tuple[str, list[Change]]]:
        """Forget the contacts that were reached over that connection, account by account."""
        for account in sorted(self._accounts_of_flow.get(flow, ())):
            left = (e for e in self._current(account, now) if e.destination.flow != flow)
            yield account, self._keep(account, tuple(left))

    def forget(self, account: str, transports: Collection[Transport], now: float) -> list[Change]:
        """Forget the account's contacts that are reached by one of these transports."""
        left = (e for e in self._current(account, now) if e.destination.transport not in transports)
        return self._keep(account, tuple(left))

    def resume(self, account: str, kept: Sequence[Binding], now: float) -> list[Change]:
        """Take up what another process kept, behind what was registered since."""
        bindings = self._current(account, now)
        missing = (each for each in kept if not any(each.is_also(one) for one in bindings))
        return self._keep(account, (*bindings, *(each for each in missing if each.expires > now)))

    def known(self, account: str) -> tuple[Binding, ...]:
        """The account's contacts, the newest first, perhaps with some that have just run out."""
        return self._bindings.get(account, ())

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

    # --- inside -----------------------------------------------------------------------------

    def _current(self, account: str, now: float) -> tuple[Binding, ...]:
        """The account's contacts that have not run out, the newest first."""
        return tuple(each for each in self._bindings.get(account, ()) if each.expires > now)

    def _keep(self, account: str, bindings: tuple[Binding, ...]) -> list[Change]:
        before = self._bindings.get(account, ())
        self._follow(account, before, bindings)
        if bindings:
            self._bindings[account] = bindings
            if not before:
                return [BindingAdded(account)]
            return [BindingMoved(account)] if _moved(before, bindings) else []
        self._bindings.pop(account, None)
        return [BindingRemoved(account)] if before else []

    def _follow(
        self, account: str, before: tuple[Binding, ...], after: tuple[Binding, ...]
    ) -> None:
        """Keep in mind which accounts a connection is for."""
        old, new = _flows(before), _flows(after)
        for flow in old - new:
            accounts = self._accounts_of_flow[flow]
            accounts.discard(account)
            if not accounts:
                del self._accounts_of_flow[flow]
        for flow in new - old:
            self._accounts_of_flow.setdefault(flow, set()).add(account)

    def _left(
        self, account: str, request: InboundRequest, values: Sequence[str], now: float
    ) -> tuple[Binding, ...]:
        """What is left when all are taken back (RFC 3261, 10.3, step 6): nothing, in order."""
        if len(values) != 1 or number(request.message.headers.get("Expires")) != 0:
            raise RequestError("Contact * needs Expires 0 and nothing beside it", 400)
        for each in self._current(account, now):
            _check_order(each, request)
        return ()

    def _wish(self, value: str, request: InboundRequest) -> _Wish:
        try:
            contact = Contact.parse(value)
        except ValueError as error:
            raise RequestError("a Contact cannot be read", 400) from error
        _check_uri(value, contact.uri)
        if contact.flow_number and not _first_hop_knows_outbound(request):
            raise RequestError("a proxy before us knows no outbound", 439)
        asked = contact.expires
        if asked is None:
            asked = number(request.message.headers.get("Expires"))
        seconds = self._maximum if asked is None else min(asked, self._maximum)
        if 0 < seconds < self._minimum:
            minimum = (("Min-Expires", str(self._minimum)),)
            raise RequestError("too short an interval", 423, minimum)
        if _translated(request):
            seconds = min(seconds, self._translated)
        return _Wish(contact, seconds)


def _with(
    bindings: tuple[Binding, ...], wish: _Wish, request: InboundRequest, now: float
) -> tuple[Binding, ...]:
    """The bindings once the wish is granted: in its old place, or before all others."""
    places = [place for place, each in enumerate(bindings) if each.same_as(wish.contact)]
    for place in places:
        _check_order(bindings[place], request)
    others = tuple(each for place, each in enumerate(bindings) if place not in places)
    if wish.seconds == 0:
        return others
    first = places[0] if places else 0
    return (*others[:first], _bind(wish, request, now), *others[first:])


def _bind(wish: _Wish, request: InboundRequest, now: float) -> Binding:
    routes = tuple(all_values(request.message.headers, "Path"))
    contact = wish.contact
    return Binding(
        contact.uri,
        _destination(contact.uri, routes, request),
        request.call_id,
        request.cseq.sequence,
        round(now + wish.seconds, 3),
        contact.quality,
        contact.instance,
        contact.flow_number,
        routes,
    )


def _destination(uri: str, routes: tuple[str, ...], request: InboundRequest) -> Endpoint:
    """The first proxy on the way; else the connection; else the contact, where it can be reached.

    Over UDP, a telephone that asks for answers where they come from (RFC 3581) is called there.
    """
    if routes:
        return endpoint_of(uri_text(routes[0])) or request.source
    if request.source.transport.reliable:
        return request.source
    pointed = endpoint_of(uri)
    translated = "rport" in request.via.parameters or request.via.host != request.source.host
    return request.source if translated or pointed is None else pointed


def _translated(request: InboundRequest) -> bool:
    """Whether the REGISTER came by UDP from elsewhere than it says, straight from the telephone."""
    if request.source.transport.reliable or request.message.headers.get("Path"):
        return False
    sent_by = (
        request.via.host.strip("[]"),
        request.via.port or request.source.transport.default_port,
    )
    return sent_by != (request.source.host, request.source.port)


def _first_hop_knows_outbound(request: InboundRequest) -> bool:
    """RFC 5626, 6: there is no proxy, or the one next to the telephone said so in its Path."""
    paths = all_values(request.message.headers, "Path")
    if len(all_values(request.message.headers, "Via")) == 1 and not paths:
        return True
    return bool(paths) and ";ob" in uri_text(paths[-1]).lower()


def _supports(request: InboundRequest, option: str) -> bool:
    values = all_values(request.message.headers, "Supported")
    return option in (each.lower() for each in values)


def _moved(before: tuple[Binding, ...], after: tuple[Binding, ...]) -> bool:
    """Whether a telephone that names itself is elsewhere now."""
    return any(
        old.instance
        and old.is_also(new)
        and (old.uri, old.destination) != (new.uri, new.destination)
        for old in before
        for new in after
    )


def _flows(bindings: tuple[Binding, ...]) -> set[str]:
    return {each.destination.flow for each in bindings} - {""}


def _contact_value(binding: Binding, now: float) -> str:
    parameters = [f"expires={max(1, round(binding.expires - now))}"]
    if binding.quality != 1.0:
        parameters.append(f"q={binding.quality:g}")
    if binding.instance:
        parameters.append(f"+sip.instance={binding.instance}")
    if binding.flow_number:
        parameters.append(f"reg-id={binding.flow_number}")
    return ";".join([f"<{binding.uri}>", *parameters])


def _check_order(existing: Binding, request: InboundRequest) -> None:
    """RFC 3261, 10.3, step 7: within a Call-ID the CSeq must grow."""
    if existing.call_id == request.call_id and request.cseq.sequence <= existing.sequence:
        raise RequestError("REGISTER out of order", 500)


def _check_uri(value: str, uri: str) -> None:
    if "<" not in value and ("?" in value or "," in value):
        raise RequestError("a Contact needs angle brackets", 400)
    try:
        parsed = parse_uri(_without_headers(uri))
    except ValueError as error:
        raise RequestError("a Contact is no URI", 400) from error
    if parsed.scheme not in SIP_SCHEMES:
        raise RequestError("only SIP contacts are accepted", 400)


def _without_headers(uri: str) -> str:
    """The URI as a request may carry it (RFC 3261, 19.1.1 and 19.1.5)."""
    return uri.partition("?")[0]


def expires_of(contact: str) -> str | None:
    """The expires parameter of a Contact value."""
    try:
        return Contact.parse(contact).parameters.get("expires")
    except ValueError:
        return None
