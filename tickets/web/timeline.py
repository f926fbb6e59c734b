"""The history of a ticket as its page tells it: acts, alarms, calls, letters, files, looks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import CallId, StaffId
from tickets.attachments.model import Attached
from tickets.looks import Look
from tickets.mail.model import DeliveryState, Direction, Mail
from tickets.masking import Mask, Sight
from tickets.model import CUSTOMER, CallLink, Case, HistoryEntry, Source
from tickets.opening import Papers
from tickets.regulation.letters import Printed
from tickets.view import TicketView
from tickets.web.inputs import word_of
from tickets.web.shown import Words
from tickets.workflow import Action

ALARM_LEVELS = {"warning": "warning", "breach": "danger", "escalation": "danger"}
FOLDED_FROM = 240
"""Characters from which a text is folded."""
_NOTES = frozenset({Action.NOTE.value, Action.PROGRESS.value})
_LETTERS = frozenset(
    {
        Action.INFORM.value,
        Action.ATTEMPT_INFORM.value,
        Action.REPLY.value,
        Action.ATTEMPT_REPLY.value,
        Action.CALL_BACK.value,
        Action.CONTACT.value,
        Action.SOLVE.value,
    }
)
_NOT_SHOWN = frozenset({"draft", "handlers"})
"""What was registered stands above; who handled what was merged is kept for the call-back alone."""


class Strand(Enum):
    """What a moment is about; a page can leave each out."""

    ACT = "act"
    CUSTOMER = "customer"
    """What was said to the customer and by them."""
    NOTE = "note"
    LETTER = "letter"
    CALL = "call"
    FILE = "file"
    ALARM = "alarm"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail: what was written now, what before, and how it fares."""

    subject: str
    text: str
    quoted: str
    state: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of history in words."""

    at: datetime
    strand: Strand
    who: str
    what: str
    where: str = ""
    details: tuple[tuple[str, str], ...] = ()
    change: str = ""
    level: str = ""
    call: CallLink | None = None
    message: str = ""
    """The number of the ticket for which the caller left a message in that call; else empty."""
    file: Attached | None = None
    letter: Letter | None = None
    printed: Printed | None = None


def moments(view: TicketView, papers: Papers, sight: Sight, words: Words) -> list[Moment]:
    """Everything that happened, the oldest first."""
    told = [
        *(
            _moment(entry, view.case, sight, words)
            for entry in view.history
            if not _told_elsewhere(entry, view)
        ),
        *(_call(link, view, words) for link in view.calls),
        *(_file(file, words) for file in papers.files),
        *(_look(look, words) for look in papers.looks),
        *(_letter(mail, sight, words) for mail in papers.letters),
        *(_printed(letter, words) for letter in papers.printed),
    ]
    return sorted(told, key=lambda moment: moment.at)


def _told_elsewhere(entry: HistoryEntry, view: TicketView) -> bool:
    """Whether the act's call or file stands in the time line itself, as it still belongs there."""
    if entry.action == Action.ATTACH.value:
        link = CallLink(CallId(entry.fields["call"]), entry.at)
        return link in view.calls
    return entry.action == Action.ATTACH_FILE.value


def strands(found: Iterable[Moment]) -> list[Strand]:
    """What there is to choose between."""
    there = {moment.strand for moment in found}
    return [strand for strand in Strand if strand in there]


def changes_since(view: TicketView, version: int, words: Words) -> list[Moment]:
    """The acts after that version of the ticket, the oldest first."""
    acts = [entry for entry in view.history if entry.action not in ALARM_LEVELS]
    newer = max(0, view.case.version - version)
    hidden = Sight(frozenset())
    return [_moment(entry, view.case, hidden, words) for entry in acts[len(acts) - newer :]]


def _moment(entry: HistoryEntry, case: Case, sight: Sight, words: Words) -> Moment:
    dispatch = case.dispatch(entry.dispatch) if entry.dispatch else None
    where = words.department(dispatch.department_id) if dispatch else ""
    if entry.action in ALARM_LEVELS:
        return _alarm(entry, where, words)
    moved = entry.previous != entry.state
    return Moment(
        at=entry.at,
        strand=_strand(entry.action),
        who=words.by(entry.by, entry.by_name),
        what=words.text(f"ticket.done.{entry.action}"),
        where=where,
        details=tuple(_details(entry, sight, words)),
        change=words.text(f"ticket.state.{entry.state}") if moved else "",
    )


def _strand(action: str) -> Strand:
    if action in _NOTES:
        return Strand.NOTE
    return Strand.CUSTOMER if action in _LETTERS else Strand.ACT


def _details(entry: HistoryEntry, sight: Sight, words: Words) -> Iterator[tuple[str, str]]:
    for name, value in entry.fields.items():
        if value and name not in _NOT_SHOWN:
            yield (
                words.named("ticket.field", name),
                sight.told(name, worded(name, value, words)),
            )


def _alarm(entry: HistoryEntry, where: str, words: Words) -> Moment:
    clock = words.text(f"ticket.clock.{entry.fields['clock']}")
    due = words.deadline(datetime.fromisoformat(entry.fields["due"]))
    told = words.text(f"ticket.role.{entry.fields['to']}")
    marks = [
        words.text(f"ticket.alarm_{each}") for each in ("late", "moved") if each in entry.fields
    ]
    return Moment(
        at=entry.at,
        strand=Strand.ALARM,
        who=" · ".join((words.text("ticket.alarm_told", who=told), *marks)),
        what=words.text(f"ticket.alarm.{entry.action}"),
        where=" · ".join(filter(None, (clock, words.text("ticket.page.due", at=due), where))),
        level=ALARM_LEVELS[entry.action],
    )


def _call(link: CallLink, view: TicketView, words: Words) -> Moment:
    left = _left_message(link, view)
    what = words.text("ticket.line.message" if left else "ticket.line.call")
    number = view.case.number if left else ""
    return Moment(link.at, Strand.CALL, "", what, call=link, message=number)


def _left_message(link: CallLink, view: TicketView) -> bool:
    """Whether the caller left a message for the ticket in that call, which joined it by itself."""
    draft = view.case.draft
    if draft.source is Source.VOICEMAIL and draft.call_id == link.call_id:
        return True
    return any(
        entry.action == Action.ATTACH.value
        and entry.by == CUSTOMER.staff_id
        and entry.fields["call"] == link.call_id
        for entry in view.history
    )


def _file(file: Attached, words: Words) -> Moment:
    what = words.text(f"ticket.line.file_{file.way.value}")
    return Moment(file.at, Strand.FILE, words.by(file.by, file.by_name), what, file=file)


def _look(look: Look, words: Words) -> Moment:
    reason = ((words.text("ticket.field.reason"), look.reason),)
    what = words.text("ticket.line.look")
    return Moment(look.at, Strand.LOOK, look.by_name, what, details=reason)


def _letter(mail: Mail, sight: Sight, words: Words) -> Moment:
    incoming = mail.direction is Direction.IN
    said = Letter(
        subject=sight.shown(Mask.TEXT, mail.subject),
        text=sight.shown(Mask.TEXT, mail.body.text),
        quoted=sight.shown(Mask.TEXT, mail.body.quoted),
        state="" if incoming else words.text(f"ticket.letter.{mail.delivery.value}"),
        failed=mail.delivery is DeliveryState.FAILED,
    )
    sort = "letter" if incoming or "@" in mail.recipient else "sms"
    what = words.text(f"ticket.line.{sort}_{mail.direction.value}")
    other = sight.contact(mail.sender if incoming else mail.recipient)
    return Moment(mail.at, Strand.LETTER, other, what, letter=said)


def _printed(letter: Printed, words: Words) -> Moment:
    what = words.text(f"ticket.printed.{letter.kind.value}")
    return Moment(letter.at, Strand.LETTER, letter.by_name, what, printed=letter)


def worded(name: str, value: str, words: Words) -> str:
    """What stands in a field, in words where it was chosen from some."""
    if name in ("department", "proposed", "about_unit"):
        return words.department(value)
    if name == "about_staff":
        return words.staff(StaffId(value))
    code = words.codes.find(name, value)
    if code is not None:
        return f"{value} {code.name(words.language)}"
    word = word_of(name, value)
    return words.text(word) if word and words.known(word) else _instant(value, words)


def _instant(value: str, words: Words) -> str:
    """An instant in the words of the page; anything else as it is."""
    if len(value) < len("2026-11-22T13:46") or "T" not in value[:11]:
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return words.deadline(at) if at.tzinfo else value
