"""What people and programs are told, in words: templates of each language, filled in.

`<name>.<language>.txt.j2` is the plain text, `<name>.<language>.html.j2` the same as a page; a
folder of the bank's own may hold files of these names in their place.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cti.kernel.vocabulary import Language
from cti.web.formats import Formats
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.delivery.notices import Line
from tickets.delivery.people import Recipient
from tickets.model import Audience, MessageKind
from tickets.wording import said

PROGRAM = "alarms"
"""The name of the bank's program that hears of alarms."""
AUTOMATIC = {"Auto-Submitted": "auto-generated"}
"""RFC 3834, 5: nobody answers this by machine."""
MOST_LINES = 200
"""Lines of one message; how many more there are is said below them."""
TEMPLATES = Path(str(files("tickets.delivery"))) / "templates"

Texts = Callable[..., str]
"""The words of a key in a language: `cti.web.texts.Texts.text`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a message to a person."""

    what: str
    at: str
    due: str
    late: bool
    pressing: bool
    ticket: str
    state: str
    number: str
    link: str


class Composer:
    """Writes what is sent about tickets to those who work on them."""

    def __init__(self, texts: Texts, zone: tzinfo, site: str = "", own: Path | None = None) -> None:
        """`site` is where people open the pages, empty for no links; `own` the bank's templates."""
        self._texts, self._zone, self._site = texts, zone, site.rstrip("/")
        self._templates = Environment(
            loader=FileSystemLoader([*([own] if own else []), TEMPLATES]),
            autoescape=select_autoescape(["html.j2"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def to_person(self, recipient: Recipient, lines: Sequence[Line], purpose: Purpose) -> Outgoing:
        """An e-mail with all of the lines, what was missed first, in the person's language."""
        language = recipient.language
        ordered = sorted(lines, key=lambda line: (_RANKS[line.kind], line.due or line.at))
        values = {
            "name": recipient.name,
            "lines": [self._shown(line, language) for line in ordered[:MOST_LINES]],
            "count": len(lines),
            "more": max(0, len(lines) - MOST_LINES),
            "missed": sum(line.kind in _MISSED for line in lines),
            "site": self._site,
        }
        subject = self._render(f"digest.{language.value}.subject.j2", values)
        only = lines[0].number if len({line.number for line in lines}) == 1 else None
        return Outgoing(
            Channel.EMAIL,
            recipient.email,
            subject.strip(),
            self._render(f"digest.{language.value}.txt.j2", values),
            purpose,
            html=self._render(f"digest.{language.value}.html.j2", values),
            number=only,
            headers=AUTOMATIC,
        )

    def to_program(self, line: Line, audience: Audience) -> Outgoing:
        """An alarm as a JSON object: names of the workflow, instants in UTC (RFC 3339)."""
        record = {
            "event": f"ticket.{line.kind.value}",
            "ticket": line.number,
            "kind": line.ticket.value if line.ticket else None,
            "urgency": line.urgency.value if line.urgency else None,
            "state": line.state,
            "clock": line.subject,
            "at": line.at.isoformat(),
            "due": line.due.isoformat() if line.due else None,
            "late": line.late,
            "role": audience.role.value,
            "department": audience.department_id,
        }
        body = json.dumps(record, ensure_ascii=False)
        return Outgoing(
            Channel.WEBHOOK, PROGRAM, line.kind.value, body, Purpose.ALARM, number=line.number
        )

    def _shown(self, line: Line, language: Language) -> Shown:
        def text(key: str, **blanks: object) -> str:
            return self._texts(language, key, **blanks)

        return Shown(
            what=said(line.kind, line.subject, text),
            at=self._instant(line.at, language),
            due=self._instant(line.due, language) if line.due else "",
            late=line.late,
            pressing=line.kind in _MISSED,
            ticket=text(f"ticket.kind.{line.ticket.value}") if line.ticket else "",
            state=text(f"ticket.state.{line.state}") if line.state else "",
            number=line.number or "",
            link=self._link(line),
        )

    def _link(self, line: Line) -> str:
        """Where it is dealt with: the ticket, or the calendar that lacks something."""
        if self._site and line.number:
            return f"{self._site}/tickets/{line.number}"
        if self._site and line.kind is MessageKind.CALENDAR:
            return f"{self._site}/calendar?calendar={quote(line.subject)}"
        return ""

    def _instant(self, at: datetime, language: Language) -> str:
        return Formats(language, self._zone).instant(at)[:-3]

    def _render(self, name: str, values: dict[str, object]) -> str:
        return self._templates.get_template(name).render(values)


_MISSED = frozenset({MessageKind.BREACH, MessageKind.ESCALATION})
_RANKS = {
    MessageKind.ESCALATION: 0,
    MessageKind.BREACH: 1,
    MessageKind.WARNING: 2,
    MessageKind.UNDELIVERED: 3,
    MessageKind.CALENDAR: 3,
    MessageKind.GUESSING: 1,
    MessageKind.STUCK: 1,
    MessageKind.WORK: 4,
}
