"""Our side of one INVITE they sent, initial or inside a dialog (RFC 3261, 13.3 and 14.2).

::

    OFFERED    --ring-->     OFFERED     1xx; one with a description reliably where they can
    OFFERED    --accept-->   ACCEPTED    the 2xx is repeated at T1, 2*T1 ... T2 until its ACK
               --accept-->   ACCEPTING   when a described 1xx still waits for its PRACK
    ACCEPTING  --PRACK-->    ACCEPTED
    OFFERED, ACCEPTING
               --reject-->   DONE
    ACCEPTED   --ACK-->      DONE        or after 64*T1 without one
"""

from enum import Enum

from cti.sip.core import SessionTimer
from cti.sip.errors import Header
from cti.sip.message import InboundRequest, all_values
from cti.sip.sdp import SessionDescription
from cti.sip.session.capabilities import ALLOW, SUPPORTED
from cti.sip.session.conversation import Conversation, InviteUsage, described
from cti.sip.session.exchange import Turn
from cti.sip.session.reliable import ReliableResponses


class State(Enum):
    """How far the INVITE has come."""

    OFFERED = "offered"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    DONE = "done"


class ServerInvite:
    """Answers the INVITE, and makes sure that an acceptance arrives."""

    def __init__(
        self,
        conversation: Conversation,
        key: str,
        request: InboundRequest,
        usage: InviteUsage,
        tag: str,
    ) -> None:
        self.state = State.OFFERED
        self.key = key
        self.request = request
        self.reliable = ReliableResponses(conversation, request)
        self._conversation = conversation
        self._core = conversation.core
        self._usage = usage
        self._tag = tag
        self._accepted = b""
        self._headers: tuple[Header, ...] = ()
        self._acceptance: SessionDescription | None = None
        self._interval = self._core.settings.timers.t1
        usage.settled = False
        self._core.promise(key, request)

    @property
    def initial(self) -> bool:
        """Whether it is the INVITE that began the session."""
        return not self.request.to_tag

    @property
    def waiting(self) -> bool:
        """Whether no final response has gone out."""
        return self.state in (State.OFFERED, State.ACCEPTING)

    # --- commands -------------------------------------------------------------------------------

    def ring(self, status: int, description: SessionDescription | None) -> None:
        """Answer 1xx, in order behind those that wait for their PRACK."""
        if self.state is not State.OFFERED:
            return
        if self.reliable.wanted(described=description is not None):
            self.reliable.queue(status, description)
            self._ring_next()
            return
        late = self._usage.exchange.turn is not Turn.THEIRS
        preview = None if late else description
        self._respond(status, self._dialog_headers(), preview)

    def accept(self, description: SessionDescription, headers: tuple[Header, ...] = ()) -> None:
        """Answer 200 until it is acknowledged; `description` counts unless a 1xx had it."""
        if self.state is not State.OFFERED:
            return
        self._acceptance, self._headers = description, headers
        self.state = State.ACCEPTING
        if not self.reliable.blocks_acceptance:
            self._accept()

    def reject(self, status: int, headers: tuple[Header, ...] = ()) -> None:
        """Answer 300 to 699."""
        if self.waiting:
            self.close()
            if not self._usage.settled:
                self._usage.exchange.withdraw()
            self._respond(status, headers, None)

    # --- what happens ---------------------------------------------------------------------------

    def advance(self) -> None:
        """A PRACK came and was answered: go on with what waited for it."""
        if self.state is State.ACCEPTING:
            self._accept()
        elif self.state is State.OFFERED:
            self._ring_next()

    def repeat(self) -> None:
        """No ACK yet: send the 200 again (13.3.1.4)."""
        if self.state is State.ACCEPTED:
            self._interval = min(2 * self._interval, self._core.settings.timers.t2)
            self._core.send(self._accepted, self.request.reply_to)
            self._conversation.start_timer(SessionTimer.REPEAT, self._interval)

    def acknowledged_by(self, ack: InboundRequest) -> bool:
        """Whether this ACK is the one waited for; the repetitions stop."""
        if self.state is not State.ACCEPTED:
            return False
        if ack.cseq.sequence != self.request.cseq.sequence:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Wait for nothing any more."""
        self.reliable.close()
        if self.state is State.ACCEPTED:
            self._conversation.stop_timer(SessionTimer.REPEAT)
            self._conversation.stop_timer(SessionTimer.UNACKNOWLEDGED)
        self.state = State.DONE

    # --- private --------------------------------------------------------------------------------

    def _ring_next(self) -> None:
        waiting = self.reliable.next()
        if waiting is None:
            return
        status, description = waiting
        said = None if self._usage.settled else description
        if said is not None:
            self._describe(said)
        headers = (*self._dialog_headers(), *self.reliable.headers)
        self.reliable.sent(self._respond(status, headers, said), described=said is not None)

    def _accept(self) -> None:
        self.reliable.close()
        self.state = State.ACCEPTED
        said = None if self._usage.settled else self._acceptance
        if said is not None:
            self._describe(said)
        headers = (*self._dialog_headers(), ALLOW, SUPPORTED, *self._headers)
        self._accepted = self._respond(200, headers, said)
        limit = self._core.settings.timers.limit
        self._conversation.start_timer(SessionTimer.REPEAT, self._interval)
        self._conversation.start_timer(SessionTimer.UNACKNOWLEDGED, limit)

    def _describe(self, description: SessionDescription) -> None:
        """Ours is the answer to the INVITE's offer, or the offer it left to us."""
        exchange = self._usage.exchange
        if exchange.turn is Turn.THEIRS:
            exchange.answer(description)
            self._usage.settled = True
        else:
            exchange.offer(description)

    def _dialog_headers(self) -> tuple[Header, ...]:
        """What makes a dialog: their Record-Route, our Contact (12.1.1)."""
        routes = all_values(self.request.message.headers, "Record-Route")
        return (
            *(("Record-Route", route) for route in routes),
            ("Contact", self._core.settings.contact),
        )

    def _respond(
        self, status: int, headers: tuple[Header, ...], description: SessionDescription | None
    ) -> bytes:
        body = described(description)
        return self._core.respond(
            self.key, self.request, status, tag=self._tag, headers=headers, body=body
        )
