"""The terminal: its language, and printing what happens with the time it happened at."""

import sys
from collections.abc import Mapping
from typing import TextIO

from cti.kernel.clock import Clock

CLEAR_LINE = "\r\x1b[K"


class Terminal:
    """Lines with seconds since the beginning in front, and perhaps one below that changes."""

    def __init__(self, clock: Clock, out: TextIO | None = None) -> None:
        self._clock = clock
        self._out = out or sys.stdout
        self._start = clock.seconds()
        self._standing = False

    @property
    def live(self) -> bool:
        """Whether somebody watches, rather than a file."""
        return self._out.isatty()

    def say(self, what: str) -> None:
        """Print one line at once."""
        self._clear()
        passed = self._clock.seconds() - self._start
        print(f"{passed:8.3f} s  {what}", file=self._out, flush=True)

    def show(self, what: str, width: int) -> None:
        """Write `what` where it was shown last, cut to the terminal's width."""
        self._clear()
        minutes, seconds = divmod(int(self._clock.seconds() - self._start), 60)
        print(f"{minutes:5}:{seconds:02}  {what}"[: width - 1], end="", file=self._out, flush=True)
        self._standing = True

    def _clear(self) -> None:
        if self._standing:
            print(CLEAR_LINE, end="", file=self._out)
            self._standing = False


def language_of(environment: Mapping[str, str]) -> str:
    """The language the terminal asks for, English unless it is Chinese (POSIX, 8.2)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return "zh" if locale.startswith("zh") else "en"
