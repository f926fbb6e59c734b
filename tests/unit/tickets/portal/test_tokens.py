"""What browsers hold: nothing of it can be made, changed or carried over by whoever holds it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.identifiers import TicketNumber
from tickets.delivery.model import Channel
from tickets.portal.contact import Contact
from tickets.portal.tokens import IDLE, LONGEST, Ticket, Tokens, proof_of

TOKENS = Tokens(b"k" * 32)
ME, YOU = "a" * 48, "b" * 48
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PROOF = proof_of(b"k" * 32, Contact(Channel.SMS, "13800138000"))
MINE = Ticket(TicketNumber("26112300012"), NOW, NOW, PROOF)


def test_a_session_is_read_as_it_was_written() -> None:
    assert TOKENS.read(TOKENS.written(MINE, ME), ME, NOW) == MINE


@pytest.mark.parametrize(
    ("later", "living"),
    [
        (IDLE - timedelta(seconds=1), True),
        (IDLE, False),
        (LONGEST, False),
        (-timedelta(seconds=1), False),
    ],
)
def test_a_session_ends(later: timedelta, living: bool) -> None:
    assert (TOKENS.read(TOKENS.written(MINE, ME), ME, NOW + later) is not None) == living


def test_use_keeps_a_session_until_its_longest() -> None:
    ticket, now = MINE, NOW
    while ticket.living(now):
        ticket, now = ticket.now(now), now + IDLE / 2
    assert LONGEST <= now - NOW < LONGEST + IDLE


@given(st.text(max_size=200))
def test_nothing_that_is_made_up_is_a_session(text: str) -> None:
    assert TOKENS.read(text, ME, NOW) is None


@given(st.integers(0, 200), st.characters(codec="utf-8"))
def test_a_changed_session_is_none(place: int, mark: str) -> None:
    text = TOKENS.written(MINE, ME)
    place %= len(text)
    changed = f"{text[:place]}{mark}{text[place + 1 :]}"
    assert changed == text or TOKENS.read(changed, ME, NOW) is None


def test_a_session_is_of_one_browser_and_one_key() -> None:
    assert TOKENS.read(TOKENS.written(MINE, ME), YOU, NOW) is None
    assert Tokens(b"x" * 32).read(TOKENS.written(MINE, ME), ME, NOW) is None


def test_a_form_token_signs_no_session() -> None:
    """A browser may call itself what it likes, and is given a form token for it."""
    body = TOKENS.written(MINE, ME).rpartition(".")[0]
    for called in (body, f"session:{body}", f"{ME}:{body}"):
        signed = TOKENS.form_token(called)
        assert TOKENS.read(f"{body}.{signed}", ME, NOW) is None
        assert TOKENS.read(f"{body}.{signed}", "form", NOW) is None
        assert not TOKENS.is_form_token(called, signed)


def test_a_session_tells_no_contact() -> None:
    assert "13800138000" not in TOKENS.written(MINE, ME)
    others = (
        proof_of(b"x" * 32, Contact(Channel.SMS, "13800138000")),
        proof_of(b"k" * 32, Contact(Channel.SMS, "13800138001")),
        proof_of(b"k" * 32, Contact(Channel.EMAIL, "13800138000")),
    )
    assert PROOF not in others


def test_a_form_is_one_visitors() -> None:
    assert TOKENS.is_form_token(ME, TOKENS.form_token(ME))
    assert not TOKENS.is_form_token(YOU, TOKENS.form_token(ME))
    assert not TOKENS.is_form_token("", TOKENS.form_token(""))
