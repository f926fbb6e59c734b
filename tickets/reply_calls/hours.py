"""When customers may be called: within the hotline's hours and those that the bank allows. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from cti.kernel.calendar import WorkingCalendar
from tickets.clocks.calendars import Calendars

NOON = time(12)
MOST_LOOKS = 1000
"""Days that are looked through for one on which both are open."""


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The instants at which both calendars are open; half-days are those of `allowed`."""

    calendars: Calendars
    """The hotline's are meant, as they are in force whenever somebody asks."""
    allowed: WorkingCalendar

    def opening(self, at: datetime) -> datetime:
        """`at` where customers may be called then, else the first instant after it at which."""
        for _ in range(MOST_LOOKS):
            later = max(self.calendars.hotline.next_open(at), self.allowed.next_open(at))
            if later == at:
                return at
            at = later
        return at

    def day_of(self, at: datetime) -> datetime:
        """The beginning of that instant's day."""
        return self._midnight(at, timedelta()).astimezone(UTC)

    def another_day(self, at: datetime) -> datetime:
        """The first instant of another day at which customers may be called."""
        return self.opening(self._midnight(at, timedelta(days=1)).astimezone(UTC))

    def another_half_day(self, at: datetime) -> datetime:
        """The first instant of another half-day at which customers may be called."""
        local = at.astimezone(self.allowed.timezone)
        noon = datetime.combine(local.date(), NOON, self.allowed.timezone)
        if local >= noon:
            return self.another_day(at)
        return self.opening(noon.astimezone(UTC))

    def _midnight(self, at: datetime, later: timedelta) -> datetime:
        """The beginning of that instant's day, or of a later one, where customers are called."""
        zone = self.allowed.timezone
        return datetime.combine(at.astimezone(zone).date() + later, time(), zone)
