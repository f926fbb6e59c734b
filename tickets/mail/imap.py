"""Letters in by polling a mailbox (IMAP4rev1, RFC 3501), where no mail server hands them over.

What was read is known by UID, which counts within a UIDVALIDITY; a mailbox that begins a new one
is read from its unseen letters on, and the fingerprint keeps what was taken before from being taken
twice. A letter is marked as seen after it is kept, one that can never be read as flagged too. It
polls rather than waits (IDLE, RFC 2177), which Twisted does not speak.
"""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol, wrapClientTLS
from twisted.logger import Logger
from twisted.mail.imap4 import IMAP4Client, Not, Query
from twisted.python.failure import Failure

from cti.database import Database, trouble_of
from tickets.mail.limits import Limits
from tickets.mail.model import Envelope, MailUnreadable
from tickets.mail.ports import Intake
from tickets.mail.repository import Position, move_txn, position_txn
from tickets.mail.sending import tls_options
from tickets.mail.settings import Encryption, PollSettings

MOST_AT_ONCE = 50
"""Letters of one visit; the rest come with the next, which follows at once."""
LONGEST_PAUSE = 900.0
"""Seconds between attempts, while the server cannot be reached."""
PATIENCE = 10
"""Time-outs that one visit may take."""
SEEN, FLAGGED = "\\Seen", "\\Flagged"


class ImapPoller:
    """Visits the mailbox again and again, one visit at a time."""

    log = Logger()

    def __init__(
        self,
        intake: Intake,
        settings: PollSettings,
        limits: Limits,
        database: Database,
        reactor: Any,
    ) -> None:
        self._intake, self._settings, self._limits = intake, settings, limits
        self._database, self._reactor = database, reactor
        self._timer: Any = None
        self._visit: Deferred[Any] | None = None
        self._failures = 0
        self._why = ""
        self._running = False

    @property
    def name(self) -> str:
        """What the mailbox is called in the table of mailboxes."""
        server = self._settings.server
        return f"{server.user}@{server.host}:{server.port}/{self._settings.folder}"[:255]

    def trouble(self) -> str:
        """What is the matter for `/health`; empty while nothing is."""
        return f"{self._failures} visits failed: {self._why}" if self._failures else ""

    def start(self) -> None:
        """Visit the mailbox at once, then at the settings' interval."""
        self._running = True
        self._look()

    def stop(self) -> None:
        """Visit no more; a visit under way is broken off, and goes on where it stood."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._visit is not None:
            self._visit.cancel()

    def _look(self) -> None:
        visit = Deferred.fromCoroutine(self._visited())
        self._visit = visit
        visit.addTimeout(self._settings.server.timeout * PATIENCE, self._reactor)
        visit.addCallbacks(self._went_well, self._failed)

    def _went_well(self, more: bool) -> None:
        self._failures, self._visit = 0, None
        self._again(0.0 if more else self._settings.every)

    def _failed(self, failure: Failure) -> None:
        self._visit = None
        if not self._running:
            return
        self._failures += 1
        trouble = trouble_of(failure.value)
        said = f"the database is {trouble.value}" if trouble else str(failure.value)
        self._why = f"{type(failure.value).__name__}: {said}"[:200]
        self.log.warn("the mailbox {name} cannot be read: {why}", name=self.name, why=self._why)
        self._again(min(LONGEST_PAUSE, self._settings.every * 2 ** min(self._failures, 10)))

    def _again(self, delay: float) -> None:
        if self._running:
            self._timer = self._reactor.callLater(delay, self._look)

    # --- a visit ----------------------------------------------------------------------------

    async def _visited(self) -> bool:
        """Take what is new; whether there is more."""
        client: Any = _Client(self._settings.server.timeout)
        try:
            await self._connect(client)
            return await self._read(client)
        finally:
            if client.transport is not None:
                client.transport.loseConnection()

    async def _connect(self, client: Any) -> None:
        """Sign in; whoever called closes the connection, also one that was refused."""
        server = self._settings.server
        endpoint: Any = HostnameEndpoint(
            self._reactor, server.host, server.port, timeout=server.timeout
        )
        if server.encryption is Encryption.TLS:
            endpoint = wrapClientTLS(tls_options(server), endpoint)
        await connectProtocol(endpoint, client)
        await client.greeted
        if server.encryption is Encryption.STARTTLS:
            await client.startTLS(tls_options(server))
        await client.login(server.user.encode(), server.password.reveal().encode())

    async def _read(self, client: Any) -> bool:
        chosen = await client.select(self._settings.folder)
        validity = int(chosen["UIDVALIDITY"])
        known = await self._database.read(position_txn, self.name)
        if known is None or known.validity != validity:
            return await self._begin(client, validity)
        # `n:*` names the last letter too where there is none beyond n (RFC 3501, 6.4.8).
        found = await client.search(Query(uid=f"{known.last + 1}:*"), uid=True)
        uids = sorted(uid for uid in found if uid > known.last)
        for uid in uids[:MOST_AT_ONCE]:
            await self._take(client, uid)
            await self._database.run(move_txn, self.name, Position(validity, uid))
        return len(uids) > MOST_AT_ONCE

    async def _begin(self, client: Any, validity: int) -> bool:
        """Take what nobody has seen; from then on, what comes after all that lies there now."""
        everything = await client.search(Query(all=True), uid=True)
        unseen = sorted(await client.search(Not(Query(seen=True)), uid=True))
        for uid in unseen[:MOST_AT_ONCE]:
            await self._take(client, uid)
        if len(unseen) > MOST_AT_ONCE:
            return True
        last = max((*everything, *unseen), default=0)
        await self._database.run(move_txn, self.name, Position(validity, last))
        return False

    async def _take(self, client: Any, uid: int) -> None:
        flags = [SEEN]
        try:
            await self._intake.take(await self._octets(client, uid), Envelope(None))
        except MailUnreadable as unreadable:
            self.log.warn("letter {uid} cannot be read: {why}", uid=uid, why=unreadable.why)
            flags.append(FLAGGED)
        await client.addFlags(str(uid), flags, uid=True)

    async def _octets(self, client: Any, uid: int) -> bytes:
        """The letter, up to one octet beyond what is read at all."""
        most = self._limits.letter + 1
        found = await client.fetchSpecific(str(uid), uid=True, peek=True, offset=0, length=most)
        for parts in found.values():
            for part in parts:
                if len(part) > 1 and isinstance(part[-1], str):
                    return part[-1].encode("latin-1")  # Twisted gives octets as characters
        return b""


class _Client(IMAP4Client):
    """Tells when it was greeted; the server may be silent for so long (seconds)."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = int(timeout)
        self.greeted: Deferred[None] = Deferred()

    def serverGreeting(self, caps: object) -> None:  # noqa: ARG002  (Twisted's signature)
        """The server speaks."""
        self.greeted.callback(None)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # Twisted's is not typed
        """Whoever waits for the greeting waits no more."""
        super().connectionLost(reason)
        if not self.greeted.called:
            self.greeted.errback(reason)
