"""SRTP and SRTCP of one leg (RFC 3711, RFC 7714), by libsrtp: plain packets in, protected out.

Each direction has keys of its own. Keys are never shown, and what fails is counted, not raised:
a stranger may send as much as they like.
"""

from dataclasses import dataclass, field
from enum import Enum

from pylibsrtp import Error, Policy, Session

from cti.media.rtp import RTCP_TYPES

REPLAY_WINDOW = 1024
"""Packets a late one may be behind: 20 s of sound (RFC 3711, 3.3.2)."""


MOST_KEYS = 4
"""That one leg remembers in each direction: more than the suites it has keys of its own for."""


class Suite(Enum):
    """What protects, by its name in SDES (RFC 4568, 6.2; RFC 7714, 14.2), the strongest first."""

    AEAD_AES_128_GCM = (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
    AES_CM_128_HMAC_SHA1_80 = (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)
    AES_CM_128_HMAC_SHA1_32 = (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 16, 14)

    def __init__(self, profile: int, key_octets: int, salt_octets: int) -> None:
        self.profile, self.key_octets, self.salt_octets = profile, key_octets, salt_octets

    @property
    def octets(self) -> int:
        """Of master key and master salt together."""
        return self.key_octets + self.salt_octets


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Master key and salt, one after the other, and the suite they are for."""

    suite: Suite
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != self.suite.octets:
            raise ValueError(f"{self.suite.name} wants {self.suite.octets} octets of key")


class Srtp:
    """Protects what a leg sends and checks what it receives; None is what may not pass.

    The packet counts that both sides keep go on over a new offer (RFC 4568, 6.4), also where it
    comes back to a key used before: counted anew, two packets would be hidden by the same octets
    (RFC 3711, 9.1).
    """

    def __init__(self) -> None:
        self.refused = 0
        """What came and was no packet of the far side's, or came twice."""
        self._senders: dict[MasterKey, Session] = {}
        self._receivers: dict[MasterKey, Session] = {}
        self._sender: Session | None = None
        self._receiver: Session | None = None

    def send_with(self, key: MasterKey) -> None:
        """Protect with this key from now on."""
        self._sender = _session(self._senders, key, Policy.SSRC_ANY_OUTBOUND)

    def receive_with(self, key: MasterKey) -> None:
        """Take what is protected with this key, and nothing else, from now on."""
        self._receiver = _session(self._receivers, key, Policy.SSRC_ANY_INBOUND)

    @property
    def ready(self) -> bool:
        """Whether both keys are known."""
        return self._sender is not None and self._receiver is not None

    def wrap(self, packet: bytes) -> bytes | None:
        """The RTP packet protected."""
        if self._sender is None:
            return None
        try:
            return self._sender.protect(packet)
        except (Error, ValueError):
            # Too long, or its number was used already: a lost packet.
            return None

    def wrap_control(self, packet: bytes) -> bytes | None:
        """The RTCP packet protected."""
        if self._sender is None:
            return None
        try:
            return self._sender.protect_rtcp(packet)
        except (Error, ValueError):
            return None

    def unwrap(self, packet: bytes) -> bytes | None:
        """The RTP packet in it, if the far side sent it and it is new."""
        if self._receiver is not None:
            try:
                return self._receiver.unprotect(packet)
            except (Error, ValueError):
                self.refused += 1
        return None

    def unwrap_control(self, packet: bytes) -> bytes | None:
        """The RTCP packet in it, if the far side sent it and it is new."""
        if self._receiver is not None:
            try:
                return self._receiver.unprotect_rtcp(packet)
            except (Error, ValueError):
                self.refused += 1
        return None


def is_control(packet: bytes) -> bool:
    """Whether a packet on a port shared by both is RTCP (RFC 5761, 4)."""
    return len(packet) > 1 and packet[1] in RTCP_TYPES


def _session(known: dict[MasterKey, Session], key: MasterKey, streams: int) -> Session:
    """The key's session, made where there is none; those used longest ago are forgotten."""
    found = known.pop(key, None) or Session(_policy(key, streams))
    known[key] = found
    while len(known) > MOST_KEYS:
        del known[next(iter(known))]
    return found


def _policy(key: MasterKey, streams: int) -> Policy:
    policy = Policy(key=key.key, ssrc_type=streams, srtp_profile=key.suite.profile)
    policy.window_size = REPLAY_WINDOW
    return policy
