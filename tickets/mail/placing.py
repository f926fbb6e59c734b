"""Where a letter belongs: to a ticket, to a new one, or merely on record. Pure.

Nobody joins a ticket by guessing its number. What a letter answers is believed, since a Message-ID
of ours can be had from a letter of ours alone (`identity`); a number in the subject counts only
from somebody who is known on that ticket, and where the bank's mail server checks senders, only if
it vouches for this one. What a machine wrote is kept, moves nothing and is
answered by nothing, and a sender who writes all the time is neither acknowledged nor given ticket
after ticket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cti.kernel.identifiers import TicketNumber
from tickets.mail.identity import Sent
from tickets.mail.model import Automatic, Letter, Report
from tickets.mail.settings import MailSettings
from tickets.model import ENDED, CaseState


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a ticket that a letter may belong to."""

    number: TicketNumber
    state: CaseState
    ended: datetime | None
    parties: frozenset[str]
    """Addresses of the requester, and of whoever else wrote or was written to about it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the house knows when a letter comes."""

    cases: Mapping[TicketNumber, Known] = field(default_factory=dict)
    """Those that the letter answers or names, as far as they exist."""
    recent: int = 0
    """Letters of this sender within the acknowledging window."""
    opened: int = 0
    """Tickets that letters of this sender opened within the opening window."""
    latest: TicketNumber | None = None
    """The last ticket that a letter of this sender opened."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The customer says something on a ticket that is under way."""

    number: TicketNumber


@dataclass(frozen=True, slots=True)
class Late:
    """The customer says something on a ticket that has ended: a person decides what becomes of it.

    Until then it is kept there, and told to the dispatchers.
    """

    number: TicketNumber


@dataclass(frozen=True, slots=True)
class Open:
    """A new ticket; `mentions` are those it names without belonging to them."""

    acknowledge: bool
    mentions: tuple[TicketNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """On record and nothing else; on no time line where it belongs to no ticket."""

    number: TicketNumber | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A letter of ours did not arrive, or is late."""

    sent: Sent
    report: Report


Placement = Contact | Late | Open | Keep | Returned


def place(
    letter: Letter,
    sent: Sent | None,
    named: tuple[TicketNumber, ...],
    facts: Facts,
    settings: MailSettings,
    now: datetime,
) -> Placement:
    """Where the letter belongs; `sent` is the letter of ours it answers, `named` are numbers."""
    if letter.report is not None and sent is not None:
        return Returned(sent, letter.report)
    believed = named if letter.proven or not settings.checked_by else ()
    case = _belongs(letter, sent, believed, facts)
    if letter.automatic is not None:
        return _kept(letter, case, named)
    if case is None:
        return _opened(letter, named, facts, settings)
    if case.state not in ENDED:
        return Contact(case.number)
    if case.ended is not None and now - case.ended > settings.reopen_within:
        return _opened(letter, (case.number, *named), facts, settings)
    return Late(case.number)


def _belongs(
    letter: Letter, sent: Sent | None, named: tuple[TicketNumber, ...], facts: Facts
) -> Known | None:
    answered = facts.cases.get(sent.number) if sent is not None and sent.number else None
    if answered is not None:
        return answered
    found = (facts.cases[number] for number in named if number in facts.cases)
    return next((case for case in found if letter.sender in case.parties), None)


def _kept(letter: Letter, case: Known | None, named: tuple[TicketNumber, ...]) -> Placement:
    assert letter.automatic is not None
    if case is not None:
        return Keep(case.number)
    if letter.automatic.mechanical or letter.automatic is Automatic.BULK or not letter.sender:
        return Keep()
    return Open(acknowledge=False, mentions=named)


def _opened(
    letter: Letter, named: tuple[TicketNumber, ...], facts: Facts, settings: MailSettings
) -> Placement:
    if not letter.sender:
        return Open(acknowledge=False, mentions=_once(named))
    if facts.opened >= settings.opening.letters and facts.latest is not None:
        return Keep(facts.latest)
    return Open(facts.recent < settings.acknowledged.letters, _once(named))


def _once(numbers: tuple[TicketNumber, ...]) -> tuple[TicketNumber, ...]:
    return tuple(dict.fromkeys(numbers))
