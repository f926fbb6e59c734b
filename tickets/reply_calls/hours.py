"""When customers may be called: within the hotline's hours and those that the bank allows. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from cti.kernel.calendar import WorkingCalendar

NOON = time(12)
MOST_LOOKS = 1000
"""Days that are looked through for one on which both are open."""


@dataclass(frozen=True, slots=True)
class CallingHours:
    """The instants at which both calendars are open; half-days are those of `allowed`."""

    working: WorkingCalendar
    allowed: WorkingCalendar

    def opening(self, at: datetime) -> datetime:
        """`at` where customers may be called then, else the first instant after it at which."""
        for _ in range(MOST_LOOKS):
            later = max(self.working.next_open(at), self.allowed.next_open(at))
            if later == at:
                return at
            at = later
        return at

    def another_half_day(self, at: datetime) -> datetime:
        """The first instant of another half-day at which customers may be called."""
        zone = self.allowed.timezone
        local = at.astimezone(zone)
        midnight = datetime.combine(local.date(), time(), zone)
        noon = datetime.combine(local.date(), NOON, zone)
        following = noon if local < noon else midnight + timedelta(days=1)
        return self.opening(following.astimezone(UTC))
