"""Tags that prove to a later process of this house that an INVITE was ours.

A tag is the instant it was made, a few random octets, and a keyed digest (RFC 2104) over both and
the Call-ID. Nobody without the house's key can make one, and whoever was called, and so has seen
one, can make use of it for `LONGEST_RINGING` seconds only.
"""

from hashlib import sha256
from hmac import compare_digest, digest

from cti.kernel.identifiers import Entropy

LONGEST_RINGING = 900
"""Seconds after which no answer to an INVITE comes any more."""
_INSTANT, _RANDOM, _PROOF = 8, 8, 16
"""Hexadecimal digits of each part."""


class Marks:
    """Makes and knows the From tags of our first INVITEs."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        """`key` outlives the process; without one, none of an earlier process is known."""
        self._key = key or bytes.fromhex(entropy(32))
        self._entropy = entropy

    def tag(self, call_id: str, now: float) -> str:
        """A new tag for a call of that Call-ID; `now` in seconds since the epoch."""
        stem = f"{int(now) & 0xFFFFFFFF:08x}{self._entropy(_RANDOM // 2)}"
        return stem + self._proof(stem, call_id)

    def ours(self, tag: str, call_id: str, now: float) -> bool:
        """Whether this house made that tag for that call, not long ago."""
        stem, proof = tag[: _INSTANT + _RANDOM], tag[_INSTANT + _RANDOM :]
        if not compare_digest(proof.encode(), self._proof(stem, call_id).encode()):
            return False
        age = (int(now) - int(stem[:_INSTANT], 16)) & 0xFFFFFFFF
        return age <= LONGEST_RINGING

    def _proof(self, stem: str, call_id: str) -> str:
        proof = digest(self._key, f"{stem}\0{call_id}".encode(), sha256)
        return proof.hex()[:_PROOF]
