"""What the packets that were heard tell: lateness by stream, the way through the server, loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import rtp
from benchmarks.datagrams import Array
from benchmarks.figures import Spread, spread

SAMPLE_NS = 1_000_000_000 // rtp.RATE
LONGEST_WAY = 10_000_000_000
"""Beyond these nanoseconds the instant in a packet is no instant: another said it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets as columns: which stream, sequence number, timestamp, sent and arrived (ns)."""

    stream: Array
    number: Array
    timestamp: Array
    sent: Array
    at: Array
    sound: Array
    """Whether it is sound at all."""


def judge(batches: list[Batch]) -> dict[str, Any]:
    """Of `load.Heard` what is told by the packets."""
    columns = [np.concatenate(each) for each in zip(*map(_columns, batches), strict=True)]
    if not columns:
        return {"streams": 0, "packets": 0, "lost": 0} | dict.fromkeys(
            ("late", "transit", "variation")
        )
    stream, number, timestamp, sent, at, sound = columns
    order = np.argsort(stream, kind="stable")
    order = order[sound[order]]
    stream, number, timestamp, sent, at = (
        each[order] for each in (stream, number, timestamp, sent, at)
    )
    firsts = np.flatnonzero(np.diff(stream, prepend=-1))
    sizes = np.diff(firsts, append=len(stream))
    begins = np.repeat(firsts, sizes)
    late = at - _since(timestamp, begins, 32) * SAMPLE_NS
    numbers = _since(number, begins, 16)
    spans = np.maximum.reduceat(numbers, firsts) - np.minimum.reduceat(numbers, firsts) + 1
    transit = at - sent
    ours = bool(((transit >= 0) & (transit < LONGEST_WAY)).all())
    return {
        "streams": len(firsts),
        "packets": len(stream),
        "lost": int((spans - sizes).sum()),
        "late": spread_of(_above_least(late, firsts, sizes)),
        "transit": spread_of(transit) if ours else None,
        "variation": spread_of(_above_least(transit, firsts, sizes)) if ours else None,
    }


def spread_of(samples: Array) -> Spread:
    """Percentiles of an array."""
    return spread(samples.tolist())


def _columns(batch: Batch) -> tuple[Array, ...]:
    return batch.stream, batch.number, batch.timestamp, batch.sent, batch.at, batch.sound


def _since(values: Array, begins: Array, bits: int) -> Array:
    """How far each is from the first of its stream, in numbers that wrap around."""
    half = 1 << (bits - 1)
    since: Array = (values - values[begins] + half) % (1 << bits) - half
    return since


def _above_least(values: Array, firsts: Array, sizes: Array) -> Array:
    """How much each is above the least of its stream."""
    above: Array = values - np.repeat(np.minimum.reduceat(values, firsts), sizes)
    return above
