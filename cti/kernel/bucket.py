"""A token bucket: so many a second, and so many at once after a quiet time."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at a steady `rate` per second, never more than `size` at once."""

    rate: float
    size: float
    tokens: float
    filled: float
    """When, in seconds of any clock."""

    @classmethod
    def full(cls, rate: float, size: float, now: float) -> "Bucket":
        """A bucket nothing was taken from yet."""
        return cls(rate, size, size, now)

    def take(self, now: float) -> bool:
        """Whether there is a token; takes it if so."""
        if now > self.filled:
            self.tokens = min(self.size, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
