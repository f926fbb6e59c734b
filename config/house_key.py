"""The house's own secret: by it a server knows what the server before it sent.

Made at the first start, in a file that nobody else may read; who loses it loses nothing but that
an answer to a call of the server before is not taken leave of.
"""

import hmac
from pathlib import Path

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import Entropy
from cti.lasting import replace_file

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
        replace_file(path, made)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {error}", key="folders.run") from error
    return made


def house_name(key: bytes) -> str:
    """What a server is known by beside others on one database, after a restart too; no secret."""
    return hmac.digest(key, b"name", "sha256").hex()[:NAME_LENGTH]
