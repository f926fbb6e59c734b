"""The forms of a page, as a person without scripts would fill them in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = frozenset({"text", "search", "tel", "email", "date", "time", "datetime-local", "number"})
"""Inputs that people write into; a browser may bind them, a stranger's program does not."""


@dataclass
class PageForm:
    """A form with the values it would send as it stands."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    """Fields into which people type whatever they like."""


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given.get("action", "")))
        elif self.forms:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        fields = self.forms[-1].fields
        match tag:
            case "input" if "name" in given:
                if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                    fields[given["name"]] = given.get("value", "")
                if given.get("type", "text") in TYPED:
                    self.forms[-1].typed.add(given["name"])
            case "select":
                self._select = given["name"]
            case "option" if self._select and ("selected" in given or self._select not in fields):
                fields[self._select] = given.get("value", "")
            case "textarea":
                self._textarea = given["name"]
                fields[self._textarea] = ""
                self.forms[-1].typed.add(self._textarea)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1].fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._textarea = ""


def forms_of(page: str) -> list[PageForm]:
    """Every form of the page, in order."""
    reader = _FormReader()
    reader.feed(page)
    return reader.forms
