"""How good a leg sounded: the E-model's rating R (ITU-T G.107, wideband G.107.1).

Everything that is not measured here has the Recommendation's default value: no echo is heard, the
room and the circuit noise are ordinary, losses are random (BurstR = 1).
"""

from dataclasses import dataclass
from math import log2

from cti.media.model import Codec

DELAY_HARMLESS = 100.0
"""Milliseconds one way (G.107, 7.4, Ta)."""
PACKET = 20.0
LOWEST_WAIT, HIGHEST_WAIT = 20.0, 200.0
"""Milliseconds a jitter buffer holds sound."""


@dataclass(frozen=True, slots=True)
class CodecQuality:
    """What a codec costs (G.113, Appendices I and IV), received with loss concealment."""

    best: float
    """R of a connection that nothing else impairs."""
    impairment: float
    """Ie: what the codec itself takes away."""
    robustness: float
    """Bpl: how well it bears lost packets; more is better. G.722's is an estimate of ours between
    those of G.711 without (4.3) and with concealment: ITU-T has measured none."""
    most: float
    """What losses can take away at most: 95, or 129 less the codec's impairment."""


NARROWBAND = CodecQuality(best=93.2, impairment=0.0, robustness=25.1, most=95.0)
QUALITIES = {
    Codec.PCMA: NARROWBAND,
    Codec.PCMU: NARROWBAND,
    Codec.G722: CodecQuality(best=129.0, impairment=13.0, robustness=10.0, most=129.0),
}


def rating(codec: Codec, loss: float, delay: float) -> float:
    """R of what was received: 0 to 93, in G.722 to 116 on the wideband scale.

    `loss` is the share of packets that did not come, `delay` milliseconds one way.
    """
    known = QUALITIES[codec]
    percent = 100 * loss
    lost = (known.most - known.impairment) * percent / (percent + known.robustness)
    return max(0.0, known.best - known.impairment - lost - _delay_impairment(delay))


def one_way_delay(round_trip: float, jitter: float) -> float:
    """Milliseconds from mouth to ear: half the way, a packet's length, and a jitter buffer.

    The buffer holds what is twice the mean deviation (RFC 3550, A.8) above the fastest packets.
    """
    return round_trip / 2 + PACKET + min(HIGHEST_WAIT, max(LOWEST_WAIT, 2 * jitter))


def _delay_impairment(delay: float) -> float:
    """Idd (G.107, 7.4): 0 up to 100 ms."""
    if delay <= DELAY_HARMLESS:
        return 0.0
    x: float = log2(delay / DELAY_HARMLESS)
    return 25.0 * float((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
