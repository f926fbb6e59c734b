"""An encrypted recording, octet by octet: AES-256-GCM (NIST SP 800-38D), a segment a second.

    head      64 octets that never change: magic, a random name, channels
    slot      two of 224 octets: the file's own key, wrapped by a master key; one is empty
    segments  count of octets, nonce, ciphertext and tag

Segments are encrypted under a key of this file alone, so a new master key means writing a slot
anew and not the sound. The head, the segment's number and the place of its sound are bound as
associated data: nothing can be moved, within a file or between two. A nonce is the segment's
number, which under a key of its own never comes twice.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cti.kernel.errors import HotlineError
from cti.kernel.identifiers import Entropy
from cti.recording.keys import KEY_OCTETS, KeyRing

MAGIC = b"HOTLINE SEALED 1"
HEAD = struct.Struct(">16s16sB31x")
SLOT_FIELDS = struct.Struct(">64s12s48s")
SLOT_OCTETS = 224
SLOTS = 2
SOUND_BEGINS = HEAD.size + SLOTS * SLOT_OCTETS
SEGMENT = struct.Struct(">I12s")
TAG_OCTETS = 16
PLACE = struct.Struct(">IQ")
EMPTY = bytes(SLOT_OCTETS)


class SealBroken(HotlineError):  # noqa: N818  (it is the file's seal)
    """An encrypted recording is damaged or was changed."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The file's key, wrapped by the master key of that name."""

    key_name: str
    nonce: bytes
    wrapped: bytes = field(repr=False)

    def __bytes__(self) -> bytes:
        fields = SLOT_FIELDS.pack(self.key_name.encode(), self.nonce, self.wrapped)
        return (fields + hashlib.sha256(fields).digest()).ljust(SLOT_OCTETS, b"\0")

    @classmethod
    def parse(cls, data: bytes) -> "Slot | None":
        """The slot; None for an empty one. SealBroken."""
        if data == EMPTY:
            return None
        fields = data[: SLOT_FIELDS.size]
        if data != (fields + hashlib.sha256(fields).digest()).ljust(SLOT_OCTETS, b"\0"):
            raise SealBroken("a key's slot is damaged")
        name, nonce, wrapped = SLOT_FIELDS.unpack(fields)
        return cls(name.rstrip(b"\0").decode(), nonce, wrapped)


class Cipher:
    """Encrypts and decrypts the segments of one file."""

    def __init__(self, head: bytes, key: bytes) -> None:
        self._head = head
        self._cipher = AESGCM(key)

    def encrypt(self, number: int, place: int, data: bytes) -> bytes:
        """The segment of that number; its sound begins at octet `place`."""
        nonce = number.to_bytes(12, "big")
        sealed = self._cipher.encrypt(nonce, data, self._bound(number, place))
        return SEGMENT.pack(len(data), nonce) + sealed

    def decrypt(self, number: int, place: int, segment: bytes) -> bytes:
        """The segment's sound; SealBroken."""
        _, nonce = SEGMENT.unpack_from(segment)
        try:
            return self._cipher.decrypt(nonce, segment[SEGMENT.size :], self._bound(number, place))
        except InvalidTag as error:
            raise SealBroken(f"segment {number} is damaged") from error

    def _bound(self, number: int, place: int) -> bytes:
        return self._head + PLACE.pack(number, place)


def new_file(channels: int, ring: KeyRing, entropy: Entropy) -> tuple[bytes, Cipher]:
    """What stands before the segments of a new file, and its cipher; KeyLost."""
    head = HEAD.pack(MAGIC, bytes.fromhex(entropy(16)), channels)
    key = bytes.fromhex(entropy(KEY_OCTETS))
    slot = _wrap(head, key, ring, entropy)
    return head + bytes(slot) + EMPTY, Cipher(head, key)


def open_file(beginning: bytes, ring: KeyRing) -> Cipher:
    """The cipher of a file that begins with these SOUND_BEGINS octets; KeyLost, SealBroken."""
    head, slots = _readable(beginning)
    return Cipher(head, _unwrap(head, slots, ring))


def rewrapped(beginning: bytes, ring: KeyRing, entropy: Entropy) -> list[bytes]:
    """What to write in place of the file's beginning, in this order, to use the current key.

    The new slot is written before the old one is emptied: a crash between leaves both. Nothing
    when the current key wraps it already and alone. KeyLost, SealBroken.
    """
    head, slots = _readable(beginning)
    key = _unwrap(head, slots, ring)
    if [slot.key_name for slot in slots if slot] == [ring.current]:
        return []
    used = next(number for number, slot in enumerate(slots) if slot and slot.key_name in ring.keys)
    pair = [bytes(slot) if slot else EMPTY for slot in slots]
    steps = []
    for number, octets in ((1 - used, bytes(_wrap(head, key, ring, entropy))), (used, EMPTY)):
        pair[number] = octets
        steps.append(head + b"".join(pair))
    return steps


def split(beginning: bytes) -> tuple[bytes, Sequence[Slot | None]]:
    """Head and slots, every octet of which is checked; SealBroken."""
    head, slots = _parts(beginning)
    return head, [Slot.parse(slot) for slot in slots]


def channels_of(beginning: bytes) -> int:
    """1 or 2; SealBroken."""
    head, _ = _parts(beginning)
    channels: int = HEAD.unpack(head)[2]
    return channels


def _parts(beginning: bytes) -> tuple[bytes, Sequence[bytes]]:
    if len(beginning) != SOUND_BEGINS or not beginning.startswith(MAGIC):
        raise SealBroken("no encrypted recording")
    places = range(HEAD.size, SOUND_BEGINS, SLOT_OCTETS)
    return beginning[: HEAD.size], [beginning[at : at + SLOT_OCTETS] for at in places]


def _readable(beginning: bytes) -> tuple[bytes, Sequence[Slot | None]]:
    """Head and slots; one that a crash tore while it was written counts as empty."""
    head, parts = _parts(beginning)
    slots: list[Slot | None] = []
    for part in parts:
        try:
            slots.append(Slot.parse(part))
        except SealBroken:
            slots.append(None)
    return head, slots


def _wrap(head: bytes, key: bytes, ring: KeyRing, entropy: Entropy) -> Slot:
    nonce = bytes.fromhex(entropy(12))
    wrapped = AESGCM(ring.find(ring.current)).encrypt(nonce, key, head)
    return Slot(ring.current, nonce, wrapped)


def _unwrap(head: bytes, slots: Sequence[Slot | None], ring: KeyRing) -> bytes:
    there = [slot for slot in slots if slot is not None]
    if not there:
        raise SealBroken("no key's slot")
    slot = next((slot for slot in there if slot.key_name in ring.keys), there[0])
    try:
        return AESGCM(ring.find(slot.key_name)).decrypt(slot.nonce, slot.wrapped, head)
    except InvalidTag as error:
        raise SealBroken(f"the key named {slot.key_name!r} is not the one it was") from error
