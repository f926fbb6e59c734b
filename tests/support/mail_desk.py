"""A desk of tickets that letters come to, and files kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, execute, fail, succeed

from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from tests.support.deferred import result_of
from tests.support.tickets import TicketDesk
from tickets.attachments.model import Attachment
from tickets.delivery.model import Outgoing
from tickets.delivery.outbox import LEASE
from tickets.delivery.repository import claim_txn
from tickets.mail.composing import Composer
from tickets.mail.identity import Identity
from tickets.mail.intake import MailIntake, Rooms
from tickets.mail.model import Envelope, Mail
from tickets.mail.repository import mails_txn, unfiled_txn
from tickets.mail.settings import MailSettings
from tickets.model import Draft, Message, Receipt
from tickets.view import TicketView
from tickets.workflow import Action

KEY = b"k" * 32
PERSON = Envelope("wang@example.com", ("service@bank.example",))


@dataclass
class MemoryFiles:
    """Files by their digest; takes what a test says, and breaks when it says so."""

    kept: dict[str, bytes] = field(default_factory=dict)
    refusal: str = ""

    def keep(self, data: bytes, name: str) -> Deferred[Attachment]:
        if self.refusal:
            return fail(Refused(self.refusal))
        digest = sha256(data).hexdigest()
        self.kept[digest] = data
        return succeed(Attachment(digest, name, "application/pdf", len(data)))


@dataclass
class WatchedTickets:
    """The ticket service, whose acts are noted and may be disturbed."""

    desk: TicketDesk
    acts: list[tuple[str, Action, str]] = field(default_factory=list)
    stale: int = 0
    """So many acts to come are based on a version that is old by then."""

    def register(self, draft: Draft, principal: Principal, request_id: str) -> Deferred[Receipt]:
        return self.desk.service.register(draft, principal, request_id)

    def act(
        self,
        number: str,
        action: Action,
        fields: Mapping[str, str],
        principal: Principal,
        version: int,
        request_id: str,
    ) -> Deferred[Receipt]:
        if self.stale:
            self.stale -= 1
            return fail(Refused("ticket.stale", number=number))
        self.acts.append((number, action, fields["text"]))
        return self.desk.service.act(number, action, fields, principal, version, request_id)

    def view(self, number: str) -> Deferred[TicketView | None]:
        return self.desk.service.view(number)


class MailDesk:
    """The intake over a desk in memory."""

    def __init__(self, **settings: Any) -> None:
        usual = {"domain": "bank.example", "sender": "service@bank.example"}
        self.settings = MailSettings(**(usual | settings))
        self.desk = TicketDesk()
        self.files, self.tickets = MemoryFiles(), WatchedTickets(self.desk)
        self.identity = Identity(KEY, self.settings.domain)
        self.composer = Composer(self.settings)
        self.woken = 0
        self.intake = MailIntake(
            Rooms(
                database=self.desk.database,
                tickets=self.tickets,
                files=self.files,
                composer=self.composer,
                identity=self.identity,
                clock=self.desk.clock,
                aside=execute,
                date=_date,
            ),
            self.settings,
        )
        self.intake.on_queued(self._wake)

    def take(self, octets: bytes, envelope: Envelope = PERSON) -> None:
        result_of(self.intake.take(octets, envelope))

    def mails(self, number: str) -> list[Mail]:
        return result_of(self.desk.database.read(mails_txn, number))

    def unfiled(self) -> list[Mail]:
        return result_of(self.desk.database.read(unfiled_txn, 100))

    def numbers(self) -> list[TicketNumber]:
        """Every ticket there is, oldest first."""
        return [event.number for event in self.desk.events if event.kind == "ticket.registered"]  # type: ignore[attr-defined]  # of that kind

    def queued(self) -> list[tuple[str, Outgoing]]:
        """What is on its way out, with its delivery id."""

        def all_txn(session: Session) -> list[tuple[str, Outgoing]]:
            claimed = claim_txn(session, utc(self.desk.clock), LEASE, 100)
            return [(each.delivery_id, each.outgoing) for each in claimed]

        return result_of(self.desk.database.run(all_txn))

    def told(self, principal: Principal) -> list[Message]:
        return result_of(self.desk.service.messages(principal))

    def _wake(self) -> None:
        self.woken += 1


def _date(at: datetime, language: Language) -> str:
    return f"{language.value} {at:%Y-%m-%d}"
