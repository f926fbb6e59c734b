"""Where the log goes: all of it to a file that is turned over, what is wrong to the terminal."""

import sys
from pathlib import Path
from typing import TextIO, cast

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)
from twisted.python.logfile import LogFile

FILE = "hotline.log"
LONGEST = 10_000_000
"""Octets of a file before the next one is begun."""
KEPT = 5


def start_log(folder: Path, *, verbose: bool) -> None:
    """Begin to log to ``hotline.log`` in the folder; warnings, or all of it, to stderr too."""
    folder.mkdir(parents=True, exist_ok=True)
    file = LogFile(FILE, str(folder), rotateLength=LONGEST, maxRotatedFiles=KEPT)
    globalLogBeginner.beginLoggingTo(
        [
            _from_level(textFileLogObserver(cast(TextIO, file)), LogLevel.info),
            _from_level(
                textFileLogObserver(sys.stderr), LogLevel.info if verbose else LogLevel.warn
            ),
        ],
        redirectStandardIO=False,
    )


def _from_level(observer: ILogObserver, level: object) -> ILogObserver:
    return FilteringLogObserver(observer, [LogLevelFilterPredicate(defaultLogLevel=level)])
