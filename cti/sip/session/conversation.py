"""What the parts of one session share: its dialog, its numbering, its requests under way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from cti.kernel.errors import LocalError
from cti.sip.core import Core, SessionTimer
from cti.sip.errors import Header
from cti.sip.events import Endpoint, Report, SessionId
from cti.sip.message import InboundRequest, InboundResponse
from cti.sip.outgoing import Body, OutgoingRequest
from cti.sip.sdp import CONTENT_TYPE, SessionDescription
from cti.sip.session.capabilities import Capabilities
from cti.sip.session.dialog import Dialog
from cti.sip.session.exchange import Exchange


class Phase(Enum):
    """Where the session stands."""

    OFFERED = "offered"
    CALLING = "calling"
    ESTABLISHED = "established"
    ENDING = "ending"
    ENDED = "ended"

    @property
    def over(self) -> bool:
        """Whether nothing is reported any more."""
        return self in (Phase.ENDING, Phase.ENDED)


@dataclass(slots=True)
class InviteUsage:
    """A dialog, early or confirmed, as an INVITE session uses it (RFC 5057, 3)."""

    dialog: Dialog
    exchange: Exchange
    peer: Capabilities
    settled: bool = False
    """Whether the INVITE's own offer and answer are done, so that its 2xx needs no description."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request of ours: `response` is None when nobody answered (status 408)."""

    request: OutgoingRequest
    status: int
    response: InboundResponse | None = None


Then = Callable[[Answered], None]


@dataclass(frozen=True, slots=True)
class _Sent:
    request: OutgoingRequest
    destination: Endpoint
    then: Then


class Conversation:
    """Sends requests inside the session's dialogs and tells who sent them what came of it."""

    def __init__(self, core: Core, session: SessionId) -> None:
        self.core = core
        self.id = session
        self.credentials = ("", "")
        self.began = True
        """Whether we sent the first INVITE, and so own the Call-ID."""
        self.usage: InviteUsage | None = None
        """The dialog there is, early while their INVITE waits for us."""
        self.sequence = 0
        self._sent: dict[str, _Sent] = {}

    def next_sequence(self) -> int:
        """The next CSeq number of ours."""
        self.sequence += 1
        return self.sequence

    def report(self, report: Report) -> None:
        """Tell whoever uses the user agent."""
        self.core.report(report)

    def start_timer(self, timer: SessionTimer, seconds: float) -> None:
        """Have the session's `timer_fired` called after so long."""
        self.core.start_timer(timer.key(self.id), seconds)

    def stop_timer(self, timer: SessionTimer) -> None:
        """Take it back."""
        self.core.stop_timer(timer.key(self.id))

    def request(
        self,
        method: str,
        then: Then,
        headers: tuple[Header, ...] = (),
        body: Body | None = None,
        usage: InviteUsage | None = None,
    ) -> int:
        """Send a request in that dialog, else the one there is; its CSeq number.

        A challenge is answered by itself.
        """
        used = usage or self.usage
        if used is None:
            raise LocalError(f"{method} without a dialog")
        core, sequence, dialog = self.core, self.next_sequence(), used.dialog
        named = (*headers, ("User-Agent", core.settings.user_agent))
        request = dialog.request(method, sequence, core.settings.sent_by, core.branch(), named)
        self._transmit(_Sent(replace(request, body=body), dialog.destination, then))
        return sequence

    def glare_delay(self) -> float:
        """Seconds to wait after a 491: 2.1 to 4 as owner of the Call-ID, else 0 to 2 (14.1)."""
        share = int(self.core.entropy(2), 16) / 0xFFFF
        return 2.1 + 1.9 * share if self.began else 2.0 * share

    def response_received(self, key: str, response: InboundResponse) -> None:
        """A response the transaction passes up."""
        if response.code < 200:
            return
        sent = self._sent.pop(key, None)
        if sent is None:
            return
        header = self.core.credentials(sent.request, response, *self.credentials)
        if header is None:
            sent.then(Answered(sent.request, response.code, response))
            return
        again = sent.request.renewed(self.core.branch(), self.next_sequence(), header)
        self._transmit(replace(sent, request=again))

    def timed_out(self, key: str) -> None:
        """Nobody answered."""
        if sent := self._sent.pop(key, None):
            sent.then(Answered(sent.request, 408))

    def _transmit(self, sent: _Sent) -> None:
        self._sent[self.core.request(sent.request, sent.destination, self)] = sent


@dataclass(frozen=True, slots=True)
class TheirOffer:
    """An UPDATE or PRACK of theirs whose offer waits for our answer."""

    key: str
    request: InboundRequest
    usage: InviteUsage
    headers: tuple[Header, ...] = ()
    """What the 2xx has to say besides."""


def described(description: SessionDescription | None) -> Body | None:
    """The body that carries a description."""
    return Body(bytes(description), CONTENT_TYPE) if description is not None else None
