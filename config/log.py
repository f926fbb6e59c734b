"""Where the log goes: all of it to a file that is turned over, what is wrong to the terminal."""

import sys
from pathlib import Path
from typing import TextIO, cast

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)
from twisted.python.logfile import LogFile
from zope.interface import implementer

from cti.kernel.errors import ConfigurationError

FILE = "hotline.log"
LONGEST = 10_000_000
"""Octets of a file before the next one is begun."""
KEPT = 5


@implementer(ILogObserver)
class Log:
    """A file of lines: where it has no room, that is said once, and how many it lacks later."""

    def __init__(self, file: TextIO, terminal: TextIO) -> None:
        self._file, self._terminal = file, terminal
        self._written = textFileLogObserver(file)
        self._lost = 0

    def __call__(self, event: LogEvent) -> None:
        """Write the line."""
        try:
            if self._lost:
                # What was written last may have been cut off in its middle.
                self._file.write(f"\n{self._lost} lines are missing here\n")
                self._lost = 0
            self._written(event)
        except OSError as error:
            if not self._lost:
                print(f"The log cannot be written: {error.strerror}", file=self._terminal)
            self._lost += 1


def start_log(folder: Path, *, verbose: bool) -> None:
    """Begin to log to ``hotline.log`` in the folder; warnings, or all of it, to stderr too.

    ConfigurationError where the system does not let us write there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = LogFile(FILE, str(folder), rotateLength=LONGEST, maxRotatedFiles=KEPT)
    except OSError as error:
        message = f"cannot write in {folder}: {error.strerror}"
        raise ConfigurationError(message, key="folders.base") from error
    globalLogBeginner.beginLoggingTo(
        [
            _from_level(Log(cast(TextIO, file), sys.stderr), LogLevel.info),
            _from_level(
                textFileLogObserver(sys.stderr), LogLevel.info if verbose else LogLevel.warn
            ),
        ],
        redirectStandardIO=False,
    )


def log_warnings() -> None:
    """Say on the terminal what goes wrong in the switch, for commands that keep no log."""
    observer = _from_level(textFileLogObserver(sys.stderr), LogLevel.warn)

    def of_the_switch(event: LogEvent) -> None:
        if event.get("log_namespace", "").startswith("cti."):
            observer(event)

    globalLogBeginner.beginLoggingTo([cast(ILogObserver, of_the_switch)], redirectStandardIO=False)


def _from_level(observer: ILogObserver, level: object) -> ILogObserver:
    return FilteringLogObserver(observer, [LogLevelFilterPredicate(defaultLogLevel=level)])
