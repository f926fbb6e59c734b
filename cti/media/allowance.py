"""How many packets one far side may send: what is beyond is dropped unread.

No codec sends more than one packet every 5 ms. Whoever sends ten thousand would otherwise take the
time of the legs beside them, and have them passed on to the telephone that hears them.
"""

PACKETS_PER_SECOND = 300.0
"""Packets of 5 ms, and the keys among them."""
BURST = 300.0
"""Packets that may come at once, after a second in which the network kept them back."""


class Allowance:
    """A bucket that fills with time; a packet takes one from it."""

    def __init__(self) -> None:
        self.refused = 0
        self._left = BURST
        self._since = 0.0

    def take(self, now: float) -> bool:
        """Whether the packet that came at `now` (seconds) may be looked at."""
        passed = max(0.0, now - self._since)
        self._since = now
        self._left = min(BURST, self._left + passed * PACKETS_PER_SECOND)
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        return True
