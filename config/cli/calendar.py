"""Print a working calendar as it is in force: its file with what people made of its days since.

The output is a calendar's file itself, which `hotline due --calendar` reads.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EPILOG = """\
examples:
  hotline calendar                          the calendars there are
  hotline calendar office                   that of the departments, on the screen
  hotline calendar office > now.yaml        ... and in a file, by which a deadline is reckoned:
  hotline due --calendar now.yaml --start "2026-09-30 16:30" --target 8h

It reads the folder of calendars and the database that the settings name; the house may be running
or not. Days are changed on the page /calendar."""


def add_arguments(parser: ArgumentParser) -> None:
    """``[NAME] [--year]``."""
    parser.epilog = EPILOG
    parser.add_argument("name", nargs="?", metavar="NAME", help="the calendar's name")
    parser.add_argument(
        "--year", type=int, metavar="Y", help="with two years before and after it (this year)"
    )


def run(args: Namespace) -> int:
    """Print it; ConfigurationError for a calendar or a database that is not there."""
    import time

    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.orm import Session
    from twisted.internet.task import Clock

    from config.cli import settings_of
    from config.foundation import calendars_of
    from cti.database import connect, reading
    from cti.kernel.clock import utc
    from cti.kernel.errors import ConfigurationError
    from tickets.calendar.export import exported
    from tickets.calendar.model import in_force
    from tickets.calendar.repository import changes_txn

    settings = settings_of(args)
    clock = Clock()
    clock.advance(time.time())  # noqa: TID251  (a command's own clock)
    written = calendars_of(settings, clock)
    engine = connect(settings.database_url)
    try:
        with Session(reading(engine)) as session:
            named = in_force(written, changes_txn(session))
    except DBAPIError as error:
        reason, *_ = str(error.orig).splitlines()
        raise ConfigurationError(f"cannot be read: {reason}", key="database.url") from error
    finally:
        engine.dispose()
    if args.name is None:
        print(*sorted(named), sep="\n")
        return 0
    if args.name not in named:
        known = ", ".join(sorted(named))
        raise ConfigurationError(f"there is no calendar {args.name!r}; there are {known}")
    print(exported(named[args.name], args.year or utc(clock).year), end="")
    return 0
