"""A letter's structure as the standard library reads it, ended where no letter needs more. Pure.

The parser makes a `Message` of every part, those without a header of their own too, and reads the
parameters of a field in time that grows with the square of its length; so parts are counted as they
are made, and their fields measured as they are found.
"""

from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Any

from tickets.mail.limits import LONGEST_PARAMETERS, MOST_HEAD, MOST_PARTS
from tickets.mail.model import MailUnreadable


def structure(octets: bytes) -> Message:
    """The letter's parts, none of them looked at yet; MailUnreadable where there are too many."""
    made = 0

    def another(**given: Any) -> Message:
        nonlocal made
        made += 1
        if made > MOST_PARTS:
            raise MailUnreadable("it has too many parts")
        return _Measured(**given)

    return BytesParser(another, policy=policy.compat32).parsebytes(octets)


class _Measured(Message):
    """A part whose header has an end."""

    _room = MOST_HEAD

    def set_raw(self, name: str, value: str) -> None:
        """The next field of the header; MailUnreadable."""
        self._room -= len(name) + len(value)
        if self._room < 0:
            raise MailUnreadable("the header of a part is too long")
        if len(value) > LONGEST_PARAMETERS and name.lower().startswith("content-"):
            raise MailUnreadable(f"its {name[:40]} is too long")
        super().set_raw(name, value)
