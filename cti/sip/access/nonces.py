"""Nonces that need no memory until they are used, and counts that are good once (RFC 7616, 3.3).

A nonce is its time of issue under a signature which also covers the realm and the host it was
given to: one that somebody else overheard is stale for them. Only when a right answer came with it
is a nonce remembered, with a window of the counts used, as IPsec does it (RFC 4303, 3.4.3): counts
may overtake each other by up to `WINDOW`, and none is accepted twice. When the memory is full the
nonce longest unused is forgotten, and with it everything issued until then becomes stale.
"""

import hashlib
import hmac
from collections import OrderedDict
from dataclasses import dataclass

from cti.kernel.identifiers import Entropy

NONCE_LIFE = 300.0
"""Seconds a nonce may be used."""
REMEMBERED_NONCES = 10_000
WINDOW = 64
"""Counts below the highest that may still come."""

_SKEW = 1.0
"""Seconds by which the clock may seem to have gone back."""
_ISSUED = 20
"""Characters of a nonce that are not its signature: milliseconds (12), salt (8)."""
_MILLISECONDS = 12


@dataclass(frozen=True, slots=True)
class CountWindow:
    """The counts used with one nonce; bit n of `used` stands for `highest` - n."""

    highest: int = 0
    used: int = 0

    def take(self, count: int) -> "CountWindow | None":
        """The window once `count` is used; None when it was used or is too far behind."""
        if count > self.highest:
            moved = self.used << min(count - self.highest, WINDOW)
            return CountWindow(count, (moved | 1) & ((1 << WINDOW) - 1))
        behind = self.highest - count
        if count < 1 or behind >= WINDOW or self.used >> behind & 1:
            return None
        return CountWindow(self.highest, self.used | 1 << behind)


class Nonces:
    """Issues nonces for one realm, and says whether a count of one may be taken."""

    def __init__(self, realm: str, entropy: Entropy, remembered: int = REMEMBERED_NONCES) -> None:
        self._realm, self._entropy, self._most = realm, entropy, remembered
        self._key = entropy(32).encode()
        self._windows: OrderedDict[str, CountWindow] = OrderedDict()
        self._floor = -1
        """Milliseconds; whatever was issued until then is stale."""

    def __len__(self) -> int:
        return len(self._windows)

    def issue(self, host: str, now: float) -> str:
        """A new nonce for that host."""
        return self._signed(f"{int(now * 1000):012x}{self._entropy(4)}", host)

    def take(self, nonce: str, host: str, count: int, now: float) -> bool:
        """Use this count of the nonce, with a right answer; False when it is stale."""
        issued = self._issued(nonce, host)
        if issued is None or issued <= self._floor or not _young(issued, now):
            return False
        window = self._windows.get(nonce, CountWindow()).take(count)
        if window is None:
            return False
        self._windows[nonce] = window
        self._windows.move_to_end(nonce)
        if len(self._windows) > self._most:
            forgotten, _ = self._windows.popitem(last=False)
            self._floor = max(self._floor, int(forgotten[:_MILLISECONDS], 16))
        return True

    def given_to(self, nonce: str, host: str) -> bool:
        """Whether we issued that nonce to that host, however long ago."""
        return self._issued(nonce, host) is not None

    def aging(self, nonce: str, now: float) -> bool:
        """Whether a nonce of ours has lived more than half its life."""
        return now - int(nonce[:_MILLISECONDS], 16) / 1000 > NONCE_LIFE / 2

    def _issued(self, nonce: str, host: str) -> int | None:
        """When a nonce of ours was issued to that host, in milliseconds."""
        if not nonce.isascii() or not hmac.compare_digest(
            nonce, self._signed(nonce[:_ISSUED], host)
        ):
            return None
        return int(nonce[:_MILLISECONDS], 16)

    def _signed(self, issued: str, host: str) -> str:
        text = f"{issued}:{self._realm}:{host}"
        return issued + hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:40]


def _young(issued: int, now: float) -> bool:
    return -_SKEW < now - issued / 1000 < NONCE_LIFE
