"""One INVITE session from its first message to its last, whichever side began it.

::

    OFFERED      their INVITE waits for `accept` or `reject`
    CALLING      our INVITE waits for its answer
    ESTABLISHED  a dialog; re-INVITEs and UPDATEs of either side change it
    ENDING       over for whoever uses us; CANCEL, BYE or a missing ACK still under way
    ENDED        over; forgotten once no INVITE of ours waits for its answer any more

`SessionEnded` is reported exactly once, on entering ENDING or ENDED. What happens between the
beginning and the end is seen to by its parts: offers, the session timer, REFER.
"""

from cti.sip.core import Core, SessionTimer
from cti.sip.errors import Header
from cti.sip.events import (
    Ended,
    Endpoint,
    SessionAccepted,
    SessionChanged,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionProgressed,
    SessionReofferRefused,
)
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import Body, OutgoingRequest
from cti.sip.sdp import SessionDescription
from cti.sip.session import server_invite
from cti.sip.session.bodies import description_of
from cti.sip.session.capabilities import Capabilities
from cti.sip.session.client_invite import ClientInvite
from cti.sip.session.conversation import Answered, Conversation, InviteUsage, Phase, Then
from cti.sip.session.dialog import Dialog
from cti.sip.session.ending import Ending, Sessions, reason_of, refusal_of
from cti.sip.session.exchange import Exchange
from cti.sip.session.inside import Inside
from cti.sip.session.kept import KeptSession, keep
from cti.sip.session.offering import Offering, Offers
from cti.sip.session.refer import References
from cti.sip.session.refresh import Refresh
from cti.sip.session.replaces import Replaces
from cti.sip.session.server_invite import ServerInvite


class Session:
    """A dialog, or the attempt at one."""

    def __init__(
        self, core: Core, session_id: SessionId, call_id: str, tag: str, sessions: Sessions
    ) -> None:
        self.id = session_id
        self.call_id = call_id
        self.tag = tag
        self.phase = Phase.CALLING
        self.origin: tuple[str, str, int] | None = None
        """Call-ID, From tag and CSeq number of their first INVITE."""
        self.client: ClientInvite | None = None
        self.server: ServerInvite | None = None
        self._kept: tuple[object, ...] | None = None
        """What was last kept of it, as long as nothing newer was told of."""
        self.conversation = Conversation(core, session_id)
        self.refresh = Refresh(self.conversation, core.settings.session_terms)
        self.references = References(self.conversation, sessions.find)
        self.reasons: tuple[Header, ...] = ()
        """The Reason header of what takes leave (RFC 3326)."""
        self._offers = Offers()
        self._core, self._sessions = core, sessions

    # What sees to one side of the session holds it, is not held by it, and so lasts for a moment:
    # a session that is over goes with its last reference, not when the garbage collector comes.

    @property
    def offering(self) -> Offering:
        """Offers after the first, ours and theirs."""
        return Offering(self, self._offers)

    @property
    def ending(self) -> Ending:
        """How it ends."""
        return Ending(self, self._sessions)

    @property
    def _inside(self) -> Inside:
        return Inside(self)

    @property
    def usage(self) -> InviteUsage | None:
        """The dialog as it stands."""
        return self.conversation.usage

    @property
    def dialog(self) -> Dialog | None:
        """The dialog, where there is one already."""
        return self.usage.dialog if self.usage is not None else None

    @property
    def over(self) -> bool:
        """Whether it is left: an INVITE of ours that is refused now is not tried again."""
        return self.phase.over

    def usage_of(self, remote_tag: str) -> InviteUsage | None:
        """The dialog with the far side of that tag, early ones of our INVITE included."""
        if self.usage is not None:
            return self.usage if self.usage.dialog.remote_tag == remote_tag else None
        return self.client.early.get(remote_tag) if self.client is not None else None

    def knows(self, remote_tag: str) -> bool:
        """Whether one of its dialogs is with the far side of that tag."""
        return self.usage_of(remote_tag) is not None

    # --- beginnings ---------------------------------------------------------------------------

    def call(
        self,
        request: OutgoingRequest,
        destination: Endpoint | None,
        credentials: tuple[str, str],
        offer: SessionDescription | None,
    ) -> None:
        """Send the first INVITE, to `destination` or else to where its URI leads."""
        self.conversation.credentials = credentials
        self.conversation.sequence = request.sequence
        exchange = Exchange()
        if offer is not None:
            exchange.offer(offer)
        self.client = ClientInvite(self.conversation, self, request, destination, exchange)
        self.client.start()

    def offered(self, key: str, request: InboundRequest, offer: SessionDescription | None) -> None:
        """Take their first INVITE; RequestError when it can make no dialog, or lasts too short."""
        self.refresh.check(request)
        dialog = Dialog.of_server(request, self.tag)
        usage = InviteUsage(dialog, Exchange(), Capabilities().renewed(request.message))
        if offer is not None:
            usage.exchange.offered(offer)
        self.conversation.usage, self.conversation.began = usage, False
        self.phase = Phase.OFFERED
        self.server = ServerInvite(self.conversation, key, request, usage, self.tag)

    # --- commands -----------------------------------------------------------------------------

    def ring(self, status: int, description: SessionDescription | None) -> None:
        """Answer the waiting INVITE 1xx."""
        if self.server is not None:
            self.server.ring(status, description)

    def accept(self, description: SessionDescription) -> None:
        """Answer what waits for it: an UPDATE or PRACK with an offer, a re-INVITE, the INVITE."""
        if self.offering.accept(description):
            return
        if self.server is not None and self.phase in (Phase.OFFERED, Phase.ESTABLISHED):
            agreed, headers = self.refresh.grant(self.server.request)
            if self.server.state is server_invite.State.OFFERED:
                self.refresh.agreed(agreed)
            self.phase = Phase.ESTABLISHED
            self.server.accept(description, headers)

    def reject(self, status: int, headers: tuple[Header, ...]) -> None:
        """Refuse the waiting INVITE, which ends the session, or another offer, which does not."""
        if self.offering.reject(status, headers):
            return
        server = self.server
        if server is None or server.state is not server_invite.State.OFFERED:
            return
        server.reject(status, headers)
        self.server = None
        if self.phase is Phase.OFFERED:
            self.ending.finish(SessionEnded(self.id, Ended.LOCAL))
        else:
            self.offering.proceed()

    def answer(self, description: SessionDescription) -> None:
        """Answer the offer in a response to our INVITE that made none."""
        if self.client is not None and not self.phase.over and self.client.answer(description):
            self.client = None
            self.offering.proceed()

    def reinvite(self, offer: SessionDescription | None) -> None:
        """Offer other media; waits while another offer is under way, and the last one wins."""
        if not self.phase.over:
            self.offering.offer(offer)

    def keep(self) -> KeptSession | None:
        """The session as another process could take it up; from now on changes are told."""
        kept = keep(self)
        if kept is not None:
            self._kept = self._lasting
        return kept

    def look(self) -> None:
        """Something came to its end: tell if what was kept does not hold any more."""
        if self._kept is not None and self._kept != self._lasting and keep(self) is not None:
            self._kept = None
            self._core.report(SessionChanged(self.id))

    @property
    def _lasting(self) -> tuple[object, ...] | None:
        """What of the session changes seldom, for comparing."""
        usage = self.usage
        if usage is None:
            return None
        dialog, exchange = usage.dialog, usage.exchange
        place = dialog.target, dialog.destination
        return *place, usage.peer, self.refresh.current, exchange.local, exchange.remote

    def send_key(self, key: str) -> None:
        """Press a key by INFO."""
        if self.phase is Phase.ESTABLISHED:
            self._inside.send_key(key)

    def refer(self, target: str, replaces: Replaces | None, referred_by: str) -> None:
        """Ask the far side to call somebody."""
        if self.phase is Phase.ESTABLISHED and self.usage is not None:
            self.references.refer(target, replaces, referred_by)

    def end(self, reason: str) -> None:
        """Leave the session in whatever way its phase asks for."""
        if self.phase.over:
            return
        self.reasons = (("Reason", reason),) if reason else ()
        match self.phase:
            case Phase.OFFERED:
                self.ending.refuse(480)
            case Phase.CALLING if self.client is not None:
                self.ending.begin(SessionEnded(self.id, Ended.LOCAL))
                if self.client.cancel(self.reasons):
                    self.ending.expect_answer()
            case Phase.ESTABLISHED:
                self.references.flush()
                self.ending.begin(SessionEnded(self.id, Ended.LOCAL))
                self.ending.leave()

    # --- their requests -----------------------------------------------------------------------

    def request_received(self, key: str, request: InboundRequest) -> None:
        """A request inside the dialog; RequestError says what to answer."""
        self._inside.received(key, request)

    def bye_received(self, key: str, request: InboundRequest) -> None:
        """They leave; whatever they had asked for is over with that."""
        self._core.respond(key, request, 200)
        unanswered = self.phase is Phase.OFFERED
        if self.server is not None:
            self.server.reject(487)
        why = Ended.CANCELLED if unanswered else Ended.REMOTE
        self.ending.finish(SessionEnded(self.id, why, reason=reason_of(request)))

    def cancel_received(self, key: str, request: InboundRequest) -> None:
        """Their CANCEL of the INVITE with that key, already answered 200 (9.2)."""
        server = self.server
        if server is None or server.key != key or not server.waiting:
            return
        initial = server.initial
        server.reject(487)
        self.server = None
        if not initial:
            self.offering.proceed()
        else:
            why = Ended.CANCELLED if self.phase is Phase.OFFERED else Ended.REMOTE
            self.ending.finish(SessionEnded(self.id, why, reason=reason_of(request)))

    def ack_received(self, ack: InboundRequest) -> None:
        """The ACK to a 2xx of ours, or one that means nothing any more."""
        server, usage = self.server, self.usage
        if server is None or usage is None or not server.acknowledged_by(ack):
            return
        self.server = None
        description = None
        if not usage.settled:
            description = description_of(ack.message)
            if description is None:
                usage.exchange.withdraw()
            else:
                usage.exchange.answered(description)
            usage.settled = True
        if self.phase is Phase.ENDING:
            self.ending.bye()
            return
        self._core.report(SessionConfirmed(self.id, description))
        self.offering.proceed()

    # --- answers to our INVITE ------------------------------------------------------------------

    def invite_progressed(
        self, response: InboundResponse, description: SessionDescription | None, *, offered: bool
    ) -> None:
        """A 1xx came; a CANCEL that waited for it has just gone out."""
        if self.phase is Phase.ENDING:
            self.ending.expect_answer()
        elif self.phase is Phase.CALLING and response.code > 100:
            self._core.report(SessionProgressed(self.id, response.code, description, offered))
            self.offering.proceed()

    def invite_accepted(
        self,
        usage: InviteUsage,
        response: InboundResponse,
        description: SessionDescription | None,
        *,
        offered: bool,
    ) -> None:
        """A 2xx came, perhaps while a CANCEL was under way; acknowledged unless it offers."""
        first = self.usage is None
        self.conversation.usage = usage
        waits = offered and not self.phase.over
        if not waits:
            self.ending.abstain()
            self.client = None
        if self.phase is Phase.ENDING and first:
            self._core.stop_timer(SessionTimer.CANCELLED.key(self.id))
            self.ending.bye()
        elif self.phase is Phase.ENDED:
            self.ending.release()
        elif self.phase in (Phase.CALLING, Phase.ESTABLISHED):
            self.phase = Phase.ESTABLISHED
            self.refresh.granted(response.message)
            if not self.offering.quiet(usage):
                self._core.report(SessionAccepted(self.id, description, offered))
            self.offering.proceed()

    def invite_failed(self, status: int, response: InboundResponse | None) -> None:
        """A final response other than 2xx came, or none (408)."""
        self.client = None
        match self.phase:
            case Phase.CALLING:
                reason, contacts = refusal_of(response)
                silent = response is None
                self.ending.finish(
                    SessionEnded(self.id, Ended.REJECTED, status, reason, contacts, silent)
                )
            case Phase.ENDING if self.usage is None:
                self.ending.finish(SessionEnded(self.id, Ended.LOCAL))
            case Phase.ENDED:
                self.ending.release()
            case Phase.ESTABLISHED if status in (408, 481):
                self.lost()
            case Phase.ESTABLISHED if not self.offering.refused(status):
                self._core.report(SessionReofferRefused(self.id, status))
                self.offering.proceed()

    def invite_lengthened(self, response: InboundResponse) -> tuple[Header, ...]:
        """A 422 came: what to send once more."""
        return self.refresh.lengthened(response.message)

    # --- time -----------------------------------------------------------------------------------

    def timer_fired(self, name: str) -> None:
        """A timer of the session ran out."""
        match timer := SessionTimer(name):
            case SessionTimer.REPEAT if self.server is not None:
                self.server.repeat()
            case SessionTimer.RELIABLE if self.server is not None:
                self.server.reliable.repeat()
            case SessionTimer.UNACKNOWLEDGED if self.server is not None:
                self.ending.unacknowledged(self.server)
            case SessionTimer.UNPRACKED if self.server is not None:
                self.ending.unpracked(self.server)
            case SessionTimer.CANCELLED if self.client is not None:
                self.client.abandon()
            case (
                SessionTimer.GLARE
                | SessionTimer.UNDECIDED
                | SessionTimer.REFRESH
                | SessionTimer.RESUMED
            ):
                self.offering.timer_fired(timer)
            case SessionTimer.EXPIRED:
                self.lost()
            case SessionTimer.NOTIFYING | SessionTimer.REFERRING:
                self.references.timer_fired(timer)

    def lost(self) -> None:
        """The far side does not answer, or knows the dialog no more (12.2.1.2)."""
        self.ending.lost()

    def request(
        self, method: str, then: Then, headers: tuple[Header, ...] = (), body: Body | None = None
    ) -> None:
        """Send a request in the dialog; the session ends when the far side lost it."""

        def answered(what: Answered) -> None:
            if what.status in (408, 481):
                self.lost()
            if not self.phase.over:
                then(what)

        self.conversation.request(method, answered, headers, body)
