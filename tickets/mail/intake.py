"""Takes letters: each becomes a ticket, an act on one, or a line on record; once, or not yet.

The ticket service answers a repeated request with its first answer, and the letter's own row is
written last, with its files, its acknowledgement and who is told, in one transaction. So a letter
that is interrupted anywhere is delivered again by whoever had it, and goes on where it stood.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tickets.attachments.model import Attachment, Way
from tickets.attachments.repository import attach_txn
from tickets.delivery.model import Outgoing
from tickets.delivery.repository import queue_txn
from tickets.mail import repository
from tickets.mail.composing import Composer, Template
from tickets.mail.filing import (
    draft_of,
    letter_language,
    request_of,
    request_of_reply,
    returned,
    stands_by,
    told,
    without,
)
from tickets.mail.identity import Identity, Sent, numbers_in
from tickets.mail.model import DeliveryState, Envelope, Letter
from tickets.mail.parsing import read_letter
from tickets.mail.placing import Contact, Keep, Late, Open, Placement, Returned, place
from tickets.mail.settings import MailSettings
from tickets.mail.unfiled import Why, keep_unfiled_txn, why_unfiled
from tickets.masking import Mask, masked
from tickets.messages import add_message_txn
from tickets.model import CUSTOMER, MAILBOX, SYSTEM, Audience, MessageKind
from tickets.ports import Tickets
from tickets.search.index import reindex_txn
from tickets.view import TicketView
from tickets.workflow import Action, ClockKind

ATTEMPTS = 5
"""How often an act is tried where somebody else was quicker each time."""
NO_ROOM = "ticket.no_space"
PAST = "ticket.wrong_state"

Aside = Callable[[Callable[[], Letter]], Deferred[Letter]]
"""Does a job where it may take its time."""
DueDate = Callable[[datetime, Any], str]
"""An instant in words of that language."""


class Files(Protocol):
    """What is asked of the store of files."""

    def keep(self, data: bytes, name: str) -> Deferred[Attachment]:
        """See `tickets.attachments.service.Attachments`."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the intake works with."""

    database: Database
    tickets: Tickets
    files: Files
    composer: Composer
    identity: Identity
    clock: Clock
    aside: Aside
    date: DueDate


@dataclass(frozen=True, slots=True)
class _Filed:
    """What is written with the letter itself."""

    number: TicketNumber | None
    opened: bool = False
    outgoing: Outgoing | None = None
    why: Why | None = None
    """Why it is filed under no ticket, where it is not."""
    tell: str = ""
    """The act that dispatchers are told of; nothing where nobody is."""


class MailIntake:
    """The `Intake` of the house."""

    log = Logger()

    def __init__(self, rooms: Rooms, settings: MailSettings) -> None:
        self._rooms, self._settings = rooms, settings
        self._queued: Callable[[], None] = lambda: None
        self._unfiled: Callable[[int], None] = lambda _: None

    def on_queued(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that queued a letter, or told somebody of one."""
        self._queued = wake

    def on_unfiled(self, tell: Callable[[int], None]) -> None:
        """Call `tell` with the id of each letter that was kept and belongs to no ticket."""
        self._unfiled = tell

    def welcome(self, recipient: str) -> bool:
        """See `Intake`: every address, where none is set up."""
        known = self._settings.addresses
        local, at, domain = recipient.partition("@")
        return not known or recipient in known or f"{local.partition('+')[0]}{at}{domain}" in known

    def take(self, octets: bytes, envelope: Envelope) -> Deferred[None]:
        """See `Intake`."""
        return Deferred.fromCoroutine(self._take(octets, envelope))

    async def _take(self, octets: bytes, envelope: Envelope) -> None:
        settings = self._settings
        read = partial(read_letter, octets, envelope, settings.limits, settings.checked_by)
        letter = await self._rooms.aside(read)
        database = self._rooms.database
        if await database.read(repository.known_txn, letter.fingerprint):
            return
        placement = await self._place(letter)
        letter, files = await self._keep_files(letter, placement)
        filed = await self._file(letter, placement)
        at = utc(self._rooms.clock)
        try:
            mail_id = await database.run(_finish_txn, letter, filed, files, at)
            if filed.number is None:
                self._unfiled(mail_id)
        except IntegrityError:  # it came twice at the same time, and the other was quicker
            if not await database.read(repository.known_txn, letter.fingerprint):
                raise
        if filed.outgoing is not None or filed.tell:
            self._queued()
        self.log.info(
            "a letter: {placement} {ticket_id}",
            placement=type(placement).__name__.lower(),
            ticket_id=filed.number,
        )

    async def _place(self, letter: Letter) -> Placement:
        now = utc(self._rooms.clock)
        sent = self._answered(letter)
        named = numbers_in(letter.subject)
        if self._rooms.identity.read(letter.message_id) is not None:
            return Keep()  # our own letter came back to us
        numbers = {*named, *([sent.number] if sent and sent.number else [])}
        facts = await self._rooms.database.read(
            repository.facts_txn, letter, numbers, self._settings, now
        )
        return place(letter, sent, named, facts, self._settings, now)

    def _answered(self, letter: Letter) -> Sent | None:
        """The letter of ours that it answers, or that it reports on."""
        about = letter.report.about if letter.report else ""
        ids = (about, *letter.references)
        found = (self._rooms.identity.read(each) for each in ids if each)
        return next((each for each in found if each is not None), None)

    async def _keep_files(
        self, letter: Letter, placement: Placement
    ) -> tuple[Letter, list[Attachment]]:
        """The files on disk; those that are not taken are named in the text."""
        if isinstance(placement, Returned):
            return letter, []
        kept, refused = [], []
        for part in letter.parts:
            try:
                kept.append(await self._rooms.files.keep(part.content, part.name))
            except Refused as refusal:
                if refusal.error_id == NO_ROOM:
                    raise
                refused.append(part.name)
        return without(letter, refused), kept

    # --- what becomes of it -----------------------------------------------------------------

    async def _file(self, letter: Letter, placement: Placement) -> _Filed:
        match placement:
            case Contact(number):
                return await self._contact(letter, number)
            case Late(number):
                await self._contact(letter, number)
                return _Filed(number, tell=Action.CONTACT.value)
            case Open(acknowledge, mentions):
                return await self._open(letter, mentions, acknowledge=acknowledge)
            case Keep(number):
                return _Filed(number, why=None if number else why_unfiled(letter))
            case Returned(sent, _):
                return await self._returned(letter, sent)

    async def _contact(self, letter: Letter, number: TicketNumber) -> _Filed:
        """The customer acts; where the ticket is past that by now, people are told instead."""
        fields = {"channel": "email", "text": told(letter, self._settings)}
        try:
            await self._act(number, Action.CONTACT, fields, CUSTOMER, letter)
        except Refused as refusal:
            if refusal.error_id != PAST:
                raise
            return _Filed(number, tell=Action.CONTACT.value)
        return _Filed(number)

    async def _open(
        self, letter: Letter, mentions: tuple[TicketNumber, ...], *, acknowledge: bool
    ) -> _Filed:
        draft = draft_of(letter, mentions, self._settings, utc(self._rooms.clock))
        receipt = await self._rooms.tickets.register(draft, MAILBOX, request_of(letter))
        view = await self._rooms.tickets.view(receipt.number)
        if not acknowledge or view is None:
            return _Filed(receipt.number, opened=True)
        return _Filed(receipt.number, opened=True, outgoing=self._acknowledgement(letter, view))

    def _acknowledgement(self, letter: Letter, view: TicketView) -> Outgoing:
        language = letter_language(letter, self._settings)
        due = next(each.due for each in view.clocks if each.kind is ClockKind.DECISION)
        draft = view.case.draft
        return self._rooms.composer.compose(
            Template.ACKNOWLEDGEMENT,
            language,
            letter.sender,
            {
                "name": draft.requester.name,
                "number": view.case.number,
                "title": masked(Mask.TEXT, draft.title),
                "due": self._rooms.date(due, language),
            },
            view.case.number,
            [letter.message_id] if letter.message_id else (),
        )

    async def _returned(self, letter: Letter, sent: Sent) -> _Filed:
        """A report on a letter of ours: what will never arrive is noted, and told."""
        assert letter.report is not None
        final, why = letter.report.final, returned(letter, self._settings)
        state = DeliveryState.FAILED if final else DeliveryState.DELAYED
        message_id = self._rooms.identity.message_id(sent.number, sent.delivery)
        await self._rooms.database.run(repository.delivery_txn, message_id, state, why)
        if sent.number is None or not final:
            return _Filed(sent.number, why=None if sent.number else Why.RETURNED)
        if await self._untold(letter, sent.number, sent.delivery, why):
            return _Filed(sent.number)
        await self._act(sent.number, Action.NOTE, {"text": why}, MAILBOX, letter)
        return _Filed(sent.number, tell=Action.NOTE.value)

    async def _untold(self, letter: Letter, number: TicketNumber, delivery: str, why: str) -> bool:
        """Whether it was the answer that the ticket stands by: then the answer is owed again."""
        view = await self._rooms.tickets.view(number)
        if view is None or not stands_by(view.history, request_of_reply(delivery)):
            return False
        try:
            await self._act(number, Action.UNDELIVERED, {"text": why}, SYSTEM, letter)
        except Refused as refusal:
            if refusal.error_id != PAST:
                raise
            return False
        return True

    async def _act(
        self,
        number: TicketNumber,
        action: Action,
        fields: Mapping[str, str],
        by: Principal,
        letter: Letter,
    ) -> None:
        """Do it to the ticket as it is now, whoever else acts on it meanwhile."""
        tickets = self._rooms.tickets
        for attempt in range(ATTEMPTS):
            view = await tickets.view(number)
            if view is None:
                raise Refused("ticket.unknown", number=number)
            version = view.case.version
            try:
                await tickets.act(number, action, fields, by, version, request_of(letter))
            except Refused as refusal:
                if refusal.error_id != "ticket.stale" or attempt == ATTEMPTS - 1:
                    raise
            else:
                return


def _finish_txn(
    session: Session, letter: Letter, filed: _Filed, files: list[Attachment], at: datetime
) -> int:
    """The letter, its files, its acknowledgement and who is told: all of it or nothing."""
    number = filed.number
    mail_id = repository.keep_txn(session, letter, number, at, opened=filed.opened)
    if number is None:
        keep_unfiled_txn(session, mail_id, filed.why or Why.NO_SENDER, files)
        return mail_id
    reindex_txn(session, number, (letter.subject, letter.body.text, letter.sender_name))
    for each in files:
        attach_txn(session, number, each, Way.MAIL, CUSTOMER, at)
    if filed.outgoing is not None:
        queue_txn(session, filed.outgoing, at)
    if filed.tell:
        to = Audience(Role.DISPATCHER)
        add_message_txn(session, number, to, MessageKind.WORK, filed.tell, at)
    return mail_id
