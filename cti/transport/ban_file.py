"""The bans on disk, so that a restart lets nobody back in.

A small file of its own rather than a table: it is written under attack, when the database has more
urgent work, and read before the database is there; and an operator can read it without either.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from cti.kernel.clock import Clock, DelayedCall
from cti.sip.access.bans import Ban, Bans

DELAY = 2.0
"""Seconds from a change until it is written, with those that follow it."""


class BanFile:
    """Keeps `bans` in the file: `load` once, `changed` after each change, `stop` at the end."""

    log = Logger()

    def __init__(self, path: Path, bans: Bans, clock: Clock) -> None:
        self._path, self._bans, self._clock = path, bans, clock
        self._timer: DelayedCall | None = None

    def load(self) -> None:
        """Take up what was kept; a file that cannot be read is told of, and nobody is banned."""
        try:
            kept = read_bans(self._path)
        except (OSError, ValueError) as error:
            self.log.warn("the bans of before are lost: {error}", error=error)
            return
        self._bans.resume(kept, self._clock.seconds())

    def changed(self) -> None:
        """Write them soon."""
        if self._timer is None:
            self._timer = self._clock.callLater(DELAY, self._write)

    def stop(self) -> None:
        """Write what is not written yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._write()

    def _write(self) -> None:
        self._timer = None
        try:
            write_bans(self._path, self._bans.kept(self._clock.seconds()))
        except OSError as error:
            self.log.warn("the bans are not kept: {error}", error=error)


def read_bans(path: Path) -> list[Ban]:
    """The bans in the file, none where there is no file; OSError, ValueError."""
    try:
        records = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return []
    if not isinstance(records, list):
        raise ValueError(f"{path} holds no list")
    return [ban_of(record) for record in records]


def write_bans(path: Path, bans: Iterable[Ban]) -> None:
    """Replace the file by one that holds these bans; whoever reads it sees the old or the new."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps([asdict(ban) for ban in bans], indent=0), "utf-8")
    new.replace(path)


def ban_of(record: Any) -> Ban:
    """The ban that `asdict` took apart; ValueError."""
    kinds = {"host": str, "why": str, "count": int, "everywhere": bool}
    try:
        values = {each.name: record[each.name] for each in fields(Ban)}
    except (KeyError, TypeError) as error:
        raise ValueError(f"no ban: {record!r}") from error
    for name, value in values.items():
        if not isinstance(value, kinds.get(name, (int, float))):
            raise ValueError(f"no ban: {record!r}")
    return Ban(**values)
