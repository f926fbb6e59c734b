"""Where a media worker lives: a socket by which any server finds it, and a lock it holds by living.

The server binds the socket and takes the lock before there is a process, and hands both to it: so
there are never two workers in one place, and a connection succeeds before the worker is up. The
kernel gives the lock back with the process, however that ends.
"""

import fcntl
import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cti.transport.unix_address import short_address

SOCKET = re.compile(r"media-(\d+)\.socket")
BACKLOG = 8


@dataclass(frozen=True, slots=True)
class Room:
    """A place nobody lives in: what a process needs to move in."""

    door: socket.socket
    lock: int

    def let_to(self, pid: int) -> None:
        """The process has them now: note whose they are, and keep neither."""
        os.pwrite(self.lock, f"{pid}\n".encode(), 0)
        self.close()

    def close(self) -> None:
        """Keep neither."""
        self.door.close()
        os.close(self.lock)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of that number in a folder."""

    folder: Path
    number: int

    def connect(self) -> socket.socket | None:
        """A connection to the worker; None when nobody listens."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            with short_address(self._socket) as address:
                sock.connect(address)
        except OSError:
            sock.close()
            return None
        return sock

    def take(self) -> Room | None:
        """Make room for a process; None while one lives there. OSError when the folder fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        lock = self._locked()
        if lock is None:
            return None
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        room = Room(door, lock)
        try:
            os.truncate(lock, 0)
            self.clear()
            with short_address(self._socket) as address:
                door.bind(address)
            door.listen(BACKLOG)
        except OSError:
            room.close()
            raise
        return room

    def holder(self) -> int | None:
        """Process id of who lives there; None when nobody does."""
        if not self._lock.exists():
            return None
        lock = self._locked()
        if lock is not None:
            os.close(lock)
            return None
        with suppress(OSError, ValueError):
            return int(self._lock.read_text())
        return None

    def clear(self) -> None:
        """Nobody is to be found there any more."""
        self._socket.unlink(missing_ok=True)

    @property
    def _socket(self) -> Path:
        return self.folder / f"media-{self.number}.socket"

    @property
    def _lock(self) -> Path:
        return self.folder / f"media-{self.number}.lock"

    def _locked(self) -> int | None:
        """A descriptor that holds the lock; None when another process does."""
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError:
            os.close(lock)
            raise
        return lock


def places(folder: Path) -> list[Place]:
    """The places of a folder that have a socket."""
    found = (SOCKET.fullmatch(path.name) for path in folder.glob("media-*"))
    return [Place(folder, int(match[1])) for match in found if match]
