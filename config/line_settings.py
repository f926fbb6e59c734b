"""Reads how callers are served about tickets: section ``telephone`` of ``tickets``."""

from datetime import timedelta

from config.durations import read_duration
from cti.kernel.document import Section, Value
from cti.kernel.ticket_line import Words
from cti.kernel.vocabulary import Language
from ivr.ticket_services import MOST_CHOICES
from tickets.line.settings import LineSettings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOST_WRONG = 1000


def read_line(part: Section) -> LineSettings:
    """The section's settings."""
    usual = LineSettings()

    def whole(value: Value) -> int:
        return value.whole(1, MOST_WRONG)

    return LineSettings(
        wrong_by_caller=part.read("wrong_by_caller", usual.wrong_by_caller, whole),
        wrong_by_ticket=part.read("wrong_by_ticket", usual.wrong_by_ticket, whole),
        within=part.read("within", usual.within, lambda each: read_duration(each, HOUR, 30 * DAY)),
        branches=part.read("branches", usual.branches, _branches),
        slot=part.read("slot", usual.slot, lambda each: read_duration(each, 5 * MINUTE, 8 * HOUR)),
        furthest=part.read(
            "furthest", usual.furthest, lambda each: read_duration(each, DAY, 330 * DAY)
        ),
    )


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
