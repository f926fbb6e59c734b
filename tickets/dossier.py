"""What lies beside tickets: files, letters, who read a customer's data, departments' piles."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import BinaryIO

from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import DepartmentId, StaffId
from cti.kernel.principal import Principal
from tickets.attachments.model import Attached, Attachment
from tickets.attachments.repository import attachment_txn, attachments_txn
from tickets.attachments.service import Attachments
from tickets.department import Waiting, waiting_txn
from tickets.looks import Look, look_txn
from tickets.model import Draft
from tickets.regulation.beside import open_repeats_txn
from tickets.regulation.repeats import Repeat, RepeatRules

CLEAR_FOR = timedelta(minutes=10)
"""How long a person reads the clear data of a ticket after asking for it."""


class Dossier:
    """Files and looks of tickets, piles of orders; who may see a ticket at all is asked before."""

    def __init__(self, database: Database, clock: Clock, attachments: Attachments) -> None:
        self._database, self._clock = database, clock
        self._attachments = attachments
        self.limits = attachments.limits

    def files(self, number: str) -> Deferred[tuple[Attached, ...]]:
        """The ticket's files, oldest first."""
        return self._database.read(attachments_txn, number)

    def file(self, number: str, attachment_id: int) -> Deferred[Attached]:
        """One file of the ticket; Refused (``ticket.file_gone``)."""
        return self._database.read(attachment_txn, number, attachment_id)

    def keep(self, chunks: Iterable[bytes], name: str) -> Deferred[Attachment]:
        """See `Attachments.keep`."""
        return self._attachments.keep(chunks, name)

    def open(self, digest: str) -> Deferred[BinaryIO]:
        """See `Attachments.open`."""
        return self._attachments.open(digest)

    def open_repeats(
        self, draft: Draft, request_id: str, rules: RepeatRules
    ) -> Deferred[tuple[Repeat, ...]]:
        """Open tickets of the customer that this one would repeat."""
        return self._database.read(open_repeats_txn, draft, request_id, rules, self._now())

    def look(self, number: str, by: Principal, reason: str) -> Deferred[None]:
        """The person asks to read it; Refused where they may not or say no reason."""
        return self._database.run(look_txn, number, by, reason, self._now())

    def waiting(
        self, department_id: DepartmentId, reader: StaffId
    ) -> Deferred[tuple[Waiting, ...]]:
        """The orders that lie with a department, as one of its people sees them."""
        return self._database.read(waiting_txn, department_id, reader)

    def reads_clear(self, looks: Iterable[Look], by: Principal) -> bool:
        """Whether the person asked a short while ago."""
        since = self._now() - CLEAR_FOR
        return any(look.by == by.staff_id and look.at > since for look in looks)

    def _now(self) -> datetime:
        return utc(self._clock)
