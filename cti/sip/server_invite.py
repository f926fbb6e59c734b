"""Our side of one INVITE they sent, initial or inside a dialog (RFC 3261, 13.3 and 14.2).

::

    OFFERED   --ring-->     OFFERED
    OFFERED   --accept-->   ACCEPTED   the 2xx is repeated at T1, 2*T1 ... T2 until its ACK
    OFFERED   --reject-->   DONE
    ACCEPTED  --ACK-->      DONE       or after 64*T1 without one
"""

from enum import Enum

from cti.sip.core import ALLOW, Core, SessionTimer
from cti.sip.errors import Header
from cti.sip.events import SessionId
from cti.sip.message import InboundRequest, all_values
from cti.sip.outgoing import Body
from cti.sip.sdp import CONTENT_TYPE, SessionDescription


class State(Enum):
    """How far the INVITE has come."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DONE = "done"


class ServerInvite:
    """Answers the INVITE, and makes sure that an acceptance arrives."""

    def __init__(
        self, core: Core, session: SessionId, key: str, request: InboundRequest, tag: str
    ) -> None:
        self.state = State.OFFERED
        self.key = key
        self.request = request
        self._core = core
        self._session = session
        self._tag = tag
        self._accepted = b""
        self._interval = core.settings.timers.t1
        core.respond(key, request, 100)

    def ring(self, status: int, description: SessionDescription | None) -> None:
        """Answer 1xx."""
        if self.state is State.OFFERED:
            self._respond(status, self._dialog_headers(), description)

    def accept(self, description: SessionDescription) -> None:
        """Answer 200 until it is acknowledged."""
        if self.state is not State.OFFERED:
            return
        self.state = State.ACCEPTED
        headers = (*self._dialog_headers(), ALLOW, ("Supported", ""))
        self._accepted = self._respond(200, headers, description)
        self._core.start_timer(SessionTimer.REPEAT.key(self._session), self._interval)
        self._core.start_timer(
            SessionTimer.UNACKNOWLEDGED.key(self._session), self._core.settings.timers.limit
        )

    def reject(self, status: int, headers: tuple[Header, ...] = ()) -> None:
        """Answer 300 to 699."""
        if self.state is State.OFFERED:
            self.state = State.DONE
            self._respond(status, headers, None)

    def repeat(self) -> None:
        """No ACK yet: send the 200 again (13.3.1.4)."""
        if self.state is State.ACCEPTED:
            self._interval = min(2 * self._interval, self._core.settings.timers.t2)
            self._core.send(self._accepted, self.request.reply_to)
            self._core.start_timer(SessionTimer.REPEAT.key(self._session), self._interval)

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
        if self.state is State.ACCEPTED:
            self._core.stop_timer(SessionTimer.REPEAT.key(self._session))
            self._core.stop_timer(SessionTimer.UNACKNOWLEDGED.key(self._session))
        self.state = State.DONE

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
        body = Body(bytes(description), CONTENT_TYPE) if description is not None else None
        return self._core.respond(
            self.key, self.request, status, tag=self._tag, headers=headers, body=body
        )
