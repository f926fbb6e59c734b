"""What of a ticket is filtered by, and what of it is found by words: plain values of a case."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cti.kernel.identifiers import DepartmentId, StaffId
from tickets.forms import COMMON, FORMS, FieldKind
from tickets.model import ENDED, Case
from tickets.search.terms import facet_terms, text_terms, words_of

LONGEST_SAID = 40_000
"""Characters of what was said that are searched; the oldest are left out beyond it."""
NO_TEXT = frozenset(
    {
        "assist",
        "call",
        "channel",
        "clock",
        "department",
        "draft",
        "due",
        "file",
        "ground",
        "handlers",
        "into",
        "late",
        "level",
        "merged",
        "new_facts",
        "proposed",
        "reached",
        "satisfied",
        "score",
        "signed",
        "since",
        "solved",
        "to",
        "told",
        "unanswered",
        "until",
        "version",
        "written",
    }
)
"""Fields of an act that are codes, and no text that anybody would search for."""
PERSONAL = {each.name for fields in (COMMON, *FORMS.values()) for each in fields if each.personal}
"""Fields that say who asks: what was put right in them is found in the ticket itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A ticket as the index knows it."""

    facets: tuple[str, ...]
    matter: str
    whose: str
    said: str = ""
    about_staff: StaffId | None = None
    about_unit: DepartmentId | None = None

    @property
    def terms(self) -> frozenset[int]:
        """Everything it can be found by."""
        words = words_of("\n".join((self.matter, self.whose, self.said)))
        return text_terms(words) | facet_terms(self.facets)


def entry_of(case: Case, places: Iterable[str], said: str = "") -> Entry:
    """The case as it is to be found; `said` is what acts and letters told so far."""
    draft, who = case.draft, case.draft.requester
    personal = {each.name for each in FORMS.get(draft.kind, ()) if each.personal}
    own = [text for name, text in draft.details.items() if name not in personal]
    told = [text for name, text in draft.details.items() if name in personal]
    reached = (who.name, who.contact, who.address, who.customer_id or "")
    matter = (draft.title, draft.text, draft.occasion, draft.about, *own)
    whose = (case.number, *reached, *told)
    return Entry(
        facets=tuple(sorted({*_facets(case), *(f"place:{place}" for place in places)})),
        matter="\n".join(filter(None, matter)),
        whose="\n".join(filter(None, whose)),
        said=said,
        about_staff=draft.about_staff,
        about_unit=draft.about_unit,
    )


def said_in(fields: Mapping[str, str]) -> str:
    """The texts among the fields of an act."""
    return "\n".join(
        value for name, value in fields.items() if value and name not in NO_TEXT | PERSONAL
    )


def more_said(said: str, text: str) -> str:
    """What was said so far and now; the oldest goes where it grows too long."""
    return f"{said}\n{text}".strip()[-LONGEST_SAID:]


def _facets(case: Case) -> Iterator[str]:
    draft = case.draft
    yield f"kind:{draft.kind.value}"
    yield f"state:{case.state.value}"
    yield f"source:{draft.source.value}"
    yield f"urgency:{draft.urgency.value}"
    yield f"by:{case.opened_by}"
    if case.state not in ENDED:
        yield "open:yes"
    if draft.requester.customer_id:
        yield f"customer:{draft.requester.customer_id}"
    for field in FORMS.get(draft.kind, ()):
        if field.kind is FieldKind.CODE and draft.details.get(field.name):
            yield f"code:{draft.details[field.name]}"
    for dispatch in case.dispatches:
        yield f"dept:{dispatch.department_id}"
    for level in range(1, case.level + 1):
        yield f"level:{level}"
