"""The process that writes a media worker's recordings: jobs in, word of what was closed out.

It ends when the worker does. What the worker could not end any more is closed with what came, and
the chain says that it was a crash.
"""

import argparse
import marshal
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cti.media.model import Tracks
from cti.recording.keys import KeyLost, KeyPlace, KeyRing, read_keys
from cti.worker.scribe import Scribe

LENGTH = struct.Struct("!I")
LARGEST_READ = 1 << 18


class Job:
    """(BEGIN, number, path, tracks, began); (WRITE or END, number, notes, now)."""

    BEGIN, WRITE, END = range(3)


class Said:
    """(STOPPED, number, reason, trace); (ENDED, number, seconds, digest)."""

    STOPPED, ENDED = range(2)


Answer = Callable[[tuple[Any, ...]], None]


def framed(value: tuple[Any, ...]) -> bytes:
    """The plain values as they travel between two processes of the same interpreter."""
    data = marshal.dumps(value)
    return LENGTH.pack(len(data)) + data


class Unframing:
    """Octets in, whole messages out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[Any, ...]]:
        """The messages that are whole now."""
        data, at = self._rest + data, 0
        while len(data) >= at + LENGTH.size:
            begin = at + LENGTH.size
            end = begin + LENGTH.unpack_from(data, at)[0]
            if end > len(data):
                break
            yield marshal.loads(data[begin:end])  # noqa: S302  (by our parent or child alone)
            at = end
        self._rest = data[at:]


class Scribes:
    """The recordings under way, by their numbers; one that fails disturbs no other."""

    def __init__(self, ring: KeyRing | None, answer: Answer) -> None:
        self._ring, self._answer = ring, answer
        self._known: dict[int, Scribe] = {}

    def take(self, job: tuple[Any, ...]) -> None:
        """Do what the worker asked for."""
        match job:
            case (Job.BEGIN, number, path, tracks, began):
                scribe = Scribe(Path(path), Tracks(tracks), began, self._ring)
                self._known[number] = scribe
                self._attempt(number, scribe.open)
            case (Job.WRITE, number, notes, now):
                scribe = self._known[number]
                self._attempt(number, lambda: scribe.write(notes, now))
            case (_, number, notes, now):
                scribe = self._known.pop(number)
                self._attempt(number, lambda: scribe.end(notes, now))
                self._answer((Said.ENDED, number, scribe.held.seconds, scribe.held.digest))

    def abandon(self) -> None:
        """The worker is gone."""
        for number, scribe in self._known.items():
            self._attempt(number, scribe.abandon)

    def _attempt(self, number: int, job: Callable[[], object]) -> None:
        try:
            job()
        except (OSError, KeyLost) as error:
            self._answer((Said.STOPPED, number, str(error), ""))
        except Exception as error:  # noqa: BLE001  (our mistake in one recording ends no other)
            self._answer((Said.STOPPED, number, str(error), traceback.format_exc()))


def run(sock: socket.socket, arguments: Sequence[str]) -> None:
    """Write until the worker is gone."""
    parser = argparse.ArgumentParser(prog="cti.worker.writer_process")
    parser.add_argument("--keys", type=Path, help="what recordings are encrypted with")
    parser.add_argument("--key", default="", help="the name of the key for new ones")
    options = parser.parse_args(arguments)
    # A service manager signals every process at once: this one ends after the worker.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ring = read_keys(KeyPlace(options.keys, options.key)) if options.keys else None

    def answer(value: tuple[Any, ...]) -> None:
        try:
            sock.sendall(framed(value))
        except OSError:
            return  # nobody is there to be told

    scribes, messages = Scribes(ring, answer), Unframing()
    while data := _receive(sock):
        for job in messages.feed(data):
            scribes.take(job)
    scribes.abandon()


def _receive(sock: socket.socket) -> bytes:
    try:
        return sock.recv(LARGEST_READ)
    except ConnectionError:
        return b""


if __name__ == "__main__":
    run(socket.socket(fileno=0), sys.argv[1:])
