"""Answers that customers heard to their end, on disk until the database has it.

A small file of its own rather than a table: a database that is away when they confirm may still be
away when the house starts again, and nobody is rung twice to hear the same. A line is written
before the database is asked, and taken out once that has said yes.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from cti.kernel.identifiers import CallId, TicketNumber
from cti.lasting import replace_file


@dataclass(frozen=True, slots=True)
class Heard:
    """Who answered when, and confirmed when, that they had heard the answer; `queued` is its."""

    reply_id: int
    number: TicketNumber
    queued: datetime
    call_id: CallId
    answered: datetime
    confirmed: datetime


class HeardFile:
    """Keeps them in the file; None keeps them for as long as this server lives."""

    log = Logger()

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._heard: dict[int, Heard] = {}

    def load(self) -> tuple[Heard, ...]:
        """What the server before did not come to write into the database."""
        if self._path is not None:
            try:
                self._heard = {each.reply_id: each for each in read_heard(self._path)}
            except (OSError, ValueError) as error:
                self.log.warn(
                    "{path} cannot be read, customers who heard an answer while the database was "
                    "away may be called again: {error}",
                    path=str(self._path),
                    error=error,
                )
        return tuple(self._heard.values())

    def ids(self) -> frozenset[int]:
        """The replies of which the database does not know yet."""
        return frozenset(self._heard)

    def note(self, heard: Heard) -> None:
        """It was heard just now."""
        self._heard[heard.reply_id] = heard
        self._write()

    def strike(self, reply_id: int) -> None:
        """The database knows."""
        if self._heard.pop(reply_id, None) is not None:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            records = [asdict(each) for each in self._heard.values()]
            replace_file(self._path, json.dumps(records, default=str).encode())
        except OSError as error:
            self.log.warn("that an answer was heard is not kept on disk: {error}", error=error)


def read_heard(path: Path) -> list[Heard]:
    """Those in the file, none where there is no file; OSError, ValueError."""
    try:
        records = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    try:
        return [_heard(record) for record in records]
    except (TypeError, KeyError) as error:
        raise ValueError(f"{path}: {error!r}") from None


def _heard(record: Any) -> Heard:
    return Heard(
        reply_id=int(record["reply_id"]),
        number=TicketNumber(record["number"]),
        queued=datetime.fromisoformat(record["queued"]),
        call_id=CallId(record["call_id"]),
        answered=datetime.fromisoformat(record["answered"]),
        confirmed=datetime.fromisoformat(record["confirmed"]),
    )
