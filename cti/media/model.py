"""Values of sound: codecs, addresses, what a leg saw, how a play ended."""

from dataclasses import dataclass, field
from enum import Enum


class Codec(Enum):
    """The value is the static payload type (RFC 3551, 6); all count time at 8000 Hz."""

    PCMU = 0
    PCMA = 8
    G722 = 9
    """16000 samples per second, whatever its RTP clock says (RFC 3551, 4.5.2)."""


PREFERRED_CODECS = (Codec.PCMA, Codec.PCMU, Codec.G722)
"""What legs speak where no setting says otherwise; bank trunks in China and Europe speak A-law."""


class Security(Enum):
    """What keeps a leg's sound from others."""

    NONE = "none"
    SDES = "sdes"
    """SRTP with keys in the session descriptions (RFC 4568): telephones and trunks over TLS."""
    DTLS = "dtls"
    """A browser: ICE-lite (RFC 8445), DTLS-SRTP (RFC 5764), rtcp-mux, one port for all."""


@dataclass(frozen=True, slots=True)
class SdesKey:
    """One crypto attribute (RFC 4568, 9.1): `key` is the base64 of master key and salt."""

    tag: int
    suite: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """How one side of a browser leg proves itself: ICE (RFC 8445, 5.3) and DTLS (RFC 8122, 5).

    Without `fragment` it speaks DTLS but no ICE: it is found at its address.
    """

    fragment: str
    password: str = field(repr=False)
    fingerprint: str
    """``sha-256 4A:AD:B9:...``"""
    waits: bool = False
    """It leaves the handshake to the other side to begin (setup:passive, RFC 5763, 5)."""


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where a leg receives RTP; `security` is what it tells the far side of itself.

    Of SDES keys there is one for each suite we can, in order of preference. `codecs` are those it
    speaks, the most wished for first.
    """

    host: str
    port: int
    security: tuple[SdesKey, ...] | BrowserKeys | None = None
    codecs: tuple[Codec, ...] = PREFERRED_CODECS


@dataclass(frozen=True, slots=True)
class MediaTarget:
    """Where and how a leg sends, as the offer and answer agreed.

    The leg listens to this very address, or to a source that proves plausible meanwhile, and sends
    there (symmetric RTP, RFC 4961; `cti.media.source_lock`) until another address is configured.
    Without a `host` it sends nowhere before it found one. `events` is the payload type of
    telephone-event or None.
    """

    host: str
    port: int
    codec: Codec
    events: int | None
    sending: bool = True
    """False while the far side asked for silence (sendonly, inactive)."""
    security: SdesKey | BrowserKeys | None = None
    """The far side's: the one key agreed on, by whose suite our own is chosen; or its browser's."""
    mux: bool = False
    """Whether RTCP shares the port (RFC 5761); always so for a browser."""
    patience: float = 0.0
    """Seconds without RTP after which the leg is lost; 0: as long as every leg's."""


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
    remote_jitter: float = 0.0
    """Milliseconds, as the far side reported."""
    codec: str = ""
    """The codec agreed on last: ``PCMA``, ``PCMU``, ``G722``."""
    rating: float = 0.0
    """Transmission rating R (ITU-T G.107) of what was received; 0 when nothing was."""


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
