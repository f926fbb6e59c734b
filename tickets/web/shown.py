"""How ticket pages write names, instants and lengths of time, in one language and zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from tickets.model import CUSTOMER, MAILBOX, SYSTEM, VOICEMAIL, Department
from tickets.regulation.codes import NO_CODES, CodeBook

DAY = timedelta(days=1)

Text = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Words:
    """Texts, names of departments, and instants, in one language and zone."""

    text: Text
    language: Language
    zone: ZoneInfo
    departments: Mapping[DepartmentId, Department]
    known: Callable[[str], bool] = lambda _key: True
    """Whether there is a text of that key."""
    codes: CodeBook = NO_CODES
    """What the codes in fields stand for."""
    staff: Callable[[StaffId], str] = str
    """The name of a colleague."""

    def named(self, group: str, name: str) -> str:
        """The word for a name that a rule or form gave; the name itself where there is none."""
        key = f"{group}.{name}"
        return self.text(key) if self.known(key) else name

    @property
    def formats(self) -> Formats:
        """How the language writes instants."""
        return Formats(self.language, self.zone)

    def department(self, department_id: str | None) -> str:
        """The department's name; the id itself for one that is gone."""
        known = self.departments.get(DepartmentId(department_id or ""))
        if known is None:
            return department_id or ""
        return known.name_zh if self.language is Language.CHINESE else known.name_en

    def instant(self, at: datetime) -> str:
        """Month, day, hour and minute in the hotline's zone."""
        return self.formats.moment(at)

    def deadline(self, at: datetime, *, brief: bool = False) -> str:
        """An instant as a deadline: midnight is the end of the day before, 24:00.

        It names the day of the week, by which people plan, except where it is to be `brief`.
        """
        local = at.astimezone(self.zone)
        midnight = (local.hour, local.minute) == (0, 0)
        day = local - DAY if midnight else local
        time = "24:00" if midnight else f"{local:%H:%M}"
        parts = (self.formats.day(day), "" if brief else self.formats.weekday(day), time)
        return " ".join(filter(None, parts))

    def by(self, staff_id: str, name: str) -> str:
        """Who did it: a person by their name, the house and the customer by words."""
        key = {
            SYSTEM.staff_id: "ticket.line.by_system",
            CUSTOMER.staff_id: "ticket.line.by_customer",
            MAILBOX.staff_id: "ticket.line.by_mail",
            VOICEMAIL.staff_id: "ticket.line.by_voicemail",
        }
        word = key.get(StaffId(staff_id))
        return self.text(word) if word else name

    def zone_at(self, at: datetime) -> str:
        """In which zone the page's times are, with its distance from UTC then."""
        offset = f"{at.astimezone(self.zone):%z}"
        return self.text(
            "ticket.page.zone", zone=self.zone.key, offset=f"{offset[:3]}:{offset[3:]}"
        )

    def duration(self, time: timedelta) -> str:
        """Hours and minutes, with days from two days on; never 0 minutes, which reads as wrong."""
        minutes = int(time.total_seconds() // 60)
        if not minutes:
            return self.text("ticket.duration.moment")
        hours, minutes = divmod(minutes, 60)
        if hours >= 48:
            return self.text("ticket.duration.days", days=hours // 24, hours=hours % 24)
        if hours:
            return self.text("ticket.duration.hours", hours=hours, minutes=minutes)
        return self.text("ticket.duration.minutes", minutes=minutes)
