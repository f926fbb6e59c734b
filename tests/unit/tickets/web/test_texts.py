"""Every word the ticket pages look up by a value of the workflow stands in both languages."""

from enum import Enum
from pathlib import Path

import pytest

import tickets.web
from cti.web.texts import Texts
from tickets.model import CaseState, DispatchState, ReplyChannel, TicketKind, Urgency
from tickets.workflow import Action, ClockKind

WORDS: list[tuple[str, type[Enum]]] = [
    ("ticket.act", Action),
    ("ticket.done", Action),
    ("ticket.state", CaseState),
    ("ticket.order", DispatchState),
    ("ticket.clock", ClockKind),
    ("ticket.kind", TicketKind),
    ("ticket.urgency", Urgency),
    ("ticket.channel", ReplyChannel),
]


@pytest.mark.parametrize(("prefix", "values"), WORDS)
def test_every_value_has_its_word(prefix: str, values: type[Enum]) -> None:
    texts = Texts()
    texts.add(Path(tickets.web.__file__).parent / "locales")
    assert [each for each in values if f"{prefix}.{each.value}" not in texts] == []
