"""Tell when something is due, and why: the reckoning line by line, so that anybody can check it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cti.kernel.vocabulary import Language
    from tickets.clocks.explain import Line
    from tickets.clocks.limit import Limit
    from tickets.clocks.statutory import Break

EPILOG = """\
examples:
  hotline due --calendar config/calendars/office.yaml --start "2026-09-30 16:30" --target 8h
  hotline due --calendar office.yaml --start "2026-11-27 15:00" --target "2 working-days" --lang en
  hotline due --calendar office.yaml --start 2026-11-21T10:00+08:00 --target "15 calendar-days"
  hotline due --calendar office.yaml --start "2026-11-23 09:00" --target "1h 30min" \\
              --pause "2026-11-23 10:00/2026-11-23 11:00" --pause "2026-11-23 10:30/"

A time without its offset is meant in the calendar's zone. A pause without an end goes on. With
calendar days a pause is an appraisal from outside, which leaves whole days out. The first line is
the deadline (ISO 8601), or "-" while a pause goes on; then each step, what it adds, and the total.
A limit used up exactly at closing time is due at the closing instant."""

AROUND = 2
"""Holidays are known for so many years before and after the start."""


def add_arguments(parser: ArgumentParser) -> None:
    """``--calendar --start --target [--pause ...] [--lang]``."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--calendar", type=Path, required=True, metavar="FILE", help="a working calendar in YAML"
    )
    parser.add_argument("--start", required=True, metavar="T", help='such as "2026-09-30 16:30"')
    parser.add_argument(
        "--target",
        required=True,
        metavar="S",
        help="8h, 1h 30min, 2 working-days or 15 calendar-days",
    )
    parser.add_argument(
        "--pause", action="append", default=[], metavar="A/B", help="does not count; repeatable"
    )
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="language (zh)")


def run(args: Namespace) -> int:
    """Print it; ConfigurationError for a file, time or target that cannot be."""
    from cti.kernel.calendars import load_calendar
    from cti.kernel.vocabulary import Language
    from tickets.clocks.calendars import Calendars
    from tickets.clocks.due import reckoned
    from tickets.clocks.explain import explain

    year = _instant("--start", args.start, None).year
    calendar = load_calendar(args.calendar, range(year - AROUND, year + AROUND + 1))
    zone = calendar.timezone
    started = _instant("--start", args.start, zone)
    pauses = [_pause(text, zone) for text in args.pause]
    calendars = Calendars(calendar)
    clock = reckoned(_limit(args.target), started, pauses, calendars)
    print("-" if clock.halted else clock.due.astimezone(zone).isoformat())
    print(*_told(explain(clock, calendars), Language(args.lang), zone), sep="\n")
    return 0


def _told(lines: tuple[Line, ...], language: Language, zone: ZoneInfo) -> list[str]:
    from functools import partial

    import tickets.web
    from config.cli.columns import in_columns
    from cti.web.texts import Texts
    from tickets.web.reasons import Reasons

    texts = Texts()
    texts.add(Path(tickets.web.__file__).parent / "locales")
    reasons = Reasons(partial(texts.text, language), language, zone).told(lines)
    return list(in_columns([(each.text, each.counted, each.total) for each in reasons]))


def _limit(text: str) -> Limit:
    from cti.kernel.errors import ConfigurationError
    from tickets.clocks.limit import Limit

    try:
        return Limit.parse(text)
    except ValueError as error:
        raise ConfigurationError(str(error), key="--target") from None


def _pause(text: str, zone: ZoneInfo) -> Break:
    from cti.kernel.errors import ConfigurationError

    begins, slash, ends = text.partition("/")
    if not slash:
        message = f"{text!r} is no pause; write it as 2026-10-08 09:00/2026-10-08 10:30"
        raise ConfigurationError(message, key="--pause")
    started = _instant("--pause", begins, zone)
    ended = _instant("--pause", ends, zone) if ends.strip() else None
    if ended is not None and ended < started:
        raise ConfigurationError(f"{text!r} ends before it begins", key="--pause")
    return started, ended


def _instant(key: str, text: str, zone: ZoneInfo | None) -> datetime:
    from cti.kernel.errors import ConfigurationError

    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        message = f"{text.strip()!r} is no time; write it as 2026-09-30 16:30"
        raise ConfigurationError(message, key=key) from None
    return at if at.tzinfo else at.replace(tzinfo=zone)
