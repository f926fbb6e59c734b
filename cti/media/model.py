"""Values of sound: codecs, addresses, what a leg saw, how a play ended."""

from dataclasses import dataclass
from enum import Enum


class Codec(Enum):
    """G.711 at 8000 samples per second; the value is the static payload type (RFC 3551)."""

    PCMU = 0
    PCMA = 8


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where a leg receives RTP."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class MediaTarget:
    """Where and how a leg sends, as the offer and answer agreed.

    The leg locks to the source of the first valid packet from elsewhere (symmetric RTP, RFC 4961)
    until the next `configure`, or until one comes from this very address. `events` is the payload
    type of telephone-event or None.
    """

    host: str
    port: int
    codec: Codec
    events: int | None
    sending: bool = True
    """False while the far side asked for silence (sendonly, inactive)."""


@dataclass(frozen=True, slots=True)
class LegStatistics:
    """What a leg saw; `lost` from sequence numbers, `jitter` in milliseconds (RFC 3550, 6.4.1)."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    jitter: float = 0.0
    remote_lost: int = 0
    """What the far side said it lost; 0 when it sends no RTCP."""
    round_trip: float = 0.0
    """Milliseconds there and back, by RTCP; 0 when the far side sends none."""


class Tracks(Enum):
    """What a recording holds."""

    BOTH = "both"
    """Stereo: left what the leg receives, right what is sent to it."""
    RECEIVED = "received"
    """Mono: what the leg receives."""


class PlayOutcome(Enum):
    """How a play command ended."""

    FINISHED = "finished"
    KEY = "key"
    STOPPED = "stopped"
