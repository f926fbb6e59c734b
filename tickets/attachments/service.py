"""Keeping files aside of the reactor: what pages and mail ask of the store."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from twisted.internet.defer import Deferred

from tickets.attachments.model import Attachment, Limits
from tickets.attachments.store import FileStore

T = TypeVar("T")


class Aside(Protocol):
    """Threads for what blocks: `cti.kernel.threads.Threads`."""

    def run(self, job: Callable[[], T]) -> Deferred[T]: ...


class Attachments:
    """The files of tickets, kept once each by their digest below a folder.

    `tickets.attachments.repository.attach_txn` lets a kept file belong to a ticket.
    """

    def __init__(self, folder: Path, limits: Limits, aside: Aside) -> None:
        self._store = FileStore(folder, limits)
        self._aside = aside
        self.limits = limits

    def keep(self, data: bytes | Iterable[bytes], name: str) -> Deferred[Attachment]:
        """Write the file down; what it is, is told by its octets (see `FileStore.keep`)."""
        chunks = (data,) if isinstance(data, bytes) else data
        return self._aside.run(partial(self._store.keep, chunks, name))

    def left(self, before: datetime) -> Deferred[tuple[str, ...]]:
        """The digests of files that were last kept before that instant."""
        return self._aside.run(partial(self._store.left, before.timestamp()))

    def drop(self, digest: str, before: datetime) -> Deferred[bool]:
        """Delete the file unless it was kept again since; whether it went."""
        return self._aside.run(partial(self._store.drop, digest, before.timestamp()))

    def open(self, digest: str) -> Deferred[BinaryIO]:
        """The file, to be read; Refused (``ticket.file_gone``) when it is not there any more."""
        return self._aside.run(partial(self._store.open, digest))
