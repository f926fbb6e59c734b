"""Targets that take letters."""

from contextlib import suppress

from tests.support.letters import all_on_file
from tickets.mail.limits import Limits
from tickets.mail.model import Envelope, Letter, MailUnreadable
from tickets.mail.parsing import read_letter

SMALL = Limits(letter=1 << 20, file=1 << 12, files=1 << 13, most_files=4, text=2000, html=3000)


def letters() -> tuple[bytes, ...]:
    """The collection, of octets in every kind of disorder."""
    return all_on_file()


def run_letter(data: bytes) -> None:
    """Read from a mailbox, from a person and from nobody; within every limit."""
    for envelope in (Envelope(None), Envelope("wang@example.com", ("service@bank.example",))):
        with suppress(MailUnreadable):
            _within_limits(read_letter(data, envelope, SMALL))
    with suppress(MailUnreadable):
        assert read_letter(data, Envelope("")).automatic is not None


def _within_limits(letter: Letter) -> None:
    assert len(letter.parts) <= SMALL.most_files
    assert sum(len(each.content) for each in letter.parts) <= SMALL.files
    body = letter.body
    assert len(body.text) + len(body.quoted) + len(body.signature) <= SMALL.text
    for text in (letter.subject, letter.sender_name, body.text, body.html):
        text.encode()
        assert "\x00" not in text
    assert "<script" not in body.html.lower()
