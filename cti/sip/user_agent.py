"""The user agent: the one door to SIP for everything above it (RFC 3261, 8, without I/O).

Datagrams, fired timers and commands go in; every one of them returns what is to be done and told,
in order. Nothing a datagram can contain raises. What requests of theirs begin or concern is for
`incoming` to say; the sessions are in `session_table`, who registered with us in `location`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cti.kernel.errors import LocalError
from cti.kernel.identifiers import Entropy
from cti.sip import registration
from cti.sip.access import location
from cti.sip.access.antechamber import Antechamber
from cti.sip.access.bans import Offence
from cti.sip.access.doorkeeper import Doorkeeper
from cti.sip.access.gatekeeper import Gatekeeper
from cti.sip.access.glance import Refusals
from cti.sip.access.kept import KeptBinding
from cti.sip.access.location import Location
from cti.sip.access.registrar import Binding
from cti.sip.core import SESSION_PREFIX, Core
from cti.sip.delivery import UNAVAILABLE
from cti.sip.errors import Header, MessageError
from cti.sip.events import (
    Action,
    Endpoint,
    Invitation,
    Report,
    SendDatagram,
    SessionId,
    Transport,
)
from cti.sip.incoming import Incoming
from cti.sip.message import InboundRequest, InboundResponse, parse
from cti.sip.outgoing import OutgoingRequest, routed_by
from cti.sip.probe import Probe
from cti.sip.registration import Registration
from cti.sip.sdp import SessionDescription
from cti.sip.session.capabilities import ALLOW, SUPPORTED
from cti.sip.session.conversation import described
from cti.sip.session.kept import KeptSession
from cti.sip.session.replaces import Replaces
from cti.sip.session.session_table import SessionTable
from cti.sip.session.session_timer import ask
from cti.sip.session.stray import Strays
from cti.sip.settings import Accounts, UserAgentSettings
from cti.sip.transaction.layer import TIMER_PREFIX

PING, PONG = b"\r\n\r\n", b"\r\n"
"""A telephone's keep-alive and the answer to it (RFC 5626, 4.4.1), which many send over UDP too."""
Output = list[Action | Report]
"""What an input or a command gives back, in order."""


class UserAgent:
    """Registrar, caller and called in one; keeps every session there is."""

    def __init__(self, settings: UserAgentSettings, accounts: Accounts, entropy: Entropy) -> None:
        core = self._core = Core(settings, entropy)
        gatekeeper = self._gatekeeper = Gatekeeper(
            settings, accounts, entropy, core.report, core.door
        )
        self._sessions = SessionTable(core)
        self._location = Location(core, gatekeeper)
        self._incoming = Incoming(core, gatekeeper, self._sessions, self._location)
        self._strays = Strays(core, self._sessions)
        self._registrations: dict[str, Registration] = {}
        self._probes: dict[Probe, None] = {}
        self._refusals = Refusals(entropy, settings.user_agent)
        core.door.residents = self._residents

    @property
    def door(self) -> Doorkeeper:
        """Who is to be asked, before a message is given to `datagram_received`."""
        return self._core.door

    @property
    def antechamber(self) -> Antechamber:
        """Where new calls wait before they are given to `datagram_received`."""
        return self._core.antechamber

    def refusal(self, data: bytes, source: Endpoint) -> Output:
        """Refuse a new call 503 that was not read; nothing where it cannot be answered."""
        answer = self._refusals.of(data, source, self._core.retry_seconds())
        return [] if answer is None else [SendDatagram(*answer)]

    def ends_refusal(self, data: bytes) -> bool:
        """Whether it is the ACK of such a refusal, for which there is nothing to do."""
        return self._refusals.acknowledged(data)

    @property
    def settings(self) -> UserAgentSettings:
        """The settings, with the ports there are."""
        return self._core.settings

    def bound(self, port: int, transport: Transport = Transport.UDP) -> None:
        """A socket's port is known; it matters where the settings left it open with 0."""
        settings = self.settings
        if transport not in (Transport.UDP, Transport.TCP):
            settings = replace(settings, ports={**settings.ports, transport: port})
        elif settings.port == 0:
            settings = replace(settings, port=port)
        self._core.settings = settings

    def disregarded(self, source: Endpoint, now: float) -> None:
        """Something came from there that was no message to be given to `datagram_received`."""
        self._gatekeeper.offended(source, Offence.MALFORMED, now)

    # --- inputs -----------------------------------------------------------------------------

    def datagram_received(self, data: bytes, source: Endpoint, now: float) -> Output:
        """Take a datagram."""
        self._core.now = now
        try:
            message = parse(data, source)
        except MessageError as error:
            self._incoming.malformed(error, source)
            return self._core.drain()
        match message:
            case None if data == PING and not source.transport.reliable:
                self._core.send(PONG, source)
            case InboundRequest():
                outcome = self._core.layer.receive_request(message)
                self._core.absorb(outcome, self._incoming.indicated)
            case InboundResponse() if self._core.layer.awaits(message):
                self._core.absorb(self._core.layer.receive_response(message))
            case InboundResponse():
                self._strays.received(message)
        return self._core.drain()

    def timer_fired(self, key: str, now: float) -> Output:
        """Take a timer that was started by an action of ours."""
        self._core.now = now
        prefix, _, rest = key.partition("/")
        if prefix == TIMER_PREFIX:
            self._core.absorb(self._core.layer.fire(key))
        elif prefix == SESSION_PREFIX:
            session, _, name = rest.partition("/")
            if found := self._sessions.get(SessionId(session)):
                found.timer_fired(name)
        elif prefix == location.PREFIX:
            self._location.expired(rest)
        elif own := self._registrations.get(rest):
            if prefix == registration.PREFIX:
                own.refresh()
            elif prefix == registration.KEEP_ALIVE_PREFIX:
                own.keep_alive()
        return self._core.drain()

    def resolved(self, key: str, endpoints: Sequence[Endpoint], now: float) -> Output:
        """Take what a `Resolve` of ours found: the endpoints to try, in order."""
        self._core.now = now
        self._core.resolved(key, endpoints)
        return self._core.drain()

    def transport_failed(self, destination: Endpoint, now: float) -> Output:
        """Nothing reaches that destination: it took no message, or its connection broke.

        Requests under way to it fail as if answered 503 (8.1.3.1); registrations are made anew, and
        whoever registered over that connection is not to be reached any more (RFC 5626, 5.3);
        dialogs go on over the next connection there is.
        """
        self._core.now = now
        self._core.absorb(self._core.layer.undeliverable(destination))
        for own in tuple(self._registrations.values()):
            if own.destination is not None and own.destination.same_way(destination):
                own.connection_lost()
        if destination.transport.reliable:
            self._location.flow_lost(destination.flow)
            self._sessions.flow_lost(destination.flow)
        return self._core.drain()

    def uses(self, connection: Endpoint) -> bool:
        """Whether a binding, a dialog or a registration of ours needs that connection kept."""
        return any(each.same_way(connection) for each in self._peers())

    # --- commands on sessions ---------------------------------------------------------------

    def invite(self, invitation: Invitation) -> tuple[SessionId, Output]:
        """Call somebody; a name that leads nowhere ends the session REJECTED with 503.

        LocalError when a header value holds a line end; Refused when the session it shall take the
        place of is over.
        """
        core, replaced = self._core, invitation.replaces
        replaces = self._sessions.far_side_of(replaced) if replaced is not None else None
        call_id = f"{core.entropy(12)}@{self.settings.host}"
        tag = core.marks.tag(call_id, core.now)
        headers = _headers(invitation, self.settings, call_id, tag, replaces)
        request = OutgoingRequest(
            "INVITE",
            invitation.target,
            self.settings.sent_by,
            core.branch(),
            1,
            headers,
            described(invitation.offer),
            patience=invitation.patience,
        )
        session = self._sessions.add(call_id, tag)
        try:
            credentials = (invitation.user, invitation.secret)
            session.call(request, invitation.destination, credentials, invitation.offer)
        except LocalError:
            self._sessions.forget(session)
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
        """Refuse a waiting INVITE (the session ends) or re-INVITE (it goes on).

        With 503 goes when to try again, unless `headers` say it.
        """
        if status == UNAVAILABLE and not any(name == "Retry-After" for name, _ in headers):
            headers = (*headers, self._core.retry_after())
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

    # --- sessions through a restart -----------------------------------------------------------

    def keep(self, session: SessionId) -> KeptSession | None:
        """What another process needs to take the session up; None unless it is answered and
        nothing of it is under way, which says nothing against what was kept before.
        """
        found = self._sessions.get(session)
        return found.keep() if found is not None else None

    def resume(
        self,
        kept: KeptSession,
        now: float,
        *,
        secret: str = "",
        described: SessionDescription | None = None,
    ) -> Output:
        """Take a kept session up, established and under its name; LocalError when it is here.

        `secret` answers challenges for `kept.user`. `described` is our last description with its
        keys, where somebody still has it: see `cti.sip.session.kept`.
        """
        self._core.now = now
        self._sessions.resume(kept, secret, described)
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
        replaced = self._sessions.far_side_of(replaces) if replaces is not None else None
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
        return self._location.bindings(account, now)

    def forget_pages(self, account: str, now: float) -> Output:
        """Reach the account by no page any more, whatever it registered there."""
        self._core.now = now
        self._location.forget_pages(account)
        return self._core.drain()

    def keep_bindings(self, account: str) -> tuple[KeptBinding, ...]:
        """What another process needs to reach the account as it registered with us.

        Nothing of what is reached over a connection. `BindingsChanged` tells of news.
        """
        return self._location.keep(account)

    def resume_bindings(self, kept: Sequence[KeptBinding], now: float) -> Output:
        """Take kept bindings up that have not run out, of any accounts."""
        self._core.now = now
        self._location.resume(kept)
        return self._core.drain()

    # --- asking -----------------------------------------------------------------------------

    def probe(self, key: str, uri: str) -> Output:
        """OPTIONS to that URI; `ProbeAnswered` follows, once."""
        probe = Probe(self._core, key, uri, self._probed)
        self._probes[probe] = None
        probe.start()
        return self._core.drain()

    # --- the whole --------------------------------------------------------------------------

    def leave(self) -> Output:
        """End every session and take every binding of ours back."""
        for session in self._sessions:
            session.end("")
        for own in tuple(self._registrations.values()):
            own.register(0)
        for probe in tuple(self._probes):
            probe.give_up()
        return self._core.drain()

    @property
    def sessions(self) -> tuple[SessionId, ...]:
        """Every session not yet forgotten, also those that only wait for the far side."""
        return tuple(each.id for each in self._sessions)

    def call_id(self, session: SessionId) -> str:
        """The Call-ID of the session's dialog (RFC 3261, 8.1.1.4); empty once it is forgotten."""
        found = self._sessions.get(session)
        return found.call_id if found else ""

    @property
    def idle(self) -> bool:
        """Whether nobody is waited for: no session, no registration of ours."""
        return not self._sessions and not self._registrations

    def _peers(self) -> Iterator[Endpoint]:
        """Where everybody is reached who is registered, in a dialog, or has us registered."""
        yield from (own.destination for own in self._registrations.values() if own.destination)
        yield from (each.dialog.destination for each in self._sessions if each.dialog)
        yield from self._location.destinations()

    def _residents(self) -> Iterator[str]:
        return (each.host for each in self._peers())

    def _probed(self, probe: Probe) -> None:
        self._probes.pop(probe, None)

    def _unregistered(self, own: Registration) -> None:
        if self._registrations.get(own.address) is own:
            del self._registrations[own.address]


def _headers(
    invitation: Invitation,
    settings: UserAgentSettings,
    call_id: str,
    tag: str,
    replaces: Replaces | None,
) -> tuple[Header, ...]:
    """What the first INVITE of a session says (RFC 3261, 13.2.1)."""
    return (
        ("Max-Forwards", str(invitation.max_forwards)),
        ("From", f"{invitation.from_address};tag={tag}"),
        ("To", str(invitation.to_address)),
        ("Call-ID", call_id),
        ("Contact", settings.contact),
        ALLOW,
        SUPPORTED,
        *ask(settings.session_terms, None),
        ("User-Agent", settings.user_agent),
        *((("Replaces", str(replaces)),) if replaces is not None else ()),
        *routed_by(invitation.proxy),
        *invitation.headers,
    )
