"""How long transactions wait, in seconds (RFC 3261, 17.1.1.1 and table 4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimerSettings:
    """The three base intervals; all others follow from them."""

    t1: float = 0.5
    """Round-trip time estimate."""
    t2: float = 4.0
    """Longest interval between retransmissions of a non-INVITE request or a 2xx."""
    t4: float = 5.0
    """Longest time a message stays in the network."""
    trying: float = 0.2
    """How long an INVITE may be left without any answer (17.2.1)."""

    @property
    def limit(self) -> float:
        """64 * T1: timers B, F, H, J, L and M, and the wait for an ACK."""
        return 64 * self.t1

    @property
    def completed(self) -> float:
        """Timer D over UDP: how long an INVITE client absorbs repeated final responses."""
        return max(32.0, self.limit)
