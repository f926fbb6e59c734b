"""How long records are kept, and which may be deleted: rules as data, each with its source.

A rule names what it is for; the longest that fits a ticket counts, so no rule can shorten what
another one asks for. Nothing is deleted of a ticket that is open, on hold, or not yet due.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from cti.kernel.vocabulary import Language
from tickets.model import TicketKind
from tickets.regulation.facts import Fact


@dataclass(frozen=True, slots=True)
class Rule:
    """Records of such tickets are kept so many years from the day they ended."""

    name: str
    years: int
    source: str
    kind: TicketKind | None = None
    """None for every kind."""
    business: str = ""
    """A business code, with all below it; empty for every business."""
    zh: str = ""
    en: str = ""
    """What people call it; the name where nothing is said."""

    def called(self, language: Language) -> str:
        """What people call it, the name where the file does not say."""
        return (self.zh if language is Language.CHINESE else self.en) or self.name

    def fits(self, fact: Fact) -> bool:
        """Whether the rule is about such a ticket."""
        return self.kind in (None, fact.kind) and fact.business.startswith(self.business)


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules; nothing is ever due where no rule fits."""

    rules: tuple[Rule, ...] = ()
    letters: Rule | None = None
    """For letters that became no ticket's, from the day on which they were discarded."""

    def rule_for(self, fact: Fact) -> Rule | None:
        """The rule that keeps the ticket longest."""
        fitting = (rule for rule in self.rules if rule.fits(fact))
        return max(fitting, key=lambda rule: rule.years, default=None)

    def kept_until(self, fact: Fact, zone: ZoneInfo) -> date | None:
        """The last day on which the records must be kept; None while that is not known."""
        rule = self.rule_for(fact)
        if rule is None or fact.ended is None:
            return None
        return years_after(fact.ended.astimezone(zone).date(), rule.years)

    def due(self, fact: Fact, zone: ZoneInfo, now: datetime, *, on_hold: bool) -> bool:
        """Whether the records may be deleted now."""
        until = self.kept_until(fact, zone)
        if until is None or on_hold or fact.erased:
            return False
        return now.astimezone(zone).date() > until

    def letter_due(self, discarded: datetime, zone: ZoneInfo, now: datetime) -> bool:
        """Whether a letter that was discarded then may be deleted now."""
        if self.letters is None:
            return False
        until = years_after(discarded.astimezone(zone).date(), self.letters.years)
        return now.astimezone(zone).date() > until

    @property
    def named(self) -> tuple[Rule, ...]:
        """Every rule, that for letters last."""
        return (*self.rules, self.letters) if self.letters else self.rules

    def called(self, name: str, language: Language) -> str:
        """What people call the rule of that name; the name itself of one that is gone."""
        known = next((rule for rule in self.named if rule.name == name), None)
        return known.called(language) if known else name

    @property
    def shortest(self) -> int | None:
        """Years before which nothing at all can be due; None without rules."""
        return min((rule.years for rule in self.rules), default=None)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 1 March for a 29 February that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def summed(rules: Iterable[Rule | None]) -> dict[str, int]:
    """How many tickets each rule let go, by the rule's name."""
    counts: dict[str, int] = {}
    for rule in rules:
        if rule is not None:
            counts[rule.name] = counts.get(rule.name, 0) + 1
    return counts
