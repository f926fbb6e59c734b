"""The customer page's own service: codes, what they open, and what customers do to their ticket.

Every act is one of the ticket service, done by the customer. Nothing here tells whether a number
exists, or whether it belongs to a contact: what is asked for is looked up after the answer went
out, and what nobody was sent behaves as what somebody was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.errors import Refused, RemoteError
from cti.kernel.identifiers import Entropy, TicketNumber
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from cti.web.address import network_of
from tickets.attachments.model import Attached, Attachment, Limits
from tickets.clocks.sla import Timekeeper
from tickets.forms import FormTerms
from tickets.model import CUSTOMER, SYSTEM, Draft, ReplyChannel
from tickets.portal import repository
from tickets.portal.codes import (
    KEPT,
    LIFETIME,
    Challenge,
    Verdict,
    digest_of,
    made_code,
)
from tickets.portal.contact import Contact, ways_of
from tickets.portal.counted import place_of, take_txn
from tickets.portal.quota import (
    ACTS_OF_TICKET,
    CODES_OF_ADDRESS,
    CODES_OF_CONTACT,
    CODES_OF_TICKET,
    FILES_OF_TICKET,
    NETWORKS,
    POSTS,
    POSTS_OF_NETWORK,
    TRIES_OF_ADDRESS,
    Charge,
    Quota,
    Quotas,
)
from tickets.portal.repository import Reader
from tickets.portal.settings import PortalSettings
from tickets.portal.standing import URGED, Standing, standing_of, urges_hotline
from tickets.portal.telling import Telling
from tickets.portal.tokens import Ticket, proof_of
from tickets.ports import Tickets
from tickets.premises import form_terms
from tickets.view import TicketView
from tickets.workflow import Action, ClockKind

ATTEMPTS = 5
"""How often an act is tried where somebody else was quicker each time."""
STALE = "ticket.stale"
DONE = frozenset({STALE, "ticket.wrong_state"})
READ = "客户已在服务页面查阅 Read on the customer page {at:%Y-%m-%d %H:%M} UTC"
"""The proof that an answer on the page was told."""


class TooOften(RemoteError):  # noqa: N818  (says what it was)
    """A limit is reached; in so many seconds there is room again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too often, again in {seconds:.0f} s")
        self.seconds = seconds


class SessionOver(RemoteError):  # noqa: N818  (says what it was)
    """No ticket is open in this browser any more."""


class Clocked(Tickets, Protocol):
    """A ticket service that says by which clocks its tickets go."""

    timekeeper: Timekeeper


class Files(Protocol):
    """What is asked of files: `tickets.dossier.Dossier`."""

    limits: Limits

    def files(self, number: str) -> Deferred[tuple[Attached, ...]]:
        """See `Dossier`."""

    def keep(self, chunks: Iterable[bytes], name: str) -> Deferred[Attachment]:
        """See `Dossier`."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the service works with."""

    database: Database
    tickets: Clocked
    files: Files
    telling: Telling
    clock: Clock
    entropy: Entropy
    key: bytes
    wake: Callable[[], None]
    """To be called after each commit that queued a message."""


class Portal:
    """What the customer page asks for. `start` once the database is up."""

    log = Logger()

    def __init__(self, rooms: Rooms, settings: PortalSettings) -> None:
        self._rooms, self.settings = rooms, settings
        self._quotas = Quotas()
        self._codes = Quota("codes", settings.codes_an_hour)
        self._codes_of_network = Quota("codes-network", -(-settings.codes_an_hour // NETWORKS))
        self._sweeping: DelayedCall | None = None
        self._stopped = False

    # --- life -------------------------------------------------------------------------------

    def start(self) -> None:
        """Forget what nobody completed, now and whenever something is an hour old."""
        self._sweep()

    def stop(self) -> None:
        """Sweep no more."""
        self._stopped = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    # --- limits -----------------------------------------------------------------------------

    def heed_posts(self, address: str) -> None:
        """Count a form from that address; TooOften."""
        charges = ((POSTS, address), (POSTS_OF_NETWORK, network_of(address)))
        wait = self._quotas.take(self._rooms.clock.seconds(), charges)
        if wait > 0:
            raise TooOften(wait)

    async def heed_code(self, address: str, contact: Contact, number: str = "") -> None:
        """Count a code that is asked for; TooOften, whether or not one would be sent.

        What a ticket's customer may ask for depends on nobody else: how many codes that costs is
        bounded by their tickets.
        """
        place = ((CODES_OF_ADDRESS, address), (self._codes_of_network, network_of(address)))
        if number:
            await self._take(*place, (CODES_OF_TICKET, f"{number} {contact.to}"))
        else:
            await self._take(*place, (CODES_OF_CONTACT, contact.to), (self._codes, ""))

    async def _take(self, *charges: Charge) -> None:
        places = {place_of(self._rooms.key, each): each[0] for each in charges}
        now = utc(self._rooms.clock)
        wait = await self._rooms.database.run(take_txn, places, now)
        if wait > 0:
            raise TooOften(wait)

    # --- codes ------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """What is taken of files."""
        return self._rooms.files.limits

    @property
    def terms(self) -> FormTerms:
        """What forms are checked against now."""
        return form_terms(self._rooms.tickets.timekeeper.calendars, utc(self._rooms.clock))

    async def ask_to_submit(
        self, visitor: str, draft: Draft, contact: Contact, language: Language
    ) -> None:
        """Keep the draft and send the code that registers it."""
        challenge, code = self._challenge(visitor, contact, language, draft=draft)
        letter = self._rooms.telling.code(contact, language, code)
        now = challenge.made
        await self._rooms.database.run(repository.ask_txn, challenge, letter, now)
        self._sent()

    def ask_to_follow(
        self, visitor: str, number: TicketNumber, contact: Contact, language: Language
    ) -> None:
        """Send a code if the ticket is of whoever has that contact; nobody waits for the answer."""
        challenge, code = self._challenge(visitor, contact, language, number=number)
        letter = self._rooms.telling.code(contact, language, code)
        now = challenge.made
        self._later(self._rooms.database.run(repository.follow_txn, challenge, letter, now))

    async def asked(self, visitor: str) -> Challenge | None:
        """What the browser asked last; None where that is forgotten."""
        now = utc(self._rooms.clock)
        return await self._rooms.database.read(repository.challenge_txn, visitor, now)

    async def again(self, visitor: str, address: str) -> None:
        """Send another code for it, if one was sent; nobody waits for that. Refused, TooOften."""
        challenge = await self.asked(visitor)
        if challenge is None:
            raise Refused("portal.code_over")
        await self.heed_code(address, challenge.contact, challenge.number or "")
        code = made_code(self._rooms.entropy)
        digest = digest_of(self._rooms.key, visitor, code)

        letter = self._rooms.telling.code(challenge.contact, challenge.language, code)
        now = utc(self._rooms.clock)
        self._later(self._rooms.database.run(repository.again_txn, visitor, digest, letter, now))

    async def try_code(self, visitor: str, code: Secret, address: str) -> tuple[Ticket, bool]:
        """What the code opens, and whether it is registered just now.

        Refused (``portal.code_wrong``, ``portal.code_over``, ``portal.too_many_open``, or what is
        wrong with the draft by now); TooOften.
        """
        await self._take((TRIES_OF_ADDRESS, address))
        now = utc(self._rooms.clock)
        digest = digest_of(self._rooms.key, visitor, code)
        run = self._rooms.database.run
        verdict, challenge = await run(repository.try_txn, visitor, digest, now)
        if verdict is not Verdict.RIGHT or challenge is None:
            raise Refused(f"portal.code_{verdict.value}")
        if challenge.number is not None:
            return self._opened(challenge.number, challenge, now), False
        return self._opened(await self._register(challenge), challenge, now), True

    def _opened(self, number: TicketNumber, challenge: Challenge, now: datetime) -> Ticket:
        return Ticket(number, now, now, proof_of(self._rooms.key, challenge.contact))

    async def _register(self, challenge: Challenge) -> TicketNumber:
        assert challenge.draft is not None
        database, tickets = self._rooms.database, self._rooms.tickets
        opened = await database.read(repository.open_of_txn, challenge.contact)
        if opened >= self.settings.most_open:
            raise Refused("portal.too_many_open", limit=self.settings.most_open)
        once = f"portal-{challenge.visitor[:32]}-{int(challenge.made.timestamp())}"
        receipt = await tickets.register(challenge.draft, CUSTOMER, once)
        view = await tickets.view(receipt.number)
        assert view is not None
        due = next(each.due for each in view.clocks if each.kind is ClockKind.DECISION)
        reader = Reader(challenge.contact, challenge.language)
        told = self._rooms.telling.registered(reader, view.case, due)
        now = utc(self._rooms.clock)
        await database.run(repository.registered_txn, receipt.number, challenge, told, now)
        self._rooms.wake()
        return receipt.number

    def _challenge(
        self,
        visitor: str,
        contact: Contact,
        language: Language,
        *,
        number: TicketNumber | None = None,
        draft: Draft | None = None,
    ) -> tuple[Challenge, Secret]:
        code, now = made_code(self._rooms.entropy), utc(self._rooms.clock)
        digest = digest_of(self._rooms.key, visitor, code)
        made = Challenge(
            visitor, contact, language, digest, now, now + LIFETIME, number=number, draft=draft
        )
        return made, code

    # --- a customer's own ticket ------------------------------------------------------------

    async def standing(self, ticket: Ticket) -> Standing:
        """What its customer sees; opening an answer that was put on the page proves it was told.

        SessionOver, as of everything here, once its contact is not theirs any more.
        """
        view = await self._view(ticket)
        shown = await self._standing(view)
        if shown.unread is None:
            return shown
        await self._read(view, shown)
        return await self._standing(await self._view(ticket))

    async def act(
        self, ticket: Ticket, action: Action, fields: Mapping[str, str], request_id: str
    ) -> None:
        """Do it as the customer, to the ticket as it is now; Refused, TooOften.

        What no department has cannot be urged there: then the hotline is written to.
        """
        await self._take((ACTS_OF_TICKET, ticket.number))
        if action is Action.URGE and urges_hotline(await self._view(ticket)):
            action, fields = Action.CONTACT, {**fields, "text": fields.get("text") or URGED}
        await self._act(ticket, action, fields, f"portal-{request_id}")

    async def attach(
        self, ticket: Ticket, files: Sequence[tuple[str, Iterable[bytes]]], request_id: str
    ) -> None:
        """Keep the files with the ticket, each by an act of its own; Refused, TooOften."""
        await self._view(ticket)
        limits = self._rooms.files.limits
        if not files:
            raise Refused("ticket.field_missing", field="file")
        if len(files) > limits.most:
            raise Refused("ticket.too_many_files", limit=limits.most)
        for place, (name, chunks) in enumerate(files):
            await self._take((FILES_OF_TICKET, ticket.number))
            kept = await self._rooms.files.keep(chunks, name)
            once = f"portal-{request_id}-{place}"
            await self._act(ticket, Action.ATTACH_FILE, kept.fields(), once)

    async def _view(self, ticket: Ticket) -> TicketView:
        view = await self._rooms.tickets.view(ticket.number)
        if view is None:
            raise Refused("ticket.unknown", number=ticket.number)
        ways, key = ways_of(view.case.draft), self._rooms.key
        if all(proof_of(key, each) != ticket.proof for each in ways):
            raise SessionOver("the contact is not the customer's any more")
        return view

    async def _standing(self, view: TicketView) -> Standing:
        files = await self._rooms.files.files(view.case.number)
        return standing_of(view, files, utc(self._rooms.clock))

    async def _read(self, view: TicketView, shown: Standing) -> None:
        """Somebody who acts at the same moment may be quicker: then it is told all the same."""
        assert shown.unread is not None
        now = utc(self._rooms.clock)
        fields = {
            "channel": ReplyChannel.WEB.value,
            "text": shown.unread.fields["text"],
            "proof": READ.format(at=now),
        }
        case = view.case
        once = f"read-{case.number}-{shown.unread.version}"
        try:
            await self._rooms.tickets.act(
                case.number, Action.REPLY, fields, SYSTEM, case.version, once
            )
        except Refused as refusal:
            if refusal.error_id not in DONE:
                raise

    async def _act(
        self, ticket: Ticket, action: Action, fields: Mapping[str, str], request_id: str
    ) -> None:
        for attempt in range(ATTEMPTS):
            view = await self._view(ticket)
            if action is Action.RATE and _rated_before(view, request_id):
                raise Refused("portal.rated")
            version = view.case.version
            try:
                await self._rooms.tickets.act(
                    ticket.number, action, fields, CUSTOMER, version, request_id
                )
            except Refused as refusal:
                if refusal.error_id != STALE or attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    # --- forgetting -------------------------------------------------------------------------

    def _later(self, sending: Deferred[Any]) -> None:
        """How long it takes is nobody's business, since it tells whether a code is sent."""
        sending.addCallback(lambda _: self._sent())
        sending.addErrback(lambda failure: self.log.failure("A code could not be sent", failure))

    def _sent(self) -> None:
        self._rooms.wake()
        if self._sweeping is None:
            self._sweeping = self._rooms.clock.callLater(KEPT.total_seconds(), self._sweep)

    def _sweep(self) -> None:
        self._sweeping = None
        swept = self._rooms.database.run(repository.sweep_txn, utc(self._rooms.clock))
        swept.addCallback(self._swept)
        swept.addErrback(lambda failure: self.log.failure("Old codes are still kept", failure))

    def _swept(self, next_at: datetime | None) -> None:
        if next_at is not None and self._sweeping is None and not self._stopped:
            wait = max(0.0, (next_at - utc(self._rooms.clock)).total_seconds())
            self._sweeping = self._rooms.clock.callLater(wait, self._sweep)


def _rated_before(view: TicketView, request_id: str) -> bool:
    """Whether the answer is rated, and not by this very request."""
    own = any(each.request_id == request_id for each in view.history)
    return view.case.rating is not None and not own
