"""Numbers and PINs as the ledger keeps them: keyed digests to find by, Argon2 hashes to check.

Account, card and telephone-banking numbers are found by HMAC-SHA-256 under the bank's key, so the
database alone tells no number. A PIN has only a million values: its Argon2id hash (RFC 9106) is
taken of an HMAC under the same key, so the database alone is not enough to try them.
"""

import hmac
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import Entropy
from cti.kernel.secret import Secret
from cti.lasting import replace_file

KEY_SIZE = 32


class Digests:
    """Takes digests and hashes under one key. By default about 30 ms and 19 MiB for each PIN."""

    def __init__(self, key: bytes, hasher: PasswordHasher | None = None) -> None:
        self._key = key
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.nobody = self.hash_pin("nobody", Secret(""))
        """A hash no PIN fits, checked when there is no account, at the same cost."""

    def number(self, kind: str, number: Secret) -> str:
        """Where a number of that kind is found: 64 hexadecimal digits."""
        return hmac.digest(self._key, f"{kind}:{number.reveal()}".encode(), "sha256").hex()

    def hash_pin(self, owner: str, pin: Secret) -> str:
        """The hash to keep of the PIN that belongs to `owner` (a reference or digest)."""
        return self._hasher.hash(self._peppered(owner, pin))

    def fits(self, kept: str, owner: str, pin: Secret) -> bool:
        """Whether the PIN is the one whose hash was kept for that owner."""
        try:
            return self._hasher.verify(kept, self._peppered(owner, pin))
        except (VerificationError, InvalidHashError):
            return False

    def _peppered(self, owner: str, pin: Secret) -> bytes:
        return hmac.digest(self._key, f"pin:{owner}:{pin.reveal()}".encode(), "sha256")


def read_or_make_key(path: Path, entropy: Entropy) -> bytes:
    """The key in the file, made on first use and readable by its owner alone.

    ConfigurationError when the file holds none: a new one would not open what the old one closed.
    """
    if not path.exists():
        replace_file(path, entropy(KEY_SIZE).encode("ascii"))
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        message = (
            f"must hold {2 * KEY_SIZE} hexadecimal digits; put back the key the database was made"
            " with, or move both away to begin anew"
        )
        raise ConfigurationError(message, file=str(path), line=1)
    return key
