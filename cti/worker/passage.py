"""The short way of an ordinary packet through a leg, to the one that hears it or to nobody.

Ordinary is the next packet of a stream that is known, of the codec agreed on, without marker,
padding, extension or contributors, for one far side that gets nothing else meanwhile: nearly every
packet there is. A passage does with it just what `Leg.datagram` does, without making a value of
it; whatever is not ordinary it leaves alone, and the leg takes it the long way. It is made when
nothing has changed for a packet, and thrown away by any change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cti.media.g711 import LAWS, translation
from cti.media.model import Codec
from cti.media.reception import Reception
from cti.media.rtp import FIXED_HEADER
from cti.media.sending import ORDINARY, SendingStream
from cti.media.source_lock import Source
from cti.media.voice import Voice
from cti.worker.recording import Recording

PAYLOAD = FIXED_HEADER.size
_unpack = FIXED_HEADER.unpack_from

Transmit = Callable[[bytes, Source], bool]
"""Tells whether the packet left."""


class Party(Protocol):
    """What a passage notes of a leg."""

    heard_at: float | None
    relayed_at: float
    recording: Recording | None


@dataclass(frozen=True, slots=True)
class Onward:
    """The far side that gets the packets: its stream, its codec, and the way there."""

    party: Party
    stream: SendingStream
    codec: Codec
    transmit: Transmit
    destination: Source
    voice: Voice


class Passage:
    """For packets of one codec from the leg's own source, while whoever else sends is shut out."""

    def __init__(
        self, party: Party, codec: Codec, reception: Reception, onward: Onward | None
    ) -> None:
        self._party, self._kind, self._reception = party, codec.value, reception
        self._ssrc = reception.ssrc
        self._onward = onward
        if onward is not None:
            self._follow, self._onward_kind = onward.stream.follow, onward.codec.value
            self._transmit, self._destination = onward.transmit, onward.destination
            self._translation = translation(codec, onward.codec)
            self._voice = None if onward.codec in LAWS else onward.voice

    def take(self, data: bytes, now: float) -> bool:
        """Whether the datagram was ordinary and is done with; nothing has happened if not."""
        octets = len(data) - PAYLOAD
        if octets <= 0:
            return False
        flags, kind, sequence, timestamp, ssrc = _unpack(data)
        if (
            flags != ORDINARY
            or kind != self._kind
            or ssrc != self._ssrc
            or sequence != self._reception.expected
        ):
            return False
        if self._onward is not None:
            header = self._follow(ssrc, sequence, timestamp, octets, self._onward_kind, now)
            if header is None:
                return False
            self._pass_on(header, data[PAYLOAD:], self._onward, now)
        self._reception.follow(timestamp, now)
        party = self._party
        if party.heard_at is not None:
            party.heard_at = now
        if party.recording is not None:
            party.recording.heard(data, self._kind, now)
        return True

    def _pass_on(self, header: bytes, payload: bytes, onward: Onward, now: float) -> None:
        if self._translation is not None:
            payload = payload.translate(self._translation)
        data = header + payload
        hearer = onward.party
        hearer.relayed_at = now
        if not self._transmit(data, self._destination):
            onward.stream.take_back(len(payload))
        if hearer.recording is not None:
            hearer.recording.said(data, self._onward_kind, now)
        if self._voice is not None:
            self._voice.passed(payload)
