"""What the console says of tickets, it says in words: the rooms do not know each other."""

import pytest

from tests.support.catalogues import all_texts
from tickets.model import OPEN_STATES, TicketKind

TEXTS = all_texts()


@pytest.mark.parametrize(
    "key",
    [
        *(f"console.ticket.{kind.value}" for kind in TicketKind),
        *sorted(f"console.ticket_state.{state.value}" for state in OPEN_STATES),
    ],
)
def test_every_open_ticket_beside_a_call_is_told_in_words(key: str) -> None:
    assert key in TEXTS
