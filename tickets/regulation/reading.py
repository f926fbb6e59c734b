"""Reads the code lists and the retention rules; every mistake is named by file, line and key."""

from collections.abc import Mapping
from pathlib import Path

from cti.kernel.document import Section, Value, read_document
from tickets.model import Source, TicketKind
from tickets.regulation.codes import BUSINESS, CAUSE, CHANNEL, REGION, Code, CodeBook
from tickets.regulation.retention import Retention, Rule

LISTS = {"channel": CHANNEL, "business": BUSINESS, "cause": CAUSE, "region": REGION}
"""Sections of the file, and the fields whose codes they hold."""
LETTERS = "letters"
LONGEST_NAME = 64
MOST_YEARS = 100


def read_codes(path: Path) -> CodeBook:
    """The code lists of the file; DocumentError with everything that is wrong."""
    top = read_document(path)
    standard = top.need("standard", "the name of the standard that the lists follow").text()
    lists = {
        field: _codes(top.need(name, "codes, each with its names in Chinese and English").section())
        for name, field in LISTS.items()
    }
    required = _required(top.need("required", "the codes that every complaint must have"))
    top.get("sources")  # only anchors: the words that entries share
    by_source = _by_source(top.need("channel_of", "the channel of each source").section())
    for value, code in by_source.values():
        if code not in lists[CHANNEL]:
            value.wrong(f"is no channel of this file: {code!r}")
    top.close()
    top.value.report.check()
    channels = {source: code for source, (_, code) in by_source.items()}
    return CodeBook(lists, channels, required, standard)


def _required(value: Value) -> frozenset[str]:
    return frozenset(LISTS[each.one_of(tuple(LISTS))] for each in value.items())


def _codes(section: Section) -> Mapping[str, Code]:
    found: dict[str, Code] = {}
    parents: list[tuple[Value, str]] = []
    for code, value in section.each():
        entry = value.section()
        parent = entry.get("parent")
        found[code] = Code(
            code,
            zh=entry.need("zh", "the name in Chinese").text(),
            en=entry.need("en", "the name in English").text(),
            parent=parent.text() if parent else "",
            source=entry.need("source", "where it comes from, or `to be checked`").text(),
        )
        if parent:
            parents.append((parent, found[code].parent))
        entry.close()
    for value, parent_code in parents:
        if parent_code not in found:
            value.wrong(f"there is no code {parent_code!r} in this list")
    return found


def _by_source(section: Section) -> dict[Source, tuple[Value, str]]:
    found = {}
    for source in Source:
        value = section.need(source.value, "a code of the list `channel`")
        found[source] = (value, value.text())
    section.close()
    return found


def read_retention(path: Path) -> Retention:
    """The rules of the file; DocumentError with everything that is wrong."""
    top = read_document(path)
    section = top.need("rules", "each with years and source").section()
    rules = tuple(_rule(name, value) for name, value in section.each())
    letters = top.get("letters")
    of_letters = _rule(LETTERS, letters, of_tickets=False) if letters else None
    top.close()
    top.value.report.check()
    return Retention(rules, of_letters)


def _rule(name: str, value: Value, *, of_tickets: bool = True) -> Rule:
    section = value.section()
    zh, en = section.get("zh"), section.get("en")
    kind, business = (section.get(name) if of_tickets else None for name in ("kind", "business"))
    rule = Rule(
        name=name[:LONGEST_NAME],
        years=section.need("years", "whole years from the end of the ticket").whole(1, MOST_YEARS),
        source=section.need("source", "the regulation, or `the bank's own`").text(),
        zh=zh.text() if zh else "",
        en=en.text() if en else "",
        kind=TicketKind(kind.one_of([each.value for each in TicketKind])) if kind else None,
        business=business.text() if business else "",
    )
    section.close()
    return rule
