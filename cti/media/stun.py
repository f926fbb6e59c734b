"""STUN binding as connectivity checks need it (RFC 8489; attributes of RFC 8445, 16.1).

Messages are values; `encode` writes them, with short-term credentials' MESSAGE-INTEGRITY and with
FINGERPRINT behind it.
"""

import hmac
import struct
from binascii import crc32
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address

from cti.kernel.errors import RemoteError

MAGIC_COOKIE = 0x2112A442
HEADER = struct.Struct("!HHI12s")
ATTRIBUTE = struct.Struct("!HH")
COOKIE_OCTETS = MAGIC_COOKIE.to_bytes(4, "big")
INTEGRITY_OCTETS = 20
FINGERPRINT_OCTETS = 4
FINGERPRINT_MASK = 0x5354554E
FIRST_OPTIONAL = 0x8000
"""Attributes below must be understood (RFC 8489, 14)."""
LARGEST = 1500

BAD_REQUEST = (400, "Bad Request")
UNAUTHENTICATED = (401, "Unauthenticated")
UNKNOWN_ATTRIBUTE = (420, "Unknown Attribute")
ROLE_CONFLICT = (487, "Role Conflict")


class Kind(IntEnum):
    """Binding, of each class (RFC 8489, 5)."""

    REQUEST = 0x0001
    INDICATION = 0x0011
    SUCCESS = 0x0101
    ERROR = 0x0111


class Name(IntEnum):
    """Attributes that are looked at or written."""

    MAPPED_ADDRESS = 0x0001
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    REALM = 0x0014
    NONCE = 0x0015
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    SOFTWARE = 0x8022
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


_KNOWN = frozenset(Name)


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A binding message; `attributes` are those that integrity covers, in their order."""

    kind: Kind
    transaction: bytes
    attributes: tuple[tuple[int, bytes], ...] = ()
    integrity: bytes | None = None
    """The digest that came with it."""
    covered: bytes = b""
    """What the digest was made of, as it came."""

    @classmethod
    def parse(cls, data: bytes) -> "StunMessage":
        """Read a datagram; RemoteError when it is no whole binding message."""
        if not HEADER.size <= len(data) <= LARGEST:
            raise RemoteError(f"STUN: {len(data)} octets")
        kind, length, cookie, transaction = HEADER.unpack_from(data)
        if cookie != MAGIC_COOKIE or length % 4 or length != len(data) - HEADER.size:
            raise RemoteError("STUN: no magic cookie, or a wrong length")
        if kind not in Kind._value2member_map_:
            raise RemoteError(f"STUN: message type {kind:#06x}")
        attributes: list[tuple[int, bytes]] = []
        integrity, covered = None, b""
        for start, name, value in _attributes(data):
            if name == Name.FINGERPRINT:
                _check_fingerprint(data, start, value)
            elif integrity is not None:
                continue  # what follows the digest is not to be believed (RFC 8489, 14.5)
            elif name == Name.MESSAGE_INTEGRITY:
                if len(value) != INTEGRITY_OCTETS:
                    raise RemoteError("STUN: an integrity of another length")
                end = start + ATTRIBUTE.size + INTEGRITY_OCTETS
                integrity, covered = value, _measured(data[:start], end)
            else:
                attributes.append((name, value))
        return cls(Kind(kind), transaction, tuple(attributes), integrity, covered)

    def get(self, name: Name) -> bytes | None:
        """The first attribute of that name."""
        return next((value for each, value in self.attributes if each == name), None)

    def authentic(self, password: str) -> bool:
        """Whether whoever sent it knows the password; False without an integrity attribute."""
        if self.integrity is None:
            return False
        return hmac.compare_digest(_digest(self.covered, password), self.integrity)

    @property
    def not_understood(self) -> tuple[int, ...]:
        """Attributes that would have to be understood and are not."""
        return tuple(
            name for name, _ in self.attributes if name < FIRST_OPTIONAL and name not in _KNOWN
        )

    def encode(self, password: str | None = None) -> bytes:
        """The datagram, with integrity if a password is given, and a fingerprint."""
        body = b"".join(_written(name, value) for name, value in self.attributes)
        data = HEADER.pack(self.kind, len(body), MAGIC_COOKIE, self.transaction) + body
        if password is not None:
            end = len(data) + ATTRIBUTE.size + INTEGRITY_OCTETS
            digest = _digest(_measured(data, end), password)
            data = _measured(data, end) + _written(Name.MESSAGE_INTEGRITY, digest)
        end = len(data) + ATTRIBUTE.size + FINGERPRINT_OCTETS
        data = _measured(data, end)
        return data + _written(Name.FINGERPRINT, _fingerprint(data))


def request(transaction: bytes, username: str, *attributes: tuple[Name, bytes]) -> StunMessage:
    """A binding request of that user; `attributes` follow the name."""
    named = (Name.USERNAME, username.encode())
    return StunMessage(Kind.REQUEST, transaction, (named, *attributes))


def success(asked: StunMessage, source: tuple[str, int]) -> StunMessage:
    """The answer that tells where the request came from."""
    mapped = _xor_address(source, asked.transaction)
    return StunMessage(Kind.SUCCESS, asked.transaction, ((Name.XOR_MAPPED_ADDRESS, mapped),))


def refusal(asked: StunMessage, error: tuple[int, str]) -> StunMessage:
    """The answer that says no, and to which attributes where that is why."""
    code, reason = error
    value = struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode()
    attributes: list[tuple[int, bytes]] = [(Name.ERROR_CODE, value)]
    if error == UNKNOWN_ATTRIBUTE:
        names = asked.not_understood
        attributes.append((Name.UNKNOWN_ATTRIBUTES, struct.pack(f"!{len(names)}H", *names)))
    return StunMessage(Kind.ERROR, asked.transaction, tuple(attributes))


def _attributes(data: bytes) -> list[tuple[int, int, bytes]]:
    """Where each attribute begins, its name and value."""
    found, start = [], HEADER.size
    while start < len(data):
        name, length = ATTRIBUTE.unpack_from(data, start)
        begin = start + ATTRIBUTE.size
        if begin + length > len(data):
            raise RemoteError("STUN: an attribute does not fit")
        found.append((start, name, data[begin : begin + length]))
        start = begin + length + -length % 4
    return found


def _written(name: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4)


def _measured(data: bytes, end: int) -> bytes:
    """The message with its length set as if it ended there (RFC 8489, 14.5)."""
    return data[:2] + struct.pack("!H", end - HEADER.size) + data[4:]


def _digest(data: bytes, password: str) -> bytes:
    return hmac.digest(password.encode(), data, "sha1")


def _fingerprint(data: bytes) -> bytes:
    return struct.pack("!I", crc32(data) ^ FINGERPRINT_MASK)


def _check_fingerprint(data: bytes, start: int, value: bytes) -> None:
    if start + ATTRIBUTE.size + FINGERPRINT_OCTETS != len(data):
        raise RemoteError("STUN: the fingerprint is not the last attribute")
    if value != _fingerprint(data[:start]):
        raise RemoteError("STUN: a wrong fingerprint")


def _xor_address(source: tuple[str, int], transaction: bytes) -> bytes:
    host, port = source
    packed = ip_address(host).packed
    mask = COOKIE_OCTETS + transaction
    hidden = bytes(one ^ other for one, other in zip(packed, mask, strict=False))
    family = 1 if len(packed) == 4 else 2
    return struct.pack("!BBH", 0, family, port ^ (MAGIC_COOKIE >> 16)) + hidden
