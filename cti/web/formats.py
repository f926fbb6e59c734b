"""Dates, numbers and amounts as a language writes them, by Babel's tables (Unicode CLDR).

What is written alike in every language is formatted plainly: a page holds hundreds of instants.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel import Locale
from babel.dates import get_day_names
from babel.numbers import format_currency, format_decimal

from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from cti.web.texts import locale_of


@dataclass(frozen=True, slots=True)
class Formats:
    """How one language writes them, at one place's time.

    Instants are aware; they stand in columns and are compared, so they are written in the order
    of ISO 8601 in both languages.
    """

    language: Language
    zone: tzinfo

    def instant(self, at: datetime) -> str:
        """``2026-11-22 13:46:01``."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def moment(self, at: datetime) -> str:
        """``11-22 13:46``: what lies within the year."""
        return f"{at.astimezone(self.zone):%m-%d %H:%M}"

    def time(self, at: datetime) -> str:
        """``13:46:01``."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, day: date) -> str:
        """``11-22``."""
        return f"{day:%m-%d}"

    def weekday(self, day: date) -> str:
        """``Sun``, 周日: the day of the week, shortened."""
        return str(get_day_names("abbreviated", locale=self._locale)[day.weekday()])

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        """``1,234.5`` with that many digits behind the point."""
        fraction = f".{'0' * digits}" if digits else ""
        return format_decimal(value, f"#,##0{fraction}", locale=self._locale)

    def money(self, money: Money) -> str:
        """``¥1,234.50``, the currency's own digits behind the point."""
        return format_currency(money.amount, money.currency, locale=self._locale)

    @property
    def _locale(self) -> Locale:
        return locale_of(self.language)
