"""What is asked for: the fields of each kind of ticket and of each act, as data.

The server's check, the page's form and the menu all read from here. A field that is wrong is
refused by name (``ticket.field_...``); nothing else that was typed is lost by it. Fields that are
`personal` are masked for whom they do not concern.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from cti.kernel.errors import Refused
from cti.kernel.identifiers import DepartmentId, StaffId
from customers.emails import normalise_email
from tickets.model import Draft, ReplyChannel, Source, SuspensionGround, TicketKind, Urgency
from tickets.regulation.codes import NO_CODES, CodeBook

CHINA = ZoneInfo("Asia/Shanghai")
LONGEST_TEXT = 4000
"""Characters in any one field."""
LONGEST_LINE = 200
LONGEST_AHEAD = timedelta(days=3660)
"""Nothing is agreed for later: what is typed so is a mistake, and centuries are long to reckon."""
YES_NO = ("yes", "no")
TOLD = frozenset({Source.CALL, Source.SUPERVISOR})
"""Sources in which somebody of the house writes down what the customer tells."""
TOPICS = (
    "policies",
    "products",
    "credit_cards",
    "savings",
    "international",
    "settlement",
    "lending",
    "corporate_deposits",
    "agency",
    "housing_car_loans",
)
"""The ten topics that the hotline is asked about."""
REPRESENTATIVES = 5
"""At most so many speak for a joint complaint (CBIRC 2020 no. 3, chapter 3)."""


class FieldKind(Enum):
    """How a field is typed and checked."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    CODE = "code"
    MONEY = "money"
    """``1234.50`` or ``USD 1234.50``; without a currency, yuan."""
    DATE = "date"
    """``2026-11-25``"""
    MOMENT = "moment"
    """``2026-11-25T09:30``, in the hotline's zone unless it has an offset."""
    SLOT = "slot"
    """``2026-11-25 10:00-11:00``, in the hotline's zone."""
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked for."""

    name: str
    kind: FieldKind = FieldKind.TEXT
    needed: bool = False
    options: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A time agreed with the customer."""

    start: datetime
    end: datetime

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> "Slot":
        """The slot of ``2026-11-25 10:00-11:00`` in that zone; ValueError for anything else."""
        found = _SLOT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is no slot")
        day, start, end = (found[name] for name in ("day", "start", "end"))
        slot = cls(_local(f"{day}T{start}", zone), _local(f"{day}T{end}", zone))
        if slot.start >= slot.end:
            raise ValueError("a slot ends after it begins")
        return slot


@dataclass(frozen=True, slots=True)
class FormTerms:
    """What forms are checked against: the present, the hotline's zone, when branches are open."""

    now: datetime
    zone: ZoneInfo = CHINA
    is_open: Callable[[datetime, datetime], bool] = lambda _start, _end: True
    """Whether the branches are open all the time from one instant to the other."""
    codes: CodeBook = NO_CODES
    """The codes that fields of `FieldKind.CODE` hold."""


NOTICES = Field("notices", FieldKind.CHOICE, options=YES_NO)
"""Whether the customer agreed to be told by e-mail or SMS how the matter stands."""

FORMS: Mapping[TicketKind, tuple[Field, ...]] = {
    TicketKind.COMPLAINT: (
        Field("other_contact", FieldKind.PHONE, personal=True),
        Field("email", FieldKind.EMAIL, personal=True),
        Field("happened", FieldKind.DATE),
        Field("place"),
        Field("complaint_channel", FieldKind.CODE),
        Field("business", FieldKind.CODE),
        Field("product", FieldKind.CODE),
        Field("region", FieldKind.CODE),
        Field("branch"),
        Field("amount", FieldKind.MONEY),
        Field("remedy", FieldKind.LONG),
        Field("joint", FieldKind.LONG, personal=True),
        NOTICES,
    ),
    TicketKind.SUGGESTION: (
        Field("email", FieldKind.EMAIL, personal=True),
        Field("area"),
        Field("benefit", FieldKind.LONG),
        NOTICES,
    ),
    TicketKind.APPOINTMENT: (
        Field(
            "service",
            FieldKind.CHOICE,
            needed=True,
            options=(
                "cash_delivery",
                "large_withdrawal",
                "foreign_cash",
                "account_opening",
                "loan_talk",
                "manager",
                "other",
            ),
        ),
        Field("branch", needed=True),
        Field("slot", FieldKind.SLOT, needed=True),
        Field("amount", FieldKind.MONEY),
        NOTICES,
    ),
    TicketKind.ACCEPTANCE: (
        Field("business", FieldKind.CODE),
        Field("account", personal=True),
        Field("instructions", FieldKind.LONG),
        NOTICES,
    ),
    TicketKind.ENQUIRY: (
        Field("topic", FieldKind.CHOICE, options=TOPICS),
        Field("question", FieldKind.LONG),
        NOTICES,
    ),
}
"""The fields that tickets of a kind have beside those of every ticket (`COMMON`)."""

COMMON: tuple[Field, ...] = (
    Field("title", needed=True),
    Field("text", FieldKind.LONG, needed=True),
    Field("urgency", FieldKind.CHOICE, options=tuple(each.value for each in Urgency)),
    Field("name", needed=True, personal=True),
    Field("sex", personal=True),
    Field("contact", needed=True, personal=True),
    Field("address", personal=True),
    Field("occasion"),
    Field("about"),
    Field("reply_by", FieldKind.CHOICE, options=tuple(each.value for each in ReplyChannel)),
)
"""The fields of every ticket."""

ABOUT: tuple[Field, ...] = (Field("about_staff"), Field("about_unit"))
"""Of a complaint: the member of staff it is about, and their unit; nobody of whom sees it."""

TOLD_IN = ("contact", "email")
"""Fields of a ticket that may hold an e-mail address of its customer's."""

ACT_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        *(
            Field(name, FieldKind.LONG)
            for name in ("text", "reason", "finding", "proposed_reply", "missing", "notice")
        ),
        *(
            Field(name)
            for name in ("department", "proposed", "channel", "proof", "call", "file", "into")
        ),
        *(Field(name) for name in ("media_type", "size", "digest")),
        Field("told_in", FieldKind.CHOICE, options=TOLD_IN),
        Field("cause", FieldKind.CODE),
        Field("kind", FieldKind.CHOICE, options=tuple(each.value for each in TicketKind)),
        *(Field(name) for name in ("merged", "extensions")),
        Field("handlers", FieldKind.LONG),
        Field("until", FieldKind.MOMENT),
        Field("since", FieldKind.MOMENT),
        Field("unanswered", FieldKind.MOMENT),
        Field("written", FieldKind.MOMENT),
        Field("slot", FieldKind.SLOT),
        Field("ground", FieldKind.CHOICE, options=tuple(each.value for each in SuspensionGround)),
        Field("score", FieldKind.CHOICE, options=("1", "2", "3", "4", "5")),
        *(
            Field(name, FieldKind.CHOICE, options=YES_NO)
            for name in ("assist", "new_facts", "reached", "told", "solved", "satisfied")
        ),
    )
}
"""The fields of acts, by name."""

_WHY = ("kind", "reason")
_REQUESTER = frozenset({"name", "sex", "contact", "address"})
_SLOT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<start>\d\d:\d\d)\s*[-–/]\s*(?P<end>\d\d:\d\d)")
_CODE = re.compile(r"[\w.-]{1,64}")
_PHONE = re.compile(r"\+?[\d ()-]{3,24}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_MONEY = re.compile(r"(?:(?P<currency>[A-Z]{3})\s*)?(?P<amount>\d{1,15}(?:\.\d{1,2})?)")
_LONG_NUMBER = re.compile(r"\d{9,}")


def slot_of(draft: Draft, zone: ZoneInfo) -> Slot | None:
    """The slot agreed with the customer; None where none is."""
    text = draft.details.get("slot", "")
    return Slot.parse(text, zone) if text else None


def checked(field: Field, text: str, terms: FormTerms, *, needed: bool | None = None) -> str:
    """What was typed in its one form, empty if nothing was; Refused where it cannot be."""
    text = text.strip()
    if not text:
        if field.needed if needed is None else needed:
            raise Refused("ticket.field_missing", field=field.name)
        return ""
    longest = LONGEST_TEXT if field.kind in (FieldKind.LONG, FieldKind.TEXT) else LONGEST_LINE
    if len(text) > longest:
        raise Refused("ticket.field_too_long", field=field.name, limit=longest)
    return _CHECKS[field.kind](field, text, terms)


def checked_details(kind: TicketKind, given: Mapping[str, str], terms: FormTerms) -> dict[str, str]:
    """The kind's own fields that have something in them; what the kind does not ask is left."""
    found = {each.name: checked(each, given.get(each.name, ""), terms) for each in FORMS[kind]}
    details = {name: text for name, text in found.items() if text}
    _check_meaning(details)
    return details


def checked_draft(draft: Draft, terms: FormTerms) -> Draft:
    """The draft with every field in its one form; Refused with the first that is wrong.

    Codes that complaints must have are asked of those who write one down as it is told.
    """
    for field in COMMON:
        checked(field, _common(draft, field.name), terms)
    if draft.source in TOLD:
        for field in FORMS[draft.kind]:
            needed = wanted(field, draft.kind, terms.codes)
            checked(field, draft.details.get(field.name, ""), terms, needed=needed)
    return replace(draft, details=checked_details(draft.kind, draft.details, terms))


def amendments(draft: Draft, given: Mapping[str, str], terms: FormTerms) -> dict[str, str]:
    """What differs from the draft among the fields given; Refused where one is wrong or none is."""
    about = ABOUT if draft.kind is TicketKind.COMPLAINT else ()
    known = {each.name: each for each in (*COMMON, *FORMS[draft.kind], *about)}
    changed = {
        name: checked(field, given[name], terms)
        for name, field in known.items()
        if name in given and given[name].strip() != present(draft, name)
    }
    if not changed:
        raise Refused("ticket.nothing_changed")
    _check_meaning(changed)
    return changed


def converted(draft: Draft, given: Mapping[str, str], terms: FormTerms) -> dict[str, str]:
    """The other kind that the ticket is of, why, and the fields of that kind that say more.

    What both kinds ask for stays where the form does not say otherwise. Refused where a field is
    wrong, where one is missing that the other kind asks for, or where it is of that kind already.
    """
    told = {
        name: checked(ACT_FIELDS[name], given.get(name, ""), terms, needed=True) for name in _WHY
    }
    kind = TicketKind(told["kind"])
    if kind is draft.kind:
        raise Refused("ticket.nothing_changed")
    own = {
        field.name: checked(
            field,
            given[field.name] if field.name in given else present(draft, field.name),
            terms,
            needed=wanted(field, kind, terms.codes),
        )
        for field in FORMS[kind]
    }
    _check_meaning(own)
    told["was"] = draft.kind.value
    return told | {name: text for name, text in own.items() if text != present(draft, name)}


def emails_told(draft: Draft) -> dict[str, str]:
    """The addresses by which the ticket's customer is reached, by the field that holds each."""
    found = {name: normalise_email(present(draft, name)) for name in TOLD_IN}
    return {name: address for name, address in found.items() if address}


def email_to_keep(draft: Draft, given: Mapping[str, str], terms: FormTerms) -> dict[str, str]:
    """The address that is to stand in the customer's record; Refused where the field has none."""
    field = checked(ACT_FIELDS["told_in"], given.get("told_in", ""), terms, needed=True)
    address = emails_told(draft).get(field)
    if address is None:
        raise Refused("ticket.field_missing", field=field)
    return {"email": address}


def amended(draft: Draft, changed: Mapping[str, str]) -> Draft:
    """The draft with those fields; an empty one is taken away.

    What becomes of another kind keeps of its own fields those that this kind has too.
    """
    kind = TicketKind(changed.get("kind", draft.kind.value))
    own = {each.name for each in FORMS[kind]}
    kept = {name: text for name, text in draft.details.items() if kind is draft.kind or name in own}
    details = {name: text for name, text in changed.items() if name in own}
    who = draft.requester
    staff, unit = (changed.get(each.name, getattr(draft, each.name)) for each in ABOUT)
    return replace(
        draft,
        kind=kind,
        about_staff=StaffId(staff) if staff else None,
        about_unit=DepartmentId(unit) if unit else None,
        title=changed.get("title", draft.title),
        text=changed.get("text", draft.text),
        occasion=changed.get("occasion", draft.occasion),
        about=changed.get("about", draft.about),
        urgency=Urgency(changed.get("urgency") or draft.urgency),
        reply_by=ReplyChannel(changed.get("reply_by") or draft.reply_by),
        requester=replace(
            who,
            name=changed.get("name", who.name),
            sex=changed.get("sex", who.sex),
            contact=changed.get("contact", who.contact),
            address=changed.get("address", who.address),
        ),
        details={name: text for name, text in {**kept, **details}.items() if text},
    )


def wanted(field: Field, kind: TicketKind, codes: CodeBook) -> bool:
    """Whether the field must be filled in: always, or as a code that complaints must have."""
    coded = field.kind is FieldKind.CODE and kind is TicketKind.COMPLAINT
    return field.needed or (coded and field.name in codes.required)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The instant of ``2026-11-25T09:30``, in that zone unless it has an offset; ValueError."""
    return _local(text, zone)


_COMMON_NAMES = frozenset(each.name for each in (*COMMON, *ABOUT))


def present(draft: Draft, name: str) -> str:
    """What stands in that field of the draft; empty where nothing does."""
    return _common(draft, name) if name in _COMMON_NAMES else draft.details.get(name, "")


def _common(draft: Draft, name: str) -> str:
    value = getattr(draft.requester if name in _REQUESTER else draft, name)
    return str(value.value) if isinstance(value, Enum) else str(value or "")


def _check_meaning(details: Mapping[str, str]) -> None:
    """Refused for a whole account number, and for too many who speak together."""
    if _LONG_NUMBER.search(details.get("account", "").replace(" ", "")):
        raise Refused("ticket.field_account", field="account")
    if len(_people(details.get("joint", ""))) > REPRESENTATIVES:
        raise Refused("ticket.field_joint", field="joint", limit=REPRESENTATIVES)


def _people(text: str) -> list[str]:
    return [each for each in re.split(r"[,，、;；\n]", text) if each.strip()]


def _local(text: str, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _as_typed(_field: Field, text: str, _terms: FormTerms) -> str:
    return text


def _choice(field: Field, text: str, _terms: FormTerms) -> str:
    if text not in field.options:
        raise Refused("ticket.field_choice", field=field.name)
    return text


def _shaped(pattern: re.Pattern[str], error_id: str) -> "Check":
    def check(field: Field, text: str, _terms: FormTerms) -> str:
        if pattern.fullmatch(text) is None:
            raise Refused(error_id, field=field.name)
        return text

    return check


def _code(field: Field, text: str, terms: FormTerms) -> str:
    if _CODE.fullmatch(text) is None or not terms.codes.allows(field.name, text):
        raise Refused("ticket.field_code", field=field.name)
    return text


def _money(field: Field, text: str, _terms: FormTerms) -> str:
    found = _MONEY.fullmatch(text.replace(",", "").upper())
    if found is None or not Decimal(found["amount"]):
        raise Refused("ticket.field_money", field=field.name)
    return f"{found['currency'] or 'CNY'} {Decimal(found['amount']):.2f}"


def _date(field: Field, text: str, terms: FormTerms) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused("ticket.field_date", field=field.name) from None
    if day > terms.now.astimezone(terms.zone).date():
        raise Refused("ticket.field_future", field=field.name)
    return day.isoformat()


def _moment(field: Field, text: str, terms: FormTerms) -> str:
    try:
        at = _local(text, terms.zone)
    except (ValueError, OverflowError):
        raise Refused("ticket.field_moment", field=field.name) from None
    _check_soon(field, at, terms)
    return at.isoformat()


def _check_soon(field: Field, at: datetime, terms: FormTerms) -> None:
    if at - terms.now > LONGEST_AHEAD:
        raise Refused("ticket.field_distant", field=field.name)


def _slot(field: Field, text: str, terms: FormTerms) -> str:
    try:
        slot = Slot.parse(text, terms.zone)
    except (ValueError, OverflowError):
        raise Refused("ticket.field_slot", field=field.name) from None
    if slot.start < terms.now:
        raise Refused("ticket.field_past", field=field.name)
    _check_soon(field, slot.start, terms)
    if not terms.is_open(slot.start, slot.end):
        raise Refused("ticket.field_closed", field=field.name)
    start, end = (each.astimezone(terms.zone) for each in (slot.start, slot.end))
    return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"


Check = Callable[[Field, str, FormTerms], str]

_CHECKS: Mapping[FieldKind, Check] = {
    FieldKind.TEXT: _as_typed,
    FieldKind.LONG: _as_typed,
    FieldKind.CHOICE: _choice,
    FieldKind.CODE: _code,
    FieldKind.MONEY: _money,
    FieldKind.DATE: _date,
    FieldKind.MOMENT: _moment,
    FieldKind.SLOT: _slot,
    FieldKind.PHONE: _shaped(_PHONE, "ticket.field_phone"),
    FieldKind.EMAIL: _shaped(_EMAIL, "ticket.field_email"),
}
