"""Dates, numbers and amounts as a language writes them, by Babel's tables (Unicode CLDR)."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from cti.web.texts import LOCALES


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
        return self._at(at, "yyyy-MM-dd HH:mm:ss")

    def moment(self, at: datetime) -> str:
        """``11-22 13:46``: what lies within the year."""
        return self._at(at, "MM-dd HH:mm")

    def time(self, at: datetime) -> str:
        """``13:46:01``."""
        return self._at(at, "HH:mm:ss")

    def day(self, day: date) -> str:
        """``11-22``."""
        return format_date(day, "MM-dd", locale=self._locale)

    def weekday(self, day: date) -> str:
        """``Sun``, 周日: the day of the week, shortened."""
        return format_date(day, "EEE", locale=self._locale)

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        """``1,234.5`` with that many digits behind the point."""
        fraction = f".{'0' * digits}" if digits else ""
        return format_decimal(value, f"#,##0{fraction}", locale=self._locale)

    def money(self, money: Money) -> str:
        """``¥1,234.50``, the currency's own digits behind the point."""
        return format_currency(money.amount, money.currency, locale=self._locale)

    def _at(self, at: datetime, pattern: str) -> str:
        return format_datetime(at.astimezone(self.zone), pattern, locale=self._locale)

    @property
    def _locale(self) -> str:
        return LOCALES[self.language]
