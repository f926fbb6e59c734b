"""Furnishes the house's post: the ways in and out that the settings name, on one intake."""

from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from stat import S_ISSOCK
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort

from config.deliveries import Deliveries
from config.listening import listening
from cti.database import Database
from cti.kernel.threads import Threads
from cti.kernel.vocabulary import Language
from cti.transport.unix_address import short_address
from tickets.delivery.model import Channel
from tickets.mail.composing import Composer
from tickets.mail.identity import Identity
from tickets.mail.imap import ImapPoller
from tickets.mail.intake import Files, MailIntake, Rooms
from tickets.mail.lmtp import Listener
from tickets.mail.replying import ACTS, Replies
from tickets.mail.sending import SmtpCarrier
from tickets.mail.sent import KEPT, SentMail
from tickets.mail.settings import ListenSettings, MailSettings
from tickets.model import ReplyChannel
from tickets.portal.telling import last_day
from tickets.service import TicketService

KEY_FILE = Path("keys/mail.key")
"""By which the house knows its own letters; servers that share a database share it."""
READERS = 2
OUR_GROUP = 0o660


class Post:
    """Letters in and out. `start` once the database is up, `stop` before it goes."""

    def __init__(
        self,
        settings: MailSettings,
        key: bytes,
        database: Database,
        tickets: TicketService,
        files: Files,
        deliveries: Deliveries,
        zone: ZoneInfo,
        reactor: Any,
    ) -> None:
        self._settings, self._reactor = settings, reactor
        self._threads = Threads(reactor, READERS, "letters")
        identity = Identity(key, settings.domain)
        self.composer = Composer(settings)
        self.composer.check()
        rooms = Rooms(
            database=database,
            tickets=tickets,
            files=files,
            composer=self.composer,
            identity=identity,
            clock=reactor,
            aside=self._threads.run,
            date=partial(_date, zone),
        )
        self.intake = MailIntake(rooms, settings)
        self.intake.on_queued(deliveries.wake)
        arriving = {Channel.EMAIL: settings.send is not None, Channel.SMS: deliveries.sends_sms}
        channels = [channel for channel, arrives in arriving.items() if arrives]
        tickets.carried = frozenset(ReplyChannel(each.value) for each in channels)
        replies = Replies(tickets, self.composer, settings.language, channels)
        tickets.write_beside_txn(replies.beside_txn)
        if settings.send is not None:
            deliveries.carriers[Channel.EMAIL] = SmtpCarrier(settings, identity, reactor)
        for purpose in ACTS:
            deliveries.outbox.on_delivered(
                purpose, lambda ended: Deferred.fromCoroutine(replies.delivered(ended))
            )
        sent = SentMail(database, identity, settings.sender)
        for purpose in KEPT:
            deliveries.outbox.on_delivered(purpose, sent.ended)
            deliveries.outbox.on_given_up(purpose, sent.ended)
        self._poller = (
            ImapPoller(self.intake, settings.poll, settings.limits, database, reactor)
            if settings.poll is not None
            else None
        )
        self._port: IListeningPort | None = None
        self._address = ExitStack()

    def trouble(self) -> str:
        """What is the matter for `/health`; empty while nothing is."""
        return self._poller.trouble() if self._poller is not None else ""

    @property
    def address(self) -> Any:
        """Where letters are taken; None where nobody hands any over."""
        return self._port.getHost() if self._port is not None else None

    def start(self) -> None:
        """Take letters; ConfigurationError where the place for it is taken."""
        self._threads.start()
        if self._settings.listen is not None:
            self._port = self._listen(self._settings.listen)
        if self._poller is not None:
            self._poller.start()

    async def stop(self) -> None:
        """Take no more; letters that are not kept yet come again."""
        if self._poller is not None:
            self._poller.stop()
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
        self._address.close()
        self._threads.stop()

    def _listen(self, settings: ListenSettings) -> IListeningPort:
        listener = Listener(self.intake, settings, self._reactor)
        if settings.path is None:
            with listening("tickets.mail.listen", settings.host, settings.port):
                port: IListeningPort = self._reactor.listenTCP(
                    settings.port, listener, interface=settings.host
                )
            return port
        settings.path.parent.mkdir(parents=True, exist_ok=True)
        path = Path(self._address.enter_context(short_address(settings.path.absolute())))
        if path.exists() and S_ISSOCK(path.stat().st_mode):
            path.unlink()  # what a crash left of it
        with listening("tickets.mail.listen", str(settings.path), 0):
            unix: IListeningPort = self._reactor.listenUNIX(str(path), listener, mode=OUR_GROUP)
        return unix


def _date(zone: ZoneInfo, at: datetime, language: Language) -> str:
    """The last day before that instant, in words: ``2026年12月6日``."""
    return last_day(at, zone, language)
