"""The house's own secret: by it a server knows what the server before it sent.

Made at the first start, in a file that nobody else may read; who loses it loses nothing but that
an answer to a call of the server before is not taken leave of.
"""

import hmac
import os
from pathlib import Path

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import Entropy

FILE = "house.key"
OCTETS = 32
NAME_LENGTH = 32


def house_key(folder: Path, entropy: Entropy) -> bytes:
    """The key in that folder, made where there is none; ConfigurationError where it cannot be."""
    path = folder / FILE
    try:
        found = path.read_bytes() if path.exists() else b""
        if len(found) == OCTETS:
            return found
        made = bytes.fromhex(entropy(OCTETS))
        _write(path, made)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {error}", key="folders.run") from error
    return made


def house_name(key: bytes) -> str:
    """What a server is known by beside others on one database, after a restart too; no secret."""
    return hmac.digest(key, b"name", "sha256").hex()[:NAME_LENGTH]


def _write(path: Path, key: bytes) -> None:
    """As a whole or not at all."""
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    new.replace(path)
