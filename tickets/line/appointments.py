"""Appointments as a caller keys them in: MMDD and HHMM, and the ticket that they become. Pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cti.kernel.ticket_line import Caller, SlotAnswer, SlotFound, Wished
from cti.kernel.vocabulary import Language
from tickets.forms import FORMS, FormTerms
from tickets.line.settings import LineSettings
from tickets.model import Draft, Requester, Source, TicketKind

MATTERS = next(each for each in FORMS[TicketKind.APPOINTMENT] if each.name == "service").options
"""In the order of the keys that choose them."""
WORDS = {
    Language.CHINESE: ("电话预约", "客户在语音自助中预约：{day}，{branch}。"),
    Language.ENGLISH: ("Appointment by telephone", "Made in the menu: {day}, {branch}."),
}
"""Title, and what is written."""


def slot_found(wished: Wished, terms: FormTerms, settings: LineSettings) -> SlotFound:
    """The slot that is meant: the next day of that date on which one can come then."""
    start = _start(wished, terms.now, terms.zone)
    if start is None or start < terms.now:
        return SlotFound(SlotAnswer.IMPOSSIBLE)
    end = start + settings.slot
    if start - terms.now > settings.furthest or not terms.is_open(start, end):
        return SlotFound(SlotAnswer.CLOSED)
    return SlotFound(SlotAnswer.OPEN, (start, end))


def draft_of(
    wished: Wished, caller: Caller, slot: tuple[datetime, datetime], settings: LineSettings
) -> Draft:
    """The ticket as it is registered; `slot` in the zone of the branches."""
    title, text = WORDS[caller.language]
    branch = settings.branches[int(wished.branch) - 1][Language.CHINESE]
    start, end = slot
    day = f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"
    contact = wished.contact or caller.calling
    return Draft(
        kind=TicketKind.APPOINTMENT,
        title=f"{title} {day}",
        text=text.format(day=day, branch=branch),
        requester=Requester(
            name=caller.name or contact,
            contact=contact,
            customer_id=caller.customer_id,
            service_level=caller.service_level,
        ),
        occasion=day,
        call_id=caller.call_id,
        details={"service": MATTERS[int(wished.matter) - 1], "branch": branch, "slot": day},
        source=Source.IVR,
    )


def _start(wished: Wished, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the slot begins: this year, or the next one for a day that is past."""
    today = now.astimezone(zone)
    for year in (today.year, today.year + 1):
        try:
            month, day, hour, minute = map(int, (*_pairs(wished.day), *_pairs(wished.time)))
            start = datetime(year, month, day, hour, minute, tzinfo=zone)
        except ValueError:
            continue
        if start.date() >= today.date() and _exists(start):
            return start
    return None


def _pairs(keys: str) -> tuple[str, str]:
    """Four digits in twos; ValueError for anything else."""
    if len(keys) != 4 or not keys.isdigit():
        raise ValueError(f"{keys!r} is no day or time")
    return keys[:2], keys[2:]


def _exists(at: datetime) -> bool:
    """Whether clocks show that time on that day, and are not put forward over it."""
    there = at.astimezone(UTC).astimezone(at.tzinfo)
    return there.replace(tzinfo=None) == at.replace(tzinfo=None)
