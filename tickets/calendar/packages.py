"""What the packages of public holidays know that are installed now.

A process reads a package once; so another one is asked, and whoever brings a package up to date
need not start the house again.
"""

import json
import sys
from datetime import date
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutput

from cti.kernel.public_days import PublicDays, public_days

MODULE = "tickets.calendar.packages"


def installed_days(reactor: Any, country: str, year: int) -> Deferred[PublicDays]:
    """The public holidays and make-up workdays of that year."""
    words = ("-W", "ignore", "-m", MODULE, country, str(year))
    told: Deferred[bytes] = getProcessOutput(sys.executable, words, None, None, reactor)
    return told.addCallback(read)


def told(days: PublicDays) -> str:
    """The days as one line of JSON."""
    holidays = {day.isoformat(): name for day, name in sorted(days.holidays.items())}
    workdays = [day.isoformat() for day in sorted(days.workdays)]
    return json.dumps([holidays, workdays, dict(days.english)])


def read(line: bytes) -> PublicDays:
    """The days of such a line."""
    holidays, workdays, english = json.loads(line)
    return PublicDays(
        {date.fromisoformat(day): name for day, name in holidays.items()},
        frozenset(map(date.fromisoformat, workdays)),
        english=english,
    )


if __name__ == "__main__":
    sys.stdout.write(told(public_days(sys.argv[1], [int(sys.argv[2])])))
