"""The user agent: the one door to SIP for everything above it (RFC 3261, 8, without I/O).

Datagrams, fired timers and commands go in; every one of them returns what is to be done and told,
in order. Nothing a datagram can contain raises.
"""

from collections.abc import Sequence
from dataclasses import replace

from cti.kernel.errors import LocalError, Refused
from cti.kernel.identifiers import Entropy
from cti.sip import registration
from cti.sip.bodies import offer_of
from cti.sip.capabilities import ACCEPT, ALLOW, METHODS, OPTION_TAGS, SUPPORTED, check_required
from cti.sip.conversation import Phase, described
from cti.sip.core import SESSION_PREFIX, Core
from cti.sip.errors import Header, MessageError, RequestError
from cti.sip.events import (
    Action,
    Endpoint,
    Invitation,
    MalformedReceived,
    Report,
    RequestFailed,
    SessionId,
    SessionOffered,
    Transport,
)
from cti.sip.gatekeeper import Gatekeeper
from cti.sip.locating import endpoint_of
from cti.sip.message import InboundRequest, InboundResponse, all_values, parse
from cti.sip.outgoing import OutgoingRequest, refusal_of, routed_by
from cti.sip.probe import Probe
from cti.sip.registrar import REGISTRAR_EXTENSIONS, Binding, Change, Registrar
from cti.sip.registration import Registration
from cti.sip.replaces import Replaces
from cti.sip.sdp import SessionDescription
from cti.sip.session import Session
from cti.sip.session_timer import ask
from cti.sip.settings import Accounts, UserAgentSettings
from cti.sip.transaction.layer import TIMER_PREFIX, AckArrived, Indication, RequestArrived

BINDING_PREFIX = "binding"
PING, PONG = b"\r\n\r\n", b"\r\n"
"""A telephone's keep-alive and the answer to it (RFC 5626, 4.4.1), which many send over UDP too."""
Output = list[Action | Report]
"""What an input or a command gives back, in order."""

_CAPABILITIES = (ALLOW, ACCEPT, ("Accept-Encoding", "identity"), SUPPORTED)


Origin = tuple[str, str, int]
"""Call-ID, From tag and CSeq number of a first INVITE: what it has in common with its CANCEL,
and with itself when it took two ways (RFC 3261, 8.2.2.2)."""


class UserAgent:
    """Registrar, caller and called in one; keeps every session there is."""

    def __init__(self, settings: UserAgentSettings, accounts: Accounts, entropy: Entropy) -> None:
        self.settings = settings
        self._core = Core(settings, entropy)
        self._gatekeeper = Gatekeeper(settings, accounts, entropy, self._core.report)
        self._registrar = Registrar(
            settings.minimum_expires, settings.maximum_expires, settings.translated_expires
        )
        self._sessions: dict[SessionId, Session] = {}
        self._by_dialog: dict[tuple[str, str], Session] = {}
        self._by_origin: dict[Origin, Session] = {}
        self._registrations: dict[str, Registration] = {}
        self._probes: dict[Probe, None] = {}
        self._now = 0.0

    def bound(self, port: int, transport: Transport = Transport.UDP) -> None:
        """A socket's port is known; it matters where the settings left it open with 0."""
        settings = self.settings
        if transport not in (Transport.UDP, Transport.TCP):
            settings = replace(settings, ports={**settings.ports, transport: port})
        elif settings.port == 0:
            settings = replace(settings, port=port)
        self.settings = self._core.settings = settings

    # --- inputs -----------------------------------------------------------------------------

    def datagram_received(self, data: bytes, source: Endpoint, now: float) -> Output:
        """Take a datagram."""
        self._now = now
        try:
            message = parse(data, source)
        except MessageError as error:
            self._malformed(error, source)
            return self._core.drain()
        match message:
            case None if data == PING and not source.transport.reliable:
                self._core.send(PONG, source)
            case InboundRequest():
                self._core.absorb(self._core.layer.receive_request(message), self._indicated)
            case InboundResponse():
                self._core.absorb(self._core.layer.receive_response(message))
        return self._core.drain()

    def timer_fired(self, key: str, now: float) -> Output:
        """Take a timer that was started by an action of ours."""
        self._now = now
        prefix, _, rest = key.partition("/")
        if prefix == TIMER_PREFIX:
            self._core.absorb(self._core.layer.fire(key))
        elif prefix == SESSION_PREFIX:
            session, _, name = rest.partition("/")
            if found := self._sessions.get(SessionId(session)):
                found.timer_fired(name)
        elif prefix == BINDING_PREFIX:
            self._bindings_changed(rest, self._registrar.expire(rest, now))
        elif own := self._registrations.get(rest):
            if prefix == registration.PREFIX:
                own.refresh()
            elif prefix == registration.KEEP_ALIVE_PREFIX:
                own.keep_alive()
        return self._core.drain()

    def resolved(self, key: str, endpoints: Sequence[Endpoint], now: float) -> Output:
        """Take what a `Resolve` of ours found: the endpoints to try, in order."""
        self._now = now
        self._core.resolved(key, endpoints)
        return self._core.drain()

    def transport_failed(self, destination: Endpoint, now: float) -> Output:
        """Nothing reaches that destination: it took no message, or its connection broke.

        Requests under way to it fail as if answered 503 (8.1.3.1); registrations are made anew, and
        whoever registered over that connection is not to be reached any more (RFC 5626, 5.3).
        """
        self._now = now
        self._core.absorb(self._core.layer.undeliverable(destination))
        for own in tuple(self._registrations.values()):
            if own.destination is not None and own.destination.same_way(destination):
                own.connection_lost()
        if destination.transport.reliable:
            self._flow_lost(destination.flow)
        return self._core.drain()

    def uses(self, connection: Endpoint) -> bool:
        """Whether a binding, a dialog or a registration of ours needs that connection kept."""
        theirs = [own.destination for own in self._registrations.values()]
        theirs += [each.dialog.destination for each in self._sessions.values() if each.dialog]
        theirs += self._registrar.destinations(self._now)
        return any(each is not None and each.same_way(connection) for each in theirs)

    # --- commands on sessions ---------------------------------------------------------------

    def invite(self, invitation: Invitation) -> tuple[SessionId, Output]:
        """Call somebody; a name that leads nowhere ends the session REJECTED with 503.

        LocalError when a header value holds a line end; Refused when the session it shall take the
        place of is over.
        """
        core, replaced = self._core, self._replaces(invitation.replaces)
        tag, call_id = core.tag(), f"{core.entropy(12)}@{self.settings.host}"
        headers: tuple[Header, ...] = (
            ("Max-Forwards", str(invitation.max_forwards)),
            ("From", f"{invitation.from_address};tag={tag}"),
            ("To", str(invitation.to_address)),
            ("Call-ID", call_id),
            ("Contact", self.settings.contact),
            ALLOW,
            SUPPORTED,
            *ask(self.settings.session_terms, None),
            ("User-Agent", self.settings.user_agent),
            *replaced,
            *routed_by(invitation.proxy),
            *invitation.headers,
        )
        body = described(invitation.offer)
        request = OutgoingRequest(
            "INVITE", invitation.target, self.settings.sent_by, core.branch(), 1, headers, body
        )
        request = replace(request, patience=invitation.patience)
        session = self._add(call_id, tag)
        try:
            credentials = (invitation.user, invitation.secret)
            session.call(request, invitation.destination, credentials, invitation.offer)
        except LocalError:
            self.forget(session)
            raise
        return session.id, core.drain()

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> Output:
        """Answer a waiting INVITE 1xx, with early media where a description is given."""
        if found := self._sessions.get(session):
            found.ring(status, description)
        return self._core.drain()

    def accept(self, session: SessionId, description: SessionDescription) -> Output:
        """Answer a waiting INVITE or re-INVITE 200; sent until its ACK comes (13.3.1.4)."""
        if found := self._sessions.get(session):
            found.accept(description)
        return self._core.drain()

    def answer(self, session: SessionId, description: SessionDescription) -> Output:
        """Answer the offer that came in a response to an INVITE without one, in ACK or PRACK."""
        if found := self._sessions.get(session):
            found.answer(description)
        return self._core.drain()

    def reject(self, session: SessionId, status: int, headers: tuple[Header, ...] = ()) -> Output:
        """Refuse a waiting INVITE (the session ends) or re-INVITE (it goes on)."""
        if found := self._sessions.get(session):
            found.reject(status, headers)
        return self._core.drain()

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> Output:
        """Offer other media, None asks the far side to offer; the last one wins.

        By re-INVITE; by UPDATE before the call is answered, where the far side can (RFC 3311).
        """
        if found := self._sessions.get(session):
            found.reinvite(offer)
        return self._core.drain()

    def end(self, session: SessionId, reason: str = "") -> Output:
        """Leave a session in any state; `reason` is the value of a Reason header (RFC 3326)."""
        if found := self._sessions.get(session):
            found.end(reason)
        return self._core.drain()

    def send_key(self, session: SessionId, key: str) -> Output:
        """Press a key by INFO (application/dtmf-relay)."""
        if found := self._sessions.get(session):
            found.send_key(key)
        return self._core.drain()

    # --- calls on behalf of others (RFC 3515) -----------------------------------------------

    def refer(
        self,
        session: SessionId,
        target: str,
        *,
        replaces: SessionId | None = None,
        referred_by: str = "",
    ) -> Output:
        """Ask the far side to call `target`, taking the place of that session of ours.

        Refused when the session to be replaced is over.
        """
        replaced = self._far_side_of(replaces) if replaces is not None else None
        if found := self._sessions.get(session):
            found.refer(target, replaced, referred_by)
        return self._core.drain()

    def answer_refer(self, session: SessionId, refer: str, status: int) -> Output:
        """202 takes a REFER of theirs on, 400 and above refuses it."""
        if found := self._sessions.get(session):
            found.references.answer(refer, status)
        return self._core.drain()

    def notify_refer(self, session: SessionId, refer: str, status: int) -> Output:
        """Tell how the call goes that they asked for; a final status ends the subscription."""
        if found := self._sessions.get(session):
            found.references.notify(refer, status)
        return self._core.drain()

    # --- registrations ----------------------------------------------------------------------

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> Output:
        """Register with somebody else's registrar, a SIP URI, and stay so.

        `address_of_record` is ``sip:1001@bank.example``.
        """
        self._registrations[address_of_record] = Registration(
            self._core, address_of_record, registrar, (user, secret), self._unregistered
        )
        self._registrations[address_of_record].register(expires)
        return self._core.drain()

    def unregister(self, address_of_record: str) -> Output:
        """Take our binding back."""
        if found := self._registrations.get(address_of_record):
            found.register(0)
        return self._core.drain()

    def contacts(self, account: str, now: float) -> tuple[Binding, ...]:
        """Where the account can be reached now, in the order to try."""
        return self._registrar.bindings(account, now)

    # --- asking -----------------------------------------------------------------------------

    def probe(self, key: str, uri: str) -> Output:
        """OPTIONS to that URI; `ProbeAnswered` follows, once."""
        probe = Probe(self._core, key, uri, self._probed)
        self._probes[probe] = None
        probe.start()
        return self._core.drain()

    def reachable(self, uri: str) -> Endpoint | None:
        """Where the URI leads if that can be said without asking a name server."""
        return endpoint_of(uri)

    # --- the whole --------------------------------------------------------------------------

    def leave(self) -> Output:
        """End every session and take every binding of ours back."""
        for session in tuple(self._sessions.values()):
            session.end("")
        for own in tuple(self._registrations.values()):
            own.register(0)
        for probe in tuple(self._probes):
            probe.give_up()
        return self._core.drain()

    @property
    def sessions(self) -> tuple[SessionId, ...]:
        """Every session not yet forgotten, also those that only wait for the far side."""
        return tuple(self._sessions)

    def call_id(self, session: SessionId) -> str:
        """The Call-ID of the session's dialog (RFC 3261, 8.1.1.4); empty once it is forgotten."""
        found = self._sessions.get(session)
        return found.call_id if found else ""

    @property
    def idle(self) -> bool:
        """Whether nobody is waited for: no session, no registration of ours."""
        return not self._sessions and not self._registrations

    # --- their requests ---------------------------------------------------------------------

    def _malformed(self, error: MessageError, source: Endpoint) -> None:
        """Answer without a transaction what was read far enough to be answered."""
        self._core.report(MalformedReceived(source, error.why))
        if error.status and error.message is not None:
            response = refusal_of(error.message, source, error.status, self._core.tag())
            self._core.send(response.data, source)

    def _indicated(self, indication: Indication) -> None:
        match indication:
            case RequestArrived(key, request):
                try:
                    self._route(key, request)
                except RequestError as error:
                    self._refuse(key, request, error)
                except Exception as error:  # noqa: BLE001  (our bug: answered, told, logged there)
                    self._failed(key, request, error)
            case AckArrived(request):
                if session := self._by_dialog.get((request.call_id, request.to_tag)):
                    session.ack_received(request)

    def _refuse(self, key: str, request: InboundRequest, error: RequestError) -> None:
        if (request.call_id, request.to_tag) in self._by_dialog:
            self._core.respond(key, request, error.status, headers=error.headers)
        else:
            self._core.answer_once(key, request, error.status, error.headers)

    def _failed(self, key: str, request: InboundRequest, error: Exception) -> None:
        """A mistake of ours: nobody is left waiting, and what it concerned comes to its end."""
        self._core.respond(key, request, 500)
        origin = self._by_origin.get(_origin(request))
        if session := self._by_dialog.get((request.call_id, request.to_tag)) or origin:
            session.end("")
        self._core.report(RequestFailed(error))

    def _route(self, key: str, request: InboundRequest) -> None:
        if request.method not in METHODS:
            raise RequestError("method", 405, (ALLOW,))
        if request.method == "CANCEL":
            self._cancel(key, request)
            return
        check_required(
            request, REGISTRAR_EXTENSIONS if request.method == "REGISTER" else OPTION_TAGS
        )
        if request.to_tag:
            session = self._by_dialog.get((request.call_id, request.to_tag))
            if session is None:
                raise RequestError("no such dialog", 481)
            session.request_received(key, request)
            return
        match request.method:
            case "INVITE":
                self._invited(key, request)
            case "REGISTER":
                self._register(key, request)
            case "OPTIONS":
                self._core.answer_once(key, request, 200, _CAPABILITIES)
            case "REFER":
                raise RequestError("calls are made on behalf of who is in one", 403)
            case _:
                raise RequestError("no such dialog", 481)

    def _invited(self, key: str, request: InboundRequest) -> None:
        origin = _origin(request)
        if origin in self._by_origin:
            raise RequestError("the same INVITE came by another way", 482)
        caller = self._gatekeeper.caller(request, self._now)
        if request.max_forwards == 0:
            raise RequestError("too many hops to be passed on", 483)
        offer = offer_of(request.message, self.settings.codecs)
        replaces = self._replaced(request)
        session = self._add(request.call_id, self._core.tag())
        try:
            session.offered(key, request, offer)
        except Exception:
            self.forget(session)
            raise
        session.origin = origin
        self._by_origin[origin] = session
        trunk, account = caller.trunk, caller.account
        self._core.report(
            SessionOffered(
                session.id, request.message, request.source, offer, trunk, account, replaces
            )
        )

    def _replaced(self, request: InboundRequest) -> SessionId | None:
        """The session an INVITE shall take the place of (RFC 3891, 3); RequestError."""
        values = all_values(request.message.headers, "Replaces")
        if not values:
            return None
        if len(values) > 1:
            raise RequestError("one dialog can be replaced", 400)
        replaces = Replaces.parse(values[0])
        session = self._by_dialog.get((replaces.call_id, replaces.to_tag))
        if session is None or not session.knows(replaces.from_tag):
            raise RequestError("no such dialog", 481)
        if session.phase.over:
            raise RequestError("the dialog is over", 603)
        if session.phase is Phase.OFFERED:
            raise RequestError("an early dialog that is not ours", 481)
        if session.phase is Phase.ESTABLISHED and replaces.early_only:
            raise RequestError("the dialog is answered already", 486)
        return session.id

    def _cancel(self, key: str, request: InboundRequest) -> None:
        """RFC 3261, 9.2: 200 when there is such an INVITE, with its tag, whatever becomes of it."""
        invite = self._core.layer.invite_cancelled_by(request)
        if invite is None:
            raise RequestError("nothing to cancel", 481)
        dialog = request.call_id, request.to_tag
        session = self._by_dialog.get(dialog) or self._by_origin.get(_origin(request))
        self._core.respond(key, request, 200, tag=session.tag if session else None)
        if session is not None:
            session.cancel_received(invite, request)

    def _register(self, key: str, request: InboundRequest) -> None:
        who = self._gatekeeper.registrant(request, self._now)
        changes = self._registrar.register(who.account, request, self._now)
        headers = self._registrar.answer(who.account, request, self._now)
        self._core.respond(key, request, 200, headers=(*headers, *who.headers))
        self._bindings_changed(who.account, changes)

    def _flow_lost(self, flow: str) -> None:
        for account, changes in self._registrar.flow_lost(flow, self._now):
            self._bindings_changed(account, changes)

    def _bindings_changed(self, account: str, changes: list[Change]) -> None:
        for change in changes:
            self._core.report(change)
        key, instant = f"{BINDING_PREFIX}/{account}", self._registrar.next_expiry(account)
        if instant is None:
            self._core.stop_timer(key)
        else:
            self._core.start_timer(key, max(0.0, instant - self._now))

    # --- bookkeeping ------------------------------------------------------------------------

    def _add(self, call_id: str, tag: str) -> Session:
        session_id = SessionId(self._core.entropy(8))
        session = Session(self._core, session_id, call_id, tag, self)
        self._sessions[session_id] = self._by_dialog[call_id, tag] = session
        return session

    def _replaces(self, session: SessionId | None) -> tuple[Header, ...]:
        """The Replaces header of an INVITE that takes that session's place."""
        return () if session is None else (("Replaces", str(self._far_side_of(session))),)

    def _far_side_of(self, session: SessionId) -> Replaces:
        """The session's dialog as its far side names it; Refused when there is none any more."""
        found = self._sessions.get(session)
        if found is None or found.dialog is None or found.phase.over:
            raise Refused("call.replaced_over", session=session)
        return Replaces(found.call_id, found.dialog.remote_tag, found.tag)

    # --- Sessions -----------------------------------------------------------------------------

    def find(self, replaces: Replaces) -> SessionId | None:
        """The session of ours a Replaces value names, if it is answered and not over."""
        session = self._by_dialog.get((replaces.call_id, replaces.to_tag))
        if session is None or session.phase is not Phase.ESTABLISHED:
            return None
        return session.id if session.knows(replaces.from_tag) else None

    def forget(self, session: Session) -> None:
        """The session is over, and nothing of it is under way."""
        self._sessions.pop(session.id, None)
        self._by_dialog.pop((session.call_id, session.tag), None)
        if session.origin is not None:
            self._by_origin.pop(session.origin, None)

    def _probed(self, probe: Probe) -> None:
        self._probes.pop(probe, None)

    def _unregistered(self, own: Registration) -> None:
        if self._registrations.get(own.address) is own:
            del self._registrations[own.address]


def _origin(request: InboundRequest) -> Origin:
    return request.call_id, request.from_tag, request.cseq.sequence
