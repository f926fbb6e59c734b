"""The measures of time that clocks run in: working calendars by name, calendar days, plain time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.errors import ConfigurationError
from tickets.clocks.model import AGREED, CALENDAR_DAYS, HOTLINE, NO_TIME
from tickets.clocks.statutory import in_days, on_day

DAY = timedelta(days=1)


class Calendars:
    """The working calendars by name; the hotline's own is among them."""

    def __init__(self, hotline: WorkingCalendar, others: Iterable[WorkingCalendar] = ()) -> None:
        self.become(hotline, others)

    def become(self, hotline: WorkingCalendar, others: Iterable[WorkingCalendar]) -> None:
        """Hold these from now on, for all who look."""
        self._named = {calendar.name: calendar for calendar in others} | {HOTLINE: hotline}

    def __contains__(self, name: str) -> bool:
        return name in self._named

    @property
    def hotline(self) -> WorkingCalendar:
        """The hotline's own."""
        return self._named[HOTLINE]

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which calendar days begin and end."""
        return self.hotline.timezone

    def named(self, name: str) -> WorkingCalendar:
        """The calendar of that name; ConfigurationError for one nobody wrote."""
        try:
            return self._named[name]
        except KeyError:
            known = ", ".join(sorted(self._named))
            raise ConfigurationError(f"no calendar {name!r}; there are {known}") from None

    def after(self, name: str, start: datetime, elapsed: timedelta) -> datetime:
        """The first instant at which that much of the calendar's time has passed since `start`."""
        if name == CALENDAR_DAYS:
            return on_day(start, elapsed, self.zone)
        return start + elapsed if name == AGREED else self.named(name).add(start, elapsed)

    def between(self, name: str, start: datetime, end: datetime) -> timedelta:
        """How much of the calendar's time lies between; never negative."""
        if name == CALENDAR_DAYS:
            return max(NO_TIME, in_days(start, end, self.zone))
        plain = end - start if name == AGREED else self.named(name).between(start, end)
        return max(NO_TIME, plain)

    def working_days(self, name: str, start: datetime, days: int) -> timedelta:
        """The working time from `start` to the close of the last of so many working days.

        The day of `start` is not counted, as the law counts days (Civil Code of China, 201).
        """
        return self.between(name, start, self.closing(name, start, days))

    def closing(self, name: str, start: datetime, days: int) -> datetime:
        """When the last of so many working days (one at least) after the day of `start` closes."""
        calendar = self.named(name)
        day, left = start.astimezone(calendar.timezone).date(), days
        while left:
            day += DAY
            left -= bool(calendar.spans_on(day))
        return calendar.closing(day)
