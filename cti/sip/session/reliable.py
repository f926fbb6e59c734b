"""Provisional responses that arrive (RFC 3262), on both sides."""

from collections import deque

from sipmessage import Response

from cti.sip.core import SessionTimer
from cti.sip.errors import Header
from cti.sip.message import InboundRequest, number
from cti.sip.sdp import SessionDescription
from cti.sip.session.capabilities import ALLOW, RELIABLE, SUPPORTED, requires, supports
from cti.sip.session.conversation import Conversation

_HIGHEST_FIRST = 2**31 - 1
"""The first RSeq is below this (RFC 3262, 3)."""


class ReliableResponses:
    """The reliable 1xx of one INVITE of theirs: one at a time, repeated until its PRACK.

    The interval doubles from T1 without a ceiling; after 64*T1 the timer UNPRACKED fires.
    """

    def __init__(self, conversation: Conversation, invite: InboundRequest) -> None:
        self._conversation = conversation
        self._invite = invite
        self._required = requires(invite.message, RELIABLE)
        self._supported = supports(invite.message, RELIABLE)
        self._number = int(conversation.core.entropy(4), 16) % _HIGHEST_FIRST
        self._waiting: deque[tuple[int, SessionDescription | None]] = deque()
        self._outstanding = b""
        self._described = False
        self._interval = 0.0

    def wanted(self, *, described: bool) -> bool:
        """Whether a 1xx is to be sent so: always where they insist, else with a description."""
        return self._required or (self._supported and described)

    @property
    def blocks_acceptance(self) -> bool:
        """Whether a description is under way that must arrive before a 2xx (3)."""
        return bool(self._outstanding) and self._described

    @property
    def headers(self) -> tuple[Header, ...]:
        """What makes the next 1xx reliable."""
        return (("Require", RELIABLE), ("RSeq", str(self._number + 1)), ALLOW, SUPPORTED)

    def queue(self, status: int, description: SessionDescription | None) -> None:
        """Send this when those before it are acknowledged."""
        self._waiting.append((status, description))

    def next(self) -> tuple[int, SessionDescription | None] | None:
        """What is to be sent now."""
        return self._waiting.popleft() if self._waiting and not self._outstanding else None

    def sent(self, data: bytes, *, described: bool) -> None:
        """It was sent, and is to be repeated until its PRACK."""
        timers = self._conversation.core.settings.timers
        self._number += 1
        self._outstanding, self._described, self._interval = data, described, timers.t1
        self._conversation.start_timer(SessionTimer.RELIABLE, self._interval)
        self._conversation.start_timer(SessionTimer.UNPRACKED, timers.limit)

    def repeat(self) -> None:
        """No PRACK yet."""
        if self._outstanding:
            self._interval *= 2
            self._conversation.core.send(self._outstanding, self._invite.reply_to)
            self._conversation.start_timer(SessionTimer.RELIABLE, self._interval)

    def matches(self, prack: InboundRequest) -> bool:
        """Whether this PRACK is the one waited for."""
        cseq = self._invite.cseq
        expected = [str(self._number), str(cseq.sequence), cseq.method]
        given = (prack.message.headers.get("RAck") or "").split()
        return bool(self._outstanding) and given == expected

    def acknowledged(self) -> None:
        """It came; the repetitions stop."""
        if self._outstanding:
            self._outstanding = b""
            self._conversation.stop_timer(SessionTimer.RELIABLE)
            self._conversation.stop_timer(SessionTimer.UNPRACKED)

    def close(self) -> None:
        """Neither repeat nor send any more."""
        self._waiting.clear()
        self.acknowledged()


class Sequence:
    """The reliable 1xx of one early dialog of ours, taken in order and once (RFC 3262, 4)."""

    def __init__(self) -> None:
        self._last: int | None = None

    def takes(self, rseq: int) -> bool:
        """Whether this one is the next; the first may have any number."""
        if self._last is not None and rseq != self._last + 1:
            return False
        self._last = rseq
        return True


def reliable_number(response: Response) -> int | None:
    """The RSeq of a reliable 1xx; None when it is not to be acknowledged."""
    if not 100 < response.code < 200 or not requires(response, RELIABLE):
        return None
    return number(response.headers.get("RSeq"))
