"""A form that came back: what was typed, why it was refused, and about which field."""

from dataclasses import dataclass, replace

from cti.kernel.errors import Refused
from cti.web.requests import Form
from tickets.view import TicketView
from tickets.web.reading import whole
from tickets.web.shown import Words
from tickets.web.timeline import Moment, changes_since

WRITTEN = ("text", "finding", "proposed_reply", "reason")


@dataclass(frozen=True, slots=True)
class Filling:
    """A form that came back with a refusal: what was typed, why not, and what changed meanwhile."""

    error: str = ""
    fields: Form | None = None
    changes: tuple[Moment, ...] = ()
    wrong: str = ""
    """The field that the refusal is about, where it is about one."""

    def __getitem__(self, name: str) -> str:
        return self.fields[name] if self.fields is not None else ""

    @property
    def name(self) -> str:
        """Of the form that was sent, as `tickets.web.offered.Form.name`."""
        return f"{self['action']}-{self['dispatch'] or 0}" if self.fields is not None else ""

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """What somebody wrote, by field: to be shown where its form is not there any more."""
        return tuple((name, self[name]) for name in WRITTEN if self[name].strip())


def with_changes(filling: Filling, refused: Refused, view: TicketView, words: Words) -> Filling:
    """The form with what others did since, where it was refused for that."""
    if refused.error_id != "ticket.stale" or not filling["version"]:
        return filling
    changes = changes_since(view, whole(filling["version"]), words)
    return replace(filling, changes=tuple(changes))


def filled(why: str, refused: Refused, form: Form) -> Filling:
    """The form as it was typed, with the refusal in words."""
    return Filling(why, form, wrong=str(refused.details.get("field", "")))
