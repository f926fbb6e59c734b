"""How many packets one far side may send: what is beyond is dropped unread.

No codec sends more than one packet every 5 ms. Whoever sends ten thousand would otherwise take the
time of the legs beside them, and have them passed on to the telephone that hears them.
"""

PACKETS_PER_SECOND = 300.0
"""Packets of 5 ms, and the keys among them."""
BURST = 300.0
"""Packets that may come at once, after a second in which the network kept them back."""


INTERVAL = 1 / PACKETS_PER_SECOND
AHEAD = (BURST - 1) * INTERVAL
"""Seconds that packets may come before they are due."""


class Allowance:
    """Says when the next packet is due, and lets none come much earlier.

    The same as a bucket that fills with time, as ITU-T I.371 describes both (GCRA).
    """

    def __init__(self) -> None:
        self.refused = 0
        self._due = 0.0

    def take(self, now: float) -> bool:
        """Whether the packet that came at `now` (seconds) may be looked at."""
        early = self._due - now
        if early <= 0 or early > AHEAD + 2 * INTERVAL:
            # It is due, or somebody set the clock back.
            self._due = now + INTERVAL
            return True
        if early > AHEAD:
            self.refused += 1
            return False
        self._due += INTERVAL
        return True
