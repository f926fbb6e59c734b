"""What people do with letters that belong to no ticket, each an act of the ticket service.

Filing a letter is the customer's message on that ticket, and opening one from it a registration;
the letter is claimed in the transaction of that act (`beside_txn`), so either both happened or
neither did, and nobody files one letter twice.
"""

import re
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from tickets.acting import Asked
from tickets.events import LetterDecided, LetterUnfiled
from tickets.line.acting import act_now
from tickets.mail.filing import LONGEST_TEXT
from tickets.mail.unfiled import (
    Claim,
    Deed,
    Unfiled,
    count_txn,
    discard_txn,
    file_txn,
    letter_txn,
    list_txn,
    restore_txn,
)
from tickets.model import Receipt
from tickets.service import TicketService
from tickets.workflow import FRONT, Action

TAKING: Final = re.compile(r"letter-(?P<mail>\d{1,9})-(?P<version>\d{1,6})-")
DEEDS = {Action.REGISTER: Deed.OPEN, Action.CONTACT: Deed.FILE, Action.NOTE: Deed.FILE}
"""The acts by which a letter comes to a ticket."""


class LetterDesk:
    """Reads letters that belong to no ticket, and does with them what people decide."""

    def __init__(self, database: Database, bus: Bus, clock: Clock, tickets: TicketService) -> None:
        self._database, self._bus, self._clock, self._tickets = database, bus, clock, tickets
        tickets.write_beside_txn(self.beside_txn)

    def count(self) -> Deferred[int]:
        """How many wait; at most one more than `tickets.mail.unfiled.MOST_COUNTED`."""
        return self._database.read(count_txn)

    def letters(
        self, limit: int, before: int | None = None, *, over: bool = False
    ) -> Deferred[list[Unfiled]]:
        """Those that wait, the latest first; with `over` those that were discarded."""

        def read_txn(session: Session) -> list[Unfiled]:
            return list_txn(session, limit, before, over=over)

        return self._database.read(read_txn)

    def letter(self, mail_id: int) -> Deferred[Unfiled]:
        """One of them; Refused (``ticket.letter_unknown``)."""
        return self._database.read(letter_txn, mail_id)

    def came(self, mail_id: int) -> None:
        """A letter came that belongs nowhere."""
        self._bus.publish(LetterUnfiled(at=self._now(), mail_id=mail_id))

    async def file(self, claim: Claim, number: TicketNumber, by: Principal, once: str) -> Receipt:
        """File it under the ticket; Refused as by `TicketService.act` and `file_txn`."""
        letter = await self.letter(claim.mail_id)
        said = f"{letter.mail.subject}\n\n{letter.mail.body.text}".strip()[:LONGEST_TEXT] or "–"
        fields = {"text": said}
        action = Action.NOTE if letter.mechanical else Action.CONTACT
        if action is Action.CONTACT:
            # Whoever wrote has waited since, however long the letter lay.
            fields |= {"channel": "email", "since": letter.mail.at.isoformat()}
        request = taking(claim, once)
        receipt = await act_now(self._tickets, number, action, fields, by, request)
        if letter.waits:
            self.decided(claim, Deed.FILE, by, receipt.number)
        return receipt

    async def discard(self, claim: Claim, reason: str, by: Principal) -> None:
        """Nothing becomes of it; Refused as by `discard_txn`."""
        await self._database.run(discard_txn, claim, reason.strip(), by, self._now())
        self.decided(claim, Deed.DISCARD, by)

    async def restore(self, claim: Claim, by: Principal) -> None:
        """It waits again; Refused as by `restore_txn`."""
        await self._database.run(restore_txn, claim, by, self._now())
        self.decided(claim, Deed.RESTORE, by)

    def decided(
        self, claim: Claim, deed: Deed, by: Principal, number: TicketNumber | None = None
    ) -> None:
        """Tell the house what became of it."""
        self._bus.publish(
            LetterDecided(
                at=self._now(),
                mail_id=claim.mail_id,
                deed=deed.value,
                by=by.staff_id,
                number=number,
            )
        )

    def beside_txn(self, session: Session, asked: Asked, at: datetime) -> None:
        """Claim the letter that the act takes; Refused where somebody was quicker."""
        claim = taken_by(asked.request_id)
        if claim is None or asked.action not in DEEDS:
            return
        asked.by.require(*FRONT)
        number = TicketNumber(asked.number)
        file_txn(session, claim, number, DEEDS[asked.action], asked.by, at)

    def _now(self) -> datetime:
        return utc(self._clock)


def taking(claim: Claim, once: str) -> str:
    """The request id of an act that takes the letter."""
    return f"letter-{claim.mail_id}-{claim.version}-{once}"[:60]


def taken_by(request_id: str) -> Claim | None:
    """The letter that an act with this request id takes; None where it takes none."""
    found = TAKING.match(request_id)
    return Claim(int(found["mail"]), int(found["version"])) if found else None


def checked(claim: Claim, letter: Unfiled) -> Unfiled:
    """The letter, where it is as it was seen; Refused (``ticket.letter_taken``)."""
    if letter.waits and letter.version == claim.version:
        return letter
    last = letter.decisions[-1].by_name if letter.decisions else "–"
    raise Refused("ticket.letter_taken", name=last)
