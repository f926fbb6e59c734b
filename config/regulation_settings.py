"""Reads what is reported of complaints and how long records are kept: parts of ``tickets``."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cti.kernel.document import Section, Value
from tickets.regulation.repeats import RepeatRules

DAY = timedelta(days=1)
DAYS = re.compile(r"(\d{1,4}) *(?:d|days?)")
SHIPPED = Path(__file__).parent / "tickets"
MOST_DAYS = 366
MOST_PEOPLE = 100


@dataclass(frozen=True, slots=True)
class RegulationSettings:
    """What the bank chose where the regulator leaves it a choice."""

    codes: Path = SHIPPED / "codes.yaml"
    """What complaints are classified by."""
    retention: Path = SHIPPED / "retention.yaml"
    """How long records are kept."""
    delete: bool = False
    """Whether records whose time is over are deleted."""
    repeats: RepeatRules = field(default_factory=RepeatRules)


def read_regulation(part: Section, beside: Path) -> RegulationSettings:
    """The section's settings; paths of files are relative to `beside`."""
    usual = RegulationSettings()
    return RegulationSettings(
        codes=part.read("codes", usual.codes, lambda value: beside / value.text()),
        retention=part.read("retention", usual.retention, lambda value: beside / value.text()),
        delete=part.read("delete", usual.delete, lambda value: value.truth()),
        repeats=_repeats(part, usual.repeats),
    )


def _days(value: Value) -> timedelta:
    match = DAYS.fullmatch(value.text())
    days = int(match[1]) if match else 0
    if not 1 <= days <= MOST_DAYS:
        value.wrong(f"must be days, from 1 to {MOST_DAYS}, such as 30 days")
    return days * DAY


def _repeats(part: Section, usual: RepeatRules) -> RepeatRules:
    value = part.get("repeats")
    if value is None:
        return usual
    section = value.section()

    rules = RepeatRules(
        within=section.read("within", usual.within, _days),
        crowd=section.read("crowd", usual.crowd, lambda each: each.whole(2, MOST_PEOPLE)),
        crowd_within=section.read("crowd_within", usual.crowd_within, _days),
    )
    section.close()
    return rules
