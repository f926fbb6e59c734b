"""Tells a person at a terminal how far the first start is."""

import sys
from typing import Protocol, TextIO

WIDTH = 30


class Progress(Protocol):
    """Hears what is being done, and how much of it."""

    def begin(self, what: str) -> None:
        """Something that takes a moment begins."""

    def advance(self, done: int, total: int) -> None:
        """So much of it is done."""

    def end(self) -> None:
        """It is done."""


class Silent:
    """Tells nobody."""

    def begin(self, what: str) -> None:
        """Nothing to tell."""

    def advance(self, done: int, total: int) -> None:
        """Nothing to tell."""

    def end(self) -> None:
        """Nothing to tell."""


class TerminalProgress:
    """A bar on a terminal; plain lines where there is none."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._what = ""
        self._bar = self._out.isatty()

    def begin(self, what: str) -> None:
        """Name it."""
        self._what = what
        self._write(f"\r{what} " if self._bar else f"{what} ...\n")

    def advance(self, done: int, total: int) -> None:
        """Draw the bar."""
        if self._bar and total:
            filled = WIDTH * done // total
            bar = "#" * filled + "." * (WIDTH - filled)
            self._write(f"\r{self._what} [{bar}] {done}/{total}")

    def end(self) -> None:
        """Leave the last line standing."""
        if self._bar:
            self._write("\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
