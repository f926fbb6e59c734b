"""Reads how customers are served by telephone: ``telephone`` and ``reply_calls`` of ``tickets``."""

from datetime import timedelta

from config.durations import read_duration
from cti.kernel.calendar import Span
from cti.kernel.document import Section, Value
from cti.kernel.errors import ConfigurationError
from cti.kernel.ticket_line import Words
from cti.kernel.vocabulary import Language
from ivr.ticket_services import MOST_CHOICES
from tickets.line.settings import LineSettings
from tickets.reply_calls.settings import IdentifiedBy, ReplyCallSettings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOST_WRONG, MOST_WRONG_OF_ALL = 1000, 100_000
MOST_CALLS, MOST_ATTEMPTS, LONGEST_RING = 100, 20, 120


def read_line(part: Section) -> LineSettings:
    """The section's settings."""
    usual = LineSettings()

    def whole(value: Value) -> int:
        return value.whole(1, MOST_WRONG)

    def of_house(value: Value) -> int:
        return value.whole(1, MOST_WRONG_OF_ALL)

    return LineSettings(
        wrong_by_caller=part.read("wrong_by_caller", usual.wrong_by_caller, whole),
        wrong_by_ticket=part.read("wrong_by_ticket", usual.wrong_by_ticket, whole),
        within=part.read("within", usual.within, lambda each: read_duration(each, HOUR, 30 * DAY)),
        wrong_by_house=part.read("wrong_by_house", usual.wrong_by_house, of_house),
        house_within=part.read(
            "house_within", usual.house_within, lambda each: read_duration(each, MINUTE, DAY)
        ),
        cool_down=part.read(
            "cool_down", usual.cool_down, lambda each: read_duration(each, MINUTE, 7 * DAY)
        ),
        branches=part.read("branches", usual.branches, _branches),
        slot=part.read("slot", usual.slot, lambda each: read_duration(each, 5 * MINUTE, 8 * HOUR)),
        furthest=part.read(
            "furthest", usual.furthest, lambda each: read_duration(each, DAY, 330 * DAY)
        ),
    )


def read_reply_calls(part: Section) -> ReplyCallSettings:
    """The section's settings."""
    usual = ReplyCallSettings()
    return ReplyCallSettings(
        hours=part.read("hours", usual.hours, _hours),
        most=part.read("most", usual.most, lambda each: each.whole(0, MOST_CALLS)),
        attempts=part.read("attempts", usual.attempts, lambda each: each.whole(1, MOST_ATTEMPTS)),
        ring=part.read("ring", usual.ring, lambda each: each.number(5, LONGEST_RING)),
        identified_by=part.read("identified_by", usual.identified_by, _identified_by),
        wrong_a_day=part.read(
            "wrong_a_day", usual.wrong_a_day, lambda each: each.whole(1, MOST_WRONG)
        ),
        flow=part.read("flow", usual.flow, lambda each: each.text()),
    )


def spans(text: str) -> tuple[Span, ...]:
    """The spans of ``09:00-12:00, 14:00-19:00``; ConfigurationError for anything else."""
    return tuple(Span.parse(each.strip()) for each in text.split(","))


def _hours(value: Value) -> str:
    text = value.text()
    try:
        spans(text)
    except (ConfigurationError, ValueError):
        value.wrong(f"must be like 09:00-12:00, 14:00-19:00, not {text!r}")
        return ReplyCallSettings().hours
    return text


def _identified_by(value: Value) -> tuple[IdentifiedBy, ...]:
    names = [each.value for each in IdentifiedBy]
    chosen = tuple(IdentifiedBy(each.one_of(names) or names[0]) for each in value.items())
    if not chosen:
        value.wrong("must name one at least")
    return chosen


def _branches(value: Value) -> tuple[Words, ...]:
    branches = tuple(_names(each) for each in value.items())
    if len(branches) > MOST_CHOICES:
        value.wrong(f"has {len(branches)}; there are {MOST_CHOICES} keys")
    return branches


def _names(value: Value) -> Words:
    section = value.section()
    names = {
        language: section.need(language.value, "the branch's name in that language").text()
        for language in Language
    }
    section.close()
    return names
