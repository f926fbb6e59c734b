"""What a crash left open is closed: the header made true, the tail sealed and marked as late."""

import os
from pathlib import Path
from typing import BinaryIO

from cti.recording import sealing
from cti.recording.chain import Chain, Closing, Segment, line, parse, seal
from cti.recording.marks import RATE
from cti.recording.store import (
    chain_path,
    file_of,
    is_being_written,
    lock,
    samples_in,
    sound_octets,
    wait_for_writer,
    whole_segments,
)
from cti.recording.wave_header import HEADER, SAMPLE_OCTETS, header
from cti.recording.writer import Held

CRASH = "crash"


def close_after_crash(path: Path, *, ending: bool = False) -> Held | None:
    """Seal the recording of that name; what it holds. None when it has no usable chain. OSError.

    One that is closed, or that a living process still writes, is left as it is. Sound that was
    sealed stays as it is, true or not: what verifies it must find what happened to it. `ending`
    tells that who writes it is about to end, and is waited for.
    """
    place = file_of(path)
    try:
        notes = chain_path(path).open("r+b")
    except FileNotFoundError:
        return None
    with notes, place.open("r+b") as sound:
        if ending:
            wait_for_writer(notes)
        chain = parse(notes.read())
        if chain.head is None:
            return None
        if chain.closing is not None or chain.broken or is_being_written(notes):
            return Held(chain.sample / RATE, chain.digest if chain.closing else "")
        lock(notes)
        notes.truncate(chain.octets)
        notes.seek(chain.octets)
        return _seal(chain, chain.head.channels, sound, notes)


def _seal(chain: Chain, channels: int, sound: BinaryIO, notes: BinaryIO) -> Held:
    tail, samples = _tail(chain, channels, sound)
    digest = chain.digest
    if tail:
        segment = Segment(chain.octet, len(tail), chain.sample, samples, late=True)
        digest = seal(digest, tail, segment.record())
        notes.write(line(segment.record(), digest))
    closing = Closing(chain.sample + samples, CRASH)
    digest = seal(digest, b"", closing.record())
    notes.write(line(closing.record(), digest))
    notes.flush()
    os.fsync(notes.fileno())
    return Held(closing.samples / RATE, digest)


def _tail(chain: Chain, channels: int, sound: BinaryIO) -> tuple[bytes, int]:
    """The octets that no line seals, and how many samples they are; a torn end is cut off."""
    assert chain.head is not None
    if chain.head.sealed:
        start = sealing.SOUND_BEGINS + chain.octet
        end = whole_segments(sound, start)
        samples = samples_in(sound_octets(sound, start, end), channels)
    else:
        start = HEADER.size + chain.octet
        frame = SAMPLE_OCTETS * channels
        there = max(0, sound.seek(0, os.SEEK_END) - start)
        end = start + there - there % frame
        samples = (end - start) // frame
        sound.seek(0)
        sound.write(header(channels, end - HEADER.size))
    if sound.seek(0, os.SEEK_END) > end:
        sound.truncate(end)
    sound.flush()
    os.fsync(sound.fileno())
    sound.seek(start)
    return sound.read(end - start), samples
