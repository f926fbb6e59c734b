"""The lite side of ICE (RFC 8445, 2.5): it answers checks and learns from them where the peer is.

A lite agent is reachable at the address it advertises. It sends no checks, so whatever candidates
the far side names, `.local` ones too, mean nothing to it: the source of an authenticated check is
an address that works. Checks go on for as long as the peer wants to be sent to (RFC 7675).
"""

from dataclasses import dataclass, field

from cti.media import stun
from cti.media.stun import Kind, Name, StunMessage

Source = tuple[str, int]
"""IP address and UDP port."""

CONSENT_SECONDS = 30.0
"""Without a check for so long nothing may be sent any more (RFC 7675, 5.1)."""
FORSAKEN_SECONDS = 6.0
"""A pair that is not checked for so long gives way to one of lower priority."""
MOST_SOURCES = 32
"""Addresses of one peer that are remembered."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An address that was checked: when last, and with which priority."""

    checked: float
    priority: int
    nominated: bool = False


@dataclass(slots=True)
class IceLite:
    """One leg's agent; `peer` is where to send to."""

    fragment: str
    password: str = field(repr=False)
    peer: Source | None = None
    refused: int = 0
    """Checks that nobody who knows the password sent."""
    _far_fragment: str = ""
    _pairs: dict[Source, Pair] = field(default_factory=dict)

    def configure(self, far_fragment: str) -> None:
        """Take checks of that fragment only; a new one begins anew (RFC 8445, 9)."""
        if far_fragment != self._far_fragment:
            if self._far_fragment:
                self._pairs.clear()
            self._far_fragment = far_fragment

    def knows(self, source: Source) -> bool:
        """Whether an authenticated check came from there."""
        return source in self._pairs

    def consent_ends(self) -> float:
        """When sending must stop if no check comes; 0 while none came."""
        pair = self._pairs.get(self.peer) if self.peer is not None else None
        return pair.checked + CONSENT_SECONDS if pair is not None else 0.0

    def receive(self, data: bytes, source: Source, now: float) -> bytes | None:
        """The answer to a check; None when it is none that is answered. RemoteError."""
        message = StunMessage.parse(data)
        if message.kind is not Kind.REQUEST:
            return None
        error = self._error(message)
        if error in (stun.BAD_REQUEST, stun.UNAUTHENTICATED):
            self.refused += 1
            return stun.refusal(message, error).encode()
        if error is not None:
            return stun.refusal(message, error).encode(self.password)
        self._checked(message, source, now)
        return stun.success(message, source).encode(self.password)

    def _error(self, message: StunMessage) -> tuple[int, str] | None:
        """Why the check is refused (RFC 8489, 9.1.3; RFC 8445, 7.3)."""
        username = message.get(Name.USERNAME)
        if username is None or message.integrity is None:
            return stun.BAD_REQUEST
        if not self._is_ours(username) or not message.authentic(self.password):
            return stun.UNAUTHENTICATED
        if message.not_understood:
            return stun.UNKNOWN_ATTRIBUTE
        if message.get(Name.ICE_CONTROLLED) is not None:
            # A lite agent beside a full one is always the controlled one (RFC 8445, 6.1.1).
            return stun.ROLE_CONFLICT
        return None

    def _is_ours(self, username: bytes) -> bool:
        ours, _, theirs = username.partition(b":")
        known = not self._far_fragment or theirs == self._far_fragment.encode()
        return ours == self.fragment.encode() and known

    def _checked(self, message: StunMessage, source: Source, now: float) -> None:
        before = self._pairs.get(source)
        if before is None and len(self._pairs) >= MOST_SOURCES:
            self._pairs.pop(min(self._pairs, key=lambda each: self._pairs[each].checked))
        nominated = message.get(Name.USE_CANDIDATE) is not None
        priority = int.from_bytes((message.get(Name.PRIORITY) or b"")[:4], "big")
        was = before is not None and before.nominated
        self._pairs[source] = pair = Pair(now, priority, nominated or was)
        if self._prefers(pair, now):
            self.peer = source

    def _prefers(self, pair: Pair, now: float) -> bool:
        """Whether to send there rather than where we send now (RFC 8445, 8.1.2)."""
        current = self._pairs.get(self.peer) if self.peer is not None else None
        if current is None or now - current.checked > FORSAKEN_SECONDS:
            return True
        return (pair.nominated, pair.priority) >= (current.nominated, current.priority)
