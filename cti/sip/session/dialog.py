"""Dialogs (RFC 3261, 12): the state two user agents share while a session lasts."""

from dataclasses import dataclass, replace

from sipmessage import Request, Response

from cti.sip.addresses import parse_uri
from cti.sip.errors import Header, RequestError
from cti.sip.events import Endpoint
from cti.sip.locating import endpoint_of, is_address, is_private, target_of
from cti.sip.message import (
    InboundRequest,
    InboundResponse,
    all_values,
    uri_text,
)
from cti.sip.outgoing import OutgoingRequest


@dataclass(frozen=True, slots=True)
class Dialog:
    """One side's view. The far side's identity and URIs are kept as they were written.

    `destination` is where requests go: the first route or the remote target, unless the far side
    stands behind a translator and only answers where its messages come from.
    """

    call_id: str
    local: str
    """Our From or To, with our tag."""
    remote: str
    remote_tag: str
    target: str
    routes: tuple[str, ...]
    destination: Endpoint
    remote_sequence: int = -1

    @classmethod
    def of_server(cls, invite: InboundRequest, tag: str) -> "Dialog":
        """The dialog an INVITE of theirs makes, once answered with `tag` (12.1.1).

        Where there is no Contact, as RFC 2543 allowed, the From stands for it.
        """
        headers = invite.message.headers
        unnamed = not headers.getlist("Contact")
        target = uri_text(headers["From"]) if unnamed else contact_of(invite.message)
        routes = tuple(all_values(headers, "Record-Route"))
        alone = len(all_values(headers, "Via")) == 1
        translated = alone and invite.via.host != invite.source.host and is_address(invite.via.host)
        return cls(
            invite.call_id,
            f"{headers['To']};tag={tag}",
            headers["From"],
            invite.from_tag,
            target,
            routes,
            _destination(target, routes, invite.source, translated=translated),
            invite.cseq.sequence,
        )

    @classmethod
    def of_client(
        cls, invite: OutgoingRequest, response: InboundResponse, sent: Endpoint
    ) -> "Dialog":
        """The dialog a response of theirs makes (12.1.2); `sent` is where the INVITE went.

        A 2xx without a usable Contact must be acknowledged all the same: it goes to the target
        of the INVITE.
        """
        headers = response.message.headers
        try:
            target = contact_of(response.message)
        except RequestError:
            target = invite.uri
        routes = tuple(reversed(all_values(headers, "Record-Route")))
        asked = endpoint_of(invite.uri)
        translated = asked is not None and asked.host != sent.host
        return cls(
            response.call_id,
            invite.header("From"),
            headers["To"],
            response.to_tag,
            target,
            routes,
            _destination(target, routes, response.source, translated=translated),
        )

    def refreshed(self, message: Request | Response) -> "Dialog":
        """The dialog with the remote target of a re-INVITE or its 2xx (12.2)."""
        try:
            target = contact_of(message)
        except RequestError:
            return self
        if target == self.target:
            return self
        destination = self.destination
        if not self.routes:
            destination = _destination(target, (), self.destination, translated=False)
        return replace(self, target=target, destination=destination)

    def without_flow(self) -> "Dialog":
        """The dialog with the connection to the far side gone: another will have to do."""
        if not self.destination.transport.reliable:
            return self
        return replace(self, destination=replace(self.destination, flow=""))

    def heard_from(self, source: Endpoint) -> "Dialog":
        """The dialog when a request in it came from there: over a connection, where ours is gone.

        Whoever knows the tags may have it: that is all that a dialog asks for (12.2.2).
        """
        ours = self.destination
        gone = ours.transport.reliable and not ours.flow and not self.routes
        if not gone or source.transport is not ours.transport or source.host != ours.host:
            return self
        return replace(self, destination=replace(ours, flow=source.flow))

    def request(
        self,
        method: str,
        sequence: int,
        sent_by: str,
        branch: str,
        headers: tuple[Header, ...] = (),
    ) -> OutgoingRequest:
        """A request inside the dialog (12.2.1.1), strict routers included."""
        uri, routes = self.target, self.routes
        if routes and ";lr" not in routes[0].lower():
            uri, routes = uri_text(routes[0]), (*routes[1:], f"<{self.target}>")
        common = (
            *(("Route", route) for route in routes),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
        )
        return OutgoingRequest(method, uri, sent_by, branch, sequence, (*common, *headers))


def contact_of(message: Request | Response) -> str:
    """The URI of the one Contact, as written; RequestError."""
    values = all_values(message.headers, "Contact")
    if len(values) != 1:
        raise RequestError("a dialog needs one Contact", 400)
    uri = uri_text(values[0])
    if endpoint_of(uri) is None and not _parses(uri):
        raise RequestError("the Contact is no SIP URI", 400)
    return uri


def _parses(uri: str) -> bool:
    try:
        parse_uri(uri.partition("?")[0])
    except ValueError:
        return False
    return True


def _destination(
    target: str, routes: tuple[str, ...], source: Endpoint, *, translated: bool
) -> Endpoint:
    """Where requests go: over the connection that leads there already, where there is one."""
    uri = uri_text(routes[0]) if routes else target
    pointed = endpoint_of(uri)
    if pointed is None or (translated and not routes):
        return source
    hidden = is_private(pointed.host) and not is_private(source.host)
    if hidden:
        return source
    if pointed.host != source.host or not source.transport.reliable:
        return pointed
    named = target_of(uri)
    if named is not None and named.transport is None and not named.secure:
        pointed = replace(pointed, transport=source.transport)
    same = pointed.transport is source.transport
    return replace(pointed, flow=source.flow, domain=source.domain) if same else pointed
