"""How the ports of known addresses behave: those that never did anything right are rationed.

A datagram that bears a known address may come from elsewhere, so what is wrong with it speaks
against nobody. But when much is wrong with what bears one address, only those of its ports are
heard freely that once showed that what we send them arrives: by a right answer to a challenge, or a
request in a dialog. All its other ports share a ration, until it is quiet again.
"""

from collections import OrderedDict
from dataclasses import dataclass

from cti.kernel.bucket import Bucket

UNRULY, FADING = 60.0, 6.0
"""Points of offences from which on an address's unproven ports are rationed, and how many of them
fade in a second."""
RATION = 500.0
"""Datagrams a second that these ports may send together: room for a house that calls by a new port
each time, and a tenth of the flood that would hurt."""
MOST_PROVEN = 50_000
MOST_ADDRESSES = 5_000

Port = tuple[str, int]


@dataclass(slots=True)
class _Record:
    points: float
    at: float
    ration: Bucket


class Conduct:
    """What is remembered of the ports of known addresses; the longest quiet are forgotten."""

    def __init__(self) -> None:
        self._proven: OrderedDict[Port, None] = OrderedDict()
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def proved(self, host: str, port: int) -> None:
        """What we send to that port arrives there."""
        key = host, port
        if key in self._proven:
            self._proven.move_to_end(key)
            return
        self._proven[key] = None
        if len(self._proven) > MOST_PROVEN:
            self._proven.popitem(last=False)

    def offended(self, host: str, port: int, points: float, now: float) -> None:
        """Something was wrong with what bore that address, perhaps with nothing but a doubt."""
        if (host, port) in self._proven:
            return
        record = self._records.get(host)
        if record is None:
            record = _Record(0.0, now, Bucket.full(RATION, RATION, now))
            self._records[host] = record
            if len(self._records) > MOST_ADDRESSES:
                self._records.popitem(last=False)
        record.points, record.at = self._faded(record, now) + points, now

    def tolerates(self, host: str, port: int, now: float) -> bool:
        """Whether a datagram from there is read."""
        record = self._records.get(host)
        if record is None or (host, port) in self._proven:
            return True
        if self._faded(record, now) < UNRULY:
            return True
        return record.ration.take(now)

    def _faded(self, record: _Record, now: float) -> float:
        return max(0.0, record.points - FADING * max(0.0, now - record.at))
