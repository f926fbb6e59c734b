"""How a session ends: by whom, told once, with what still has to be sent (RFC 3261, 9 and 15)."""

from typing import TYPE_CHECKING, Protocol

from cti.sip.core import SessionTimer
from cti.sip.events import Ended, SessionEnded, SessionId
from cti.sip.message import InboundRequest, InboundResponse, all_values, uri_text
from cti.sip.session import server_invite
from cti.sip.session.conversation import Answered, Phase
from cti.sip.session.replaces import Replaces
from cti.sip.session.server_invite import ServerInvite

if TYPE_CHECKING:
    from cti.sip.session.session import Session

TIMED_OUT = 'SIP;cause=408;text="Request Timeout"'
"""Why we leave a far side that does not answer (RFC 3326)."""


class Sessions(Protocol):
    """Whoever keeps all sessions."""

    def forget(self, session: "Session") -> None:
        """The session is over, and nothing of it is under way."""

    def find(self, replaces: Replaces) -> SessionId | None:
        """The session of ours a Replaces value names."""


class Ending:
    """Leaves on our behalf, and closes what the far side left; a view the session does not keep."""

    def __init__(self, session: "Session", sessions: Sessions) -> None:
        self._session = session
        self._sessions = sessions

    def lost(self) -> None:
        """The far side does not answer, or knows the dialog no more (12.2.1.2)."""
        if self._session.phase is Phase.ESTABLISHED:
            self._session.reasons = (("Reason", TIMED_OUT),)
            self.begin(self._because(Ended.TIMEOUT))
            self.leave()

    def refuse(self, status: int) -> None:
        """The INVITE that began it is refused while it waits, even for a PRACK."""
        if self._session.server is not None:
            self._session.server.reject(status, self._session.reasons)
            self._session.server = None
        self.finish(self._because(Ended.LOCAL))

    def unacknowledged(self, server: ServerInvite) -> None:
        """No ACK came to our 2xx: as good as no session (13.3.1.4)."""
        server.close()
        self._session.server = None
        if not self._session.phase.over:
            self._session.reasons = (("Reason", TIMED_OUT),)
            self.begin(self._because(Ended.TIMEOUT))
        self.bye()

    def unpracked(self, server: ServerInvite) -> None:
        """Their INVITE is answered 5xx when no PRACK comes (RFC 3262, 3)."""
        initial = server.initial
        server.reject(504)
        self._session.server = None
        if initial:
            self.finish(self._because(Ended.TIMEOUT))
        else:
            self._session.offering.proceed()

    def leave(self) -> None:
        """BYE now, or once our 2xx is acknowledged: not before (15)."""
        server = self._session.server
        if server is not None and server.state is server_invite.State.ACCEPTED:
            return
        if server is not None and server.initial:
            self.refuse(480)
            return
        if server is not None:
            server.reject(487)
            self._session.server = None
        self.abstain()
        self.bye()

    def abstain(self) -> None:
        """An offer of theirs that waits for our answer gets its ACK without one."""
        if self._session.client is not None and self._session.client.answer(None):
            self._session.client = None

    def bye(self) -> None:
        """Say goodbye; over when it is answered, or is not."""
        self._session.conversation.request("BYE", self._left, self._session.reasons)

    def _left(self, answered: Answered) -> None:
        del answered
        self.finish(self._because(Ended.LOCAL))

    def expect_answer(self) -> None:
        """Our INVITE means nothing any more: wait 64*T1 for its answer, no longer (9.1)."""
        conversation = self._session.conversation
        limit = conversation.core.settings.timers.limit
        conversation.start_timer(SessionTimer.CANCELLED, limit)

    def begin(self, ended: SessionEnded) -> None:
        """Tell that it is over, once; what is still to be sent goes on unseen."""
        if not self._session.phase.over:
            session = self._session
            session.phase = Phase.ENDING
            session.conversation.report(ended)
            session.offering.close()
            session.refresh.stop()
            session.references.close()

    def finish(self, ended: SessionEnded) -> None:
        """Over, and nothing more to be said but what an INVITE of ours still waits for."""
        if self._session.phase is Phase.ENDED:
            return
        self.begin(ended)
        self._session.phase = Phase.ENDED
        if self._session.server is not None:
            self._session.server.close()
            self._session.server = None
        self.abstain()
        if self._session.client is None:
            self.release()
        else:
            self.expect_answer()

    def release(self) -> None:
        """Nothing is under way any more."""
        self._session.conversation.stop_timer(SessionTimer.CANCELLED)
        self._sessions.forget(self._session)

    def _because(self, why: Ended) -> SessionEnded:
        return SessionEnded(self._session.id, why)


def reason_of(message: InboundRequest | InboundResponse) -> str:
    """The Reason header, several values as one line; empty when there is none (RFC 3326)."""
    return ", ".join(message.message.headers.getlist("Reason"))


def refusal_of(response: InboundResponse | None) -> tuple[str, tuple[str, ...]]:
    """Reason and, of a 3xx, the URIs it names."""
    if response is None:
        return "", ()
    redirected = 300 <= response.code < 400
    contacts = all_values(response.message.headers, "Contact") if redirected else []
    return reason_of(response), tuple(uri_text(each) for each in contacts)
