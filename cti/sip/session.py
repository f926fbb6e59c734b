"""One INVITE session from its first message to its last, whichever side began it.

::

    OFFERED      their INVITE waits for `accept` or `reject`
    CALLING      our INVITE waits for its answer
    ESTABLISHED  a dialog; re-INVITEs of either side change it
    ENDING       over for whoever uses us; CANCEL, BYE or a missing ACK still under way
    ENDED        over; forgotten once no INVITE of ours waits for its answer any more

`SessionEnded` is reported exactly once, on entering ENDING or ENDED.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from cti.sip import server_invite
from cti.sip.bodies import description_of, key_body, key_of, offer_of
from cti.sip.client_invite import ClientInvite
from cti.sip.core import ACCEPT, ALLOW, Core, SessionTimer
from cti.sip.dialog import Dialog
from cti.sip.errors import Header, RequestError
from cti.sip.events import (
    Ended,
    Endpoint,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionProgressed,
    SessionReoffered,
    SessionReofferRefused,
)
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import Body, OutgoingRequest
from cti.sip.sdp import CONTENT_TYPE, SessionDescription
from cti.sip.server_invite import ServerInvite


class Phase(Enum):
    """Where the session stands."""

    OFFERED = "offered"
    CALLING = "calling"
    ESTABLISHED = "established"
    ENDING = "ending"
    ENDED = "ended"


class Session:
    """A dialog, or the attempt at one."""

    def __init__(
        self,
        core: Core,
        session_id: SessionId,
        call_id: str,
        tag: str,
        forget: Callable[["Session"], None],
    ) -> None:
        self.id = session_id
        self.call_id = call_id
        self.tag = tag
        self.phase = Phase.CALLING
        self.dialog: Dialog | None = None
        self.origin: tuple[str, str, int] | None = None
        """Call-ID, From tag and CSeq number of their first INVITE."""
        self._core = core
        self._forget = forget
        self._credentials = ("", "")
        self._sequence = 0
        self._began = True
        """Whether we sent the first INVITE, and so own the Call-ID."""
        self._client: ClientInvite | None = None
        self._server: ServerInvite | None = None
        self._offer: SessionDescription | None = None
        """The last offer made in a re-INVITE, or waiting to be made."""
        self._offering = False
        self._sent: dict[str, OutgoingRequest] = {}
        self._reasons: tuple[Header, ...] = ()

    # --- beginnings ---------------------------------------------------------------------------

    def call(
        self,
        request: OutgoingRequest,
        destination: Endpoint | None,
        credentials: tuple[str, str],
    ) -> None:
        """Send the first INVITE, to `destination` or else to where its URI leads."""
        self._credentials = credentials
        self._sequence = request.sequence
        self._client = ClientInvite(self._core, self, request, destination, credentials)
        self._client.start()

    def offered(self, key: str, request: InboundRequest) -> None:
        """Take their first INVITE; RequestError when it can make no dialog."""
        self.dialog = Dialog.of_server(request, self.tag)
        self.phase, self._began = Phase.OFFERED, False
        self._server = ServerInvite(self._core, self.id, key, request, self.tag)

    # --- commands -----------------------------------------------------------------------------

    def ring(self, status: int, description: SessionDescription | None) -> None:
        """Answer the waiting INVITE 1xx."""
        if self._server is not None:
            self._server.ring(status, description)

    def accept(self, description: SessionDescription) -> None:
        """Answer the waiting INVITE or re-INVITE 200."""
        if self._server is not None and self.phase in (Phase.OFFERED, Phase.ESTABLISHED):
            self._server.accept(description)
            self.phase = Phase.ESTABLISHED

    def reject(self, status: int, headers: tuple[Header, ...]) -> None:
        """Refuse the waiting INVITE, which ends the session, or re-INVITE, which does not."""
        if self._server is None or self._server.state is not server_invite.State.OFFERED:
            return
        self._server.reject(status, headers)
        self._server = None
        if self.phase is Phase.OFFERED:
            self._finish(Ended.LOCAL)
        else:
            self._make_offer()

    def reinvite(self, offer: SessionDescription) -> None:
        """Offer other media; waits while another INVITE is under way, and the last offer wins."""
        if self.phase is Phase.ESTABLISHED:
            self._offer, self._offering = offer, True
            self._make_offer()

    def send_key(self, key: str) -> None:
        """Press a key by INFO."""
        if self.phase is Phase.ESTABLISHED:
            self._request("INFO", body=key_body(key))

    def end(self, reason: str) -> None:
        """Leave the session in whatever way its phase asks for."""
        self._reasons = (("Reason", reason),) if reason else ()
        match self.phase:
            case Phase.OFFERED:
                self.reject(480, self._reasons)
            case Phase.CALLING if self._client is not None:
                self._report_end(Ended.LOCAL)
                if self._client.cancel(self._reasons):
                    self._expect_answer()
            case Phase.ESTABLISHED:
                self._report_end(Ended.LOCAL)
                self._leave()

    # --- their requests -----------------------------------------------------------------------

    def request_received(self, key: str, request: InboundRequest) -> None:
        """A request inside the dialog; RequestError says what to answer."""
        dialog = self.dialog
        if dialog is None or request.from_tag != dialog.remote_tag:
            raise RequestError("no such dialog", 481)
        if request.cseq.sequence <= dialog.remote_sequence:
            raise RequestError("CSeq out of order", 500)
        self.dialog = replace(dialog, remote_sequence=request.cseq.sequence)
        match request.method:
            case "BYE":
                self._bye_received(key, request)
            case "INVITE":
                self._reinvite_received(key, request)
            case "INFO" if self.phase is Phase.ESTABLISHED:
                pressed = key_of(request.message)
                self._core.respond(key, request, 200)
                if pressed is not None:
                    self._core.report(SessionKey(self.id, pressed))
            case "OPTIONS":
                self._core.respond(key, request, 200, headers=(ALLOW, ACCEPT, ("Supported", "")))
            case _:
                raise RequestError("not in this phase", 481)

    def cancel_received(self, key: str) -> None:
        """Their CANCEL of the INVITE with that key, already answered 200 (9.2)."""
        server = self._server
        if server is None or server.key != key or server.state is not server_invite.State.OFFERED:
            return
        server.reject(487)
        self._server = None
        if self.phase is Phase.OFFERED:
            self._finish(Ended.CANCELLED)
        else:
            self._make_offer()

    def ack_received(self, ack: InboundRequest) -> None:
        """The ACK to a 2xx of ours, or one that means nothing any more."""
        server = self._server
        if server is None or not server.acknowledged_by(ack):
            return
        self._server = None
        if self.phase is Phase.ENDING:
            self._bye()
            return
        self._core.report(SessionConfirmed(self.id, description_of(ack.message)))
        self._make_offer()

    def _bye_received(self, key: str, request: InboundRequest) -> None:
        self._core.respond(key, request, 200)
        unanswered = self.phase is Phase.OFFERED
        if self._server is not None:
            self._server.reject(487)
        self._finish(Ended.CANCELLED if unanswered else Ended.REMOTE)

    def _reinvite_received(self, key: str, request: InboundRequest) -> None:
        if self.phase in (Phase.ENDING, Phase.ENDED) or self.dialog is None:
            raise RequestError("the session is over", 481)
        if self._client is not None:
            raise RequestError("our INVITE is under way", 491)
        if self._server is not None:
            raise RequestError("their last INVITE is under way", 500, (("Retry-After", "1"),))
        offer = offer_of(request.message, self._core.settings.codecs)
        self.dialog = self.dialog.refreshed(request.message)
        self._server = ServerInvite(self._core, self.id, key, request, self.tag)
        self._core.report(SessionReoffered(self.id, offer))

    # --- answers to our INVITE ------------------------------------------------------------------

    def next_sequence(self) -> int:
        """The next CSeq number of ours."""
        self._sequence += 1
        return self._sequence

    def invite_progressed(self, response: InboundResponse) -> None:
        """A 1xx came; a CANCEL that waited for it has just gone out."""
        if self.phase is Phase.ENDING:
            self._expect_answer()
        elif self.phase is Phase.CALLING and response.code > 100:
            description = description_of(response.message)
            self._core.report(SessionProgressed(self.id, response.code, description))

    def invite_accepted(self, dialog: Dialog, response: InboundResponse) -> None:
        """A 2xx came and is acknowledged, perhaps while a CANCEL was under way."""
        first = self.dialog is None
        self._client = None
        remote_sequence = self.dialog.remote_sequence if self.dialog else dialog.remote_sequence
        self.dialog = replace(dialog, remote_sequence=remote_sequence)
        if self.phase is Phase.ENDING and first:
            self._core.stop_timer(SessionTimer.CANCELLED.key(self.id))
            self._bye()
        elif self.phase is Phase.ENDED:
            self._release()
        elif self.phase in (Phase.CALLING, Phase.ESTABLISHED):
            self.phase = Phase.ESTABLISHED
            self._core.report(SessionAccepted(self.id, description_of(response.message)))
            self._make_offer()

    def invite_failed(self, status: int) -> None:
        """A final response other than 2xx came, or none (408)."""
        self._client = None
        match self.phase:
            case Phase.CALLING:
                self._finish(Ended.REJECTED, status)
            case Phase.ENDING if self.dialog is None:
                self._finish(Ended.LOCAL)
            case Phase.ENDED:
                self._release()
            case Phase.ESTABLISHED if status in (408, 481):
                self._lost()
            case Phase.ESTABLISHED if status == 491:
                self._offering = True
                self._core.start_timer(SessionTimer.GLARE.key(self.id), self._glare_delay())
            case Phase.ESTABLISHED:
                self._core.report(SessionReofferRefused(self.id, status))
                self._make_offer()

    # --- answers to our other requests ----------------------------------------------------------

    def response_received(self, key: str, response: InboundResponse) -> None:
        """A response to BYE or INFO."""
        if response.code < 200:
            return
        request = self._sent.pop(key, None)
        if request is None:
            return
        header = self._core.credentials(request, response, *self._credentials)
        if header is not None and self.dialog is not None:
            again = request.renewed(self._core.branch(), self.next_sequence(), header)
            self._transmit(again, self.dialog.destination)
        elif request.method == "BYE":
            self._finish(Ended.LOCAL)
        elif response.code in (408, 481) and self.phase is Phase.ESTABLISHED:
            self._lost()

    def timed_out(self, key: str) -> None:
        """Nobody answered BYE or INFO: the far side is gone (12.2.1.2)."""
        request = self._sent.pop(key, None)
        if request is None:
            return
        if request.method == "BYE":
            self._finish(Ended.LOCAL)
        elif self.phase is Phase.ESTABLISHED:
            self._lost()

    def timer_fired(self, name: str) -> None:
        """A timer of the session ran out."""
        match SessionTimer(name):
            case SessionTimer.REPEAT if self._server is not None:
                self._server.repeat()
            case SessionTimer.UNACKNOWLEDGED if self._server is not None:
                self._unacknowledged(self._server)
            case SessionTimer.CANCELLED if self._client is not None:
                self._client.abandon()
            case SessionTimer.GLARE:
                self._make_offer()

    # --- private --------------------------------------------------------------------------------

    def _make_offer(self) -> None:
        """Send the re-INVITE that waits, if nothing hinders it."""
        busy = self._client is not None or self._server is not None
        if not self._offering or busy or self.dialog is None or self._offer is None:
            return
        if self.phase is not Phase.ESTABLISHED:
            return
        self._offering = False
        core, dialog = self._core, self.dialog
        headers = (("Contact", core.settings.contact), ALLOW)
        sequence, sent_by = self.next_sequence(), core.settings.sent_by
        request = dialog.request("INVITE", sequence, sent_by, core.branch(), headers)
        request = replace(request, body=Body(bytes(self._offer), CONTENT_TYPE))
        destination = dialog.destination
        self._client = ClientInvite(core, self, request, destination, self._credentials, dialog)
        self._client.start()

    def _glare_delay(self) -> float:
        """Seconds to wait after a 491: 2.1 to 4 as owner of the Call-ID, else 0 to 2 (14.1)."""
        share = int(self._core.entropy(2), 16) / 0xFFFF
        return 2.1 + 1.9 * share if self._began else 2.0 * share

    def _unacknowledged(self, server: ServerInvite) -> None:
        server.close()
        self._server = None
        if self.phase is not Phase.ENDING:
            self._report_end(Ended.TIMEOUT)
        self._bye()

    def _lost(self) -> None:
        self._report_end(Ended.TIMEOUT)
        self._leave()

    def _leave(self) -> None:
        """BYE now, or once our 2xx is acknowledged: not before (15)."""
        if self._server is not None and self._server.state is server_invite.State.ACCEPTED:
            return
        if self._server is not None:
            self._server.reject(487)
            self._server = None
        self._bye()

    def _bye(self) -> None:
        self._request("BYE", self._reasons)

    def _request(
        self, method: str, headers: tuple[Header, ...] = (), body: Body | None = None
    ) -> None:
        assert self.dialog is not None
        core, sequence = self._core, self.next_sequence()
        named = (*headers, ("User-Agent", core.settings.user_agent))
        sent_by, branch = core.settings.sent_by, core.branch()
        request = self.dialog.request(method, sequence, sent_by, branch, named)
        self._transmit(replace(request, body=body), self.dialog.destination)

    def _transmit(self, request: OutgoingRequest, destination: Endpoint) -> None:
        self._sent[self._core.request(request, destination, self)] = request

    def _expect_answer(self) -> None:
        """Our INVITE means nothing any more: wait 64*T1 for its answer, no longer (9.1)."""
        limit = self._core.settings.timers.limit
        self._core.start_timer(SessionTimer.CANCELLED.key(self.id), limit)

    def _report_end(self, why: Ended, status: int = 0) -> None:
        if self.phase not in (Phase.ENDING, Phase.ENDED):
            self.phase = Phase.ENDING
            self._core.report(SessionEnded(self.id, why, status))

    def _finish(self, why: Ended, status: int = 0) -> None:
        if self.phase is Phase.ENDED:
            return
        self._report_end(why, status)
        self.phase = Phase.ENDED
        if self._server is not None:
            self._server.close()
            self._server = None
        self._core.stop_timer(SessionTimer.GLARE.key(self.id))
        if self._client is None:
            self._release()
        else:
            self._expect_answer()

    def _release(self) -> None:
        self._core.stop_timer(SessionTimer.CANCELLED.key(self.id))
        self._forget(self)
