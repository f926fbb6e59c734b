"""The keys recordings are encrypted with at rest: master keys, each known by its name.

They stand in a folder, one file each (``2026-11.key``, the name before the dot is the key's), or
in one file of lines ``name key``; a key is 32 octets (AES-256) in 64 hexadecimal digits.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cti.kernel.errors import ConfigurationError, HotlineError
from cti.kernel.identifiers import Entropy

KEY_OCTETS = 32
SUFFIX = ".key"
SETTING = "recordings.encryption"
NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


class KeyLost(HotlineError):  # noqa: N818  (it is the key that is lost)
    """A recording cannot be heard without a key that is not there; `key` is its name."""

    def __init__(self, key: str) -> None:
        super().__init__(f"key {key!r} is not among the recordings' keys")
        self.key = key


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the keys are, and the name of the one new recordings use."""

    path: Path
    current: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every master key by name."""

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    current: str = ""

    def find(self, name: str) -> bytes:
        """That key; KeyLost."""
        if name not in self.keys:
            raise KeyLost(name)
        return self.keys[name]


def read_keys(place: KeyPlace) -> KeyRing:
    """The keys of that folder or file; ConfigurationError, which quotes no key."""
    try:
        keys = _read_folder(place.path) if place.path.is_dir() else _read_file(place.path)
    except OSError as error:
        message = f"cannot be read ({error.strerror}){_advice(place)}"
        raise ConfigurationError(message, file=str(place.path), key=SETTING + ".keys") from error
    if place.current not in keys:
        known = ", ".join(sorted(keys)) or "none"
        message = f"holds no key {place.current!r}; there are {known}{_advice(place)}"
        raise ConfigurationError(message, file=str(place.path), key=SETTING + ".current")
    return KeyRing(keys, place.current)


def make_key(path: Path, name: str, entropy: Entropy) -> Path:
    """Write a new key of that name into the folder, for its owner alone; its file.

    ConfigurationError for a name that is none, one that is taken, and for a keys file.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is no name for a key", file=str(path))
    if path.is_file():
        raise ConfigurationError("is a file; add the line by hand", file=str(path))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path / (name + SUFFIX)
    try:
        made.touch(0o600, exist_ok=False)
    except FileExistsError as error:
        raise ConfigurationError("is there already", file=str(made)) from error
    made.write_text(entropy(KEY_OCTETS) + "\n", encoding="ascii")
    return made


def _advice(place: KeyPlace) -> str:
    return f"; `hotline recordings key {place.current}` makes one"


def _read_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.stem: _key(path.read_text(encoding="utf-8"), path, 1)
        for path in sorted(folder.glob("*" + SUFFIX))
    }


def _read_file(path: Path) -> dict[str, bytes]:
    keys = {}
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.strip() and not text.startswith("#"):
            name, _, key = text.strip().partition(" ")
            keys[name] = _key(key, path, number)
    return keys


def _key(text: str, path: Path, line: int) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        message = f"a key is {2 * KEY_OCTETS} hexadecimal digits"
        raise ConfigurationError(message, file=str(path), line=line)
    return key
