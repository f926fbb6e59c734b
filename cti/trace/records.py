"""What a trace is made of, and how it is written down.

Messages are by far the most, so they have a fixed head and then their own bytes; the rest is JSON.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from cti.sip.events import Endpoint, Transport

LARGEST_MESSAGE = 65_000
"""Bytes kept of a message; what follows is left out."""

_HEAD = struct.Struct("<BdBBHHBB")
_TRANSPORTS = tuple(Transport)
_JSON = json.JSONEncoder(ensure_ascii=False)


Tap = Callable[["Direction", Endpoint, Endpoint, bytes], object]
"""Is told of every message, with our address and theirs."""


class Kind(IntEnum):
    """The first byte of a record."""

    MESSAGE = ord("M")
    LEG = ord("L")
    FACT = ord("F")


class Direction(IntEnum):
    """Which way a message went, seen from the house."""

    IN = 0
    OUT = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message at `at` (seconds since 1970); `data` holds no secret any more."""

    at: float
    direction: Direction
    local: Endpoint
    remote: Endpoint
    data: bytes


@dataclass(frozen=True, slots=True)
class Leg:
    """A connection of a call is carried by the SIP session with that Call-ID."""

    at: float
    call_id: str
    connection_id: str
    party: str
    device: str
    sip_call_id: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a call, or to one connection of it, in words of its event."""

    at: float
    call_id: str
    connection_id: str
    what: str
    detail: str = ""


Record = Message | Leg | Fact


def encode(record: Record) -> bytes:
    """The record as bytes."""
    if isinstance(record, Message):
        local, remote = record.local, record.remote
        here, there = local.host.encode()[:255], remote.host.encode()[:255]
        head = _HEAD.pack(
            Kind.MESSAGE,
            record.at,
            record.direction,
            _TRANSPORTS.index(remote.transport),
            local.port,
            remote.port,
            len(here),
            len(there),
        )
        return b"".join((head, here, there, record.data[:LARGEST_MESSAGE]))
    kind = Kind.LEG if isinstance(record, Leg) else Kind.FACT
    values = {name: getattr(record, name) for name in record.__slots__}
    return bytes((kind,)) + _JSON.encode(values).encode()


def decode(data: bytes) -> Record | None:
    """The record that was written; None for what another version wrote."""
    try:
        match data[0]:
            case Kind.MESSAGE:
                return _message(data)
            case Kind.LEG:
                return Leg(**json.loads(data[1:]))
            case Kind.FACT:
                return Fact(**json.loads(data[1:]))
    except (ValueError, TypeError, IndexError, struct.error):
        return None
    return None


def _message(data: bytes) -> Message:
    _, at, direction, transport, here_port, there_port, here, there = _HEAD.unpack_from(data)
    begin = _HEAD.size
    middle, end = begin + here, begin + here + there
    kind = _TRANSPORTS[transport]
    return Message(
        at,
        Direction(direction),
        Endpoint(data[begin:middle].decode(), here_port, kind),
        Endpoint(data[middle:end].decode(), there_port, kind),
        data[end:],
    )
