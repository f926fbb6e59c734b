"""What malformed messages may cost, from whatever address: it may be forged, so nobody is blamed.

As long as few of them come, every message is read, and traced as it is. When many do, what does not
even look like a message is dropped after a look at it, and of the rest that turns out malformed few
are traced, so that they push nothing else out of the trace. Good messages are always read.
"""

import re

from cti.kernel.bucket import Bucket

READ = 100.0
"""Malformed messages a second that are read before it is looked at what others look like."""
TRACED, TRACED_AT_ONCE = 1.0, 30.0
"""Malformed messages a second that are traced, and after a quiet time."""
LONGEST_TRACED = 4096
"""Octets of a malformed message that is traced."""
_START = re.compile(
    rb"[A-Za-z0-9\-.!%*_+`'~]{1,64} [^ \r\n]+ SIP/2\.0\r\n|SIP/2\.0 [1-6][0-9][0-9][ \r]",
    re.IGNORECASE,
)
_HEADERS = tuple(
    re.compile(rb"\n(?:%b)[ \t]*:" % names, re.IGNORECASE)
    for names in (b"Via|v", b"From|f", b"To|t", b"Call-ID|i", b"CSeq")
)


def plausible(data: bytes) -> bool:
    """Whether it looks like a message with all it needs, or like a keep-alive (5 us)."""
    text = data.lstrip(b"\r\n")
    if not text:
        return True
    head, blank, _ = text.partition(b"\r\n\r\n")
    if not blank or _START.match(head + b"\r\n") is None:
        return False
    return all(header.search(head) for header in _HEADERS)


class Nonsense:
    """Asked before a message is read, told what was malformed; `unread` and `untraced` count."""

    def __init__(self, now: float = 0.0) -> None:
        self.unread = self.untraced = 0
        self._reading = Bucket.full(READ, READ, now)
        self._tracing = Bucket.full(TRACED, TRACED_AT_ONCE, now)
        self._wary_until = float("-inf")

    def reads(self, data: bytes, now: float) -> bool:
        """Whether that message is read."""
        if now >= self._wary_until or plausible(data):
            return True
        self._malformed(now)
        self.unread += 1
        return False

    def traces(self, data: bytes, now: float) -> bool:
        """Whether a message is traced that was malformed; it is counted by this."""
        self._malformed(now)
        if len(data) <= LONGEST_TRACED and self._tracing.take(now):
            return True
        self.untraced += 1
        return False

    def _malformed(self, now: float) -> None:
        if not self._reading.take(now):
            self._wary_until = now + 1.0
