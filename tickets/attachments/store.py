"""Files on the disk, each once, by its digest. Everything here blocks and belongs in a thread.

A file is written beside the others under a name of its own, hashed as it is written, looked at,
and only then moved to where its digest says: half a file is never found, and a disk that is full
leaves nothing behind.
"""

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cti.kernel.errors import Refused
from cti.lasting import keep_names
from tickets.attachments.model import MEGABYTE, Attachment, Limits
from tickets.attachments.names import clean_name
from tickets.attachments.sniffing import type_of

INCOMING = "incoming"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileStore:
    """Keeps files below a folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self.limits = limits

    def keep(self, chunks: Iterable[bytes], name: str) -> Attachment:
        """Write the file down; nothing of it stays when it is refused.

        Refused: ``ticket.file_empty``, ``ticket.file_too_large``, ``ticket.file_type``,
        ``ticket.no_space``.
        """
        try:
            incoming = self._folder / INCOMING
            incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, path = tempfile.mkstemp(dir=incoming)
        except OSError as error:
            raise _refused(error) from error
        try:
            with os.fdopen(handle, "w+b") as file:
                digest, size = self._written(file, chunks, name)
                media_type = type_of(file, name)
            if media_type is None or media_type not in self.limits.types:
                raise Refused("ticket.file_type", file=clean_name(name, ""))
            self._moved(Path(path), digest)
        except OSError as error:
            raise _refused(error) from error
        finally:
            with suppress(FileNotFoundError):
                Path(path).unlink()
        return Attachment(digest, clean_name(name, media_type), media_type, size)

    def path_of(self, digest: str) -> Path:
        """Where the file of that digest lies."""
        return self._folder / digest[:2] / digest

    def left(self, before: float) -> tuple[str, ...]:
        """The digests of files that were last kept before that time (seconds since 1970).

        What was never written to its end, and is as old, is deleted.
        """
        for path in self._folder.glob(f"{INCOMING}/*"):
            if _is_older(path, before):
                path.unlink(missing_ok=True)
        kept = self._folder.glob("[0-9a-f][0-9a-f]/*")
        return tuple(path.name for path in kept if _is_older(path, before))

    def drop(self, digest: str, before: float) -> bool:
        """Delete the file of that digest unless it was kept again since `before`; whether it went.

        It is taken away before it is looked at: who keeps it meanwhile puts another in its place.
        """
        place, aside = self.path_of(digest), self._folder / INCOMING / f"{digest}.dropped"
        aside.parent.mkdir(exist_ok=True, mode=0o700)
        try:
            place.replace(aside)
        except FileNotFoundError:
            return False
        if _is_older(aside, before):
            aside.unlink()
            return True
        aside.replace(place)
        return False

    def open(self, digest: str) -> BinaryIO:
        """The file of that digest, to be read; Refused (``ticket.file_gone``) without one."""
        try:
            return self.path_of(digest).open("rb")
        except FileNotFoundError:
            raise Refused("ticket.file_gone") from None

    def _written(self, file: BinaryIO, chunks: Iterable[bytes], name: str) -> tuple[str, int]:
        hashed, size = sha256(), 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.limits.largest:
                limit = self.limits.largest // MEGABYTE
                raise Refused("ticket.file_too_large", file=clean_name(name, ""), limit=limit)
            hashed.update(chunk)
            file.write(chunk)
        if not size:
            raise Refused("ticket.file_empty", file=clean_name(name, ""))
        file.flush()
        os.fsync(file.fileno())
        return hashed.hexdigest(), size

    def _moved(self, path: Path, digest: str) -> None:
        place = self.path_of(digest)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        path.replace(place)
        keep_names(place.parent)


def _is_older(path: Path, than: float) -> bool:
    try:
        return path.stat().st_mtime < than
    except FileNotFoundError:
        return False


def _refused(error: OSError) -> Exception:
    return Refused("ticket.no_space") if error.errno in _FULL else error
