"""Keeps a session alive, or notices that it is not (RFC 4028, 10).

Whoever refreshes does so at half the interval, and again at half of what is left where that
failed; whoever waits ends the session shortly before the interval is over.
"""

from sipmessage import Response

from cti.sip.core import SessionTimer
from cti.sip.errors import Header
from cti.sip.message import InboundRequest
from cti.sip.session import session_timer
from cti.sip.session.conversation import Conversation
from cti.sip.session.session_timer import Agreed, Terms

LONGEST_MARGIN = 32.0
"""Seconds before the end of the interval at which BYE goes out (RFC 4028, 10)."""
RESUMED_PART = 16
"""Of the interval, after once to twice of which a session that was taken up is refreshed: the far
side ends a short one at two thirds of it (RFC 4028, 10). A long one waits no longer than a BYE is
repeated (Timer F) that came while nobody was here."""
SHORTEST_WAIT = 5.0
"""Seconds; a refresh that would be tried again sooner is not."""


class Refresh:
    """The session timer of one session."""

    def __init__(self, conversation: Conversation, terms: Terms) -> None:
        self.current: Agreed | None = None
        self._conversation = conversation
        self._terms = terms
        self._wait = 0.0
        self._resumed = False

    @property
    def headers(self) -> tuple[Header, ...]:
        """What an INVITE or UPDATE of ours says of it."""
        return session_timer.ask(self._terms, self.current)

    def check(self, request: InboundRequest) -> None:
        """RequestError 422 when they want it too short."""
        session_timer.check(request, self._terms)

    def grant(self, request: InboundRequest) -> tuple[Agreed | None, tuple[Header, ...]]:
        """What our 2xx to their INVITE or UPDATE agrees on, and its headers."""
        return session_timer.grant(request, self._terms, self.current)

    def granted(self, response: Response) -> None:
        """A 2xx to our INVITE or UPDATE came."""
        self.agreed(session_timer.granted(response, self._terms))

    def lengthened(self, response: Response) -> tuple[Header, ...]:
        """A 422 came: the headers to try again with; none when that would be in vain."""
        terms = session_timer.lengthened(response, self._terms)
        if terms is None:
            return ()
        self._terms = terms
        return self.headers

    def agreed(self, agreed: Agreed | None) -> None:
        """From now on this holds, and the time begins anew."""
        self.stop()
        self.current = agreed
        if agreed is None:
            return
        if agreed.ours:
            self._wait = agreed.interval / 2
            self._conversation.start_timer(SessionTimer.REFRESH, self._wait)
        if agreed.known:
            margin = min(LONGEST_MARGIN, agreed.interval / 3)
            self._conversation.start_timer(SessionTimer.EXPIRED, agreed.interval - margin)

    def resume(self, agreed: Agreed | None) -> None:
        """Go on with what held before the session was kept, however long ago that was.

        Nobody knows how much of the interval is left: a refresh of ours comes early, and the far
        side is given the whole interval once more for its own.
        """
        self.current = agreed
        patience, share = self._conversation.core.settings.timers.limit, self._share()
        if agreed is not None:
            self._wait = agreed.interval / 2
            patience = min(patience, agreed.interval / RESUMED_PART)
            if agreed.known:
                margin = min(LONGEST_MARGIN, agreed.interval / 3)
                self._conversation.start_timer(SessionTimer.EXPIRED, agreed.interval - margin)
        self._resumed = True
        self._conversation.start_timer(SessionTimer.RESUMED, patience * (1 + share))

    def failed(self) -> None:
        """A refresh of ours was refused: once more at half of what is left."""
        self._wait /= 2
        if self._wait >= SHORTEST_WAIT:
            self._conversation.start_timer(SessionTimer.REFRESH, self._wait)

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._resumed:
            self._resumed = False
            self._conversation.stop_timer(SessionTimer.RESUMED)
        if self.current is not None:
            self._conversation.stop_timer(SessionTimer.REFRESH)
            self._conversation.stop_timer(SessionTimer.EXPIRED)

    def _share(self) -> float:
        """From 0 to 1, by chance: thousands of sessions are not asked about at once."""
        return int(self._conversation.core.entropy(2), 16) / 0xFFFF
