"""Furnishes the page of customers: its service, its notices, and where it is served."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request

from config.deliveries import Deliveries
from config.listening import listening
from config.ticket_settings import TicketSettings
from cti.database import Database
from cti.kernel.identifiers import Entropy
from cti.web.http import site_of
from cti.web.requests import LARGEST_BODY
from cti.web.texts import Texts
from tickets.attachments.service import Attachments
from tickets.dossier import Dossier
from tickets.mail.composing import Composer
from tickets.portal.frame import FrameSettings, PortalFrame
from tickets.portal.notices import Notices
from tickets.portal.pages import PortalPages, PortalRoot, brings_files
from tickets.portal.service import Portal, Rooms
from tickets.portal.telling import Telling
from tickets.service import TicketService

KEY_FILE = Path("keys/portal.key")
"""By which codes and sessions are known; servers that share a database share it."""
PATH = "service"


@dataclass(frozen=True, slots=True)
class Staff:
    """How the pages of staff are served, beside which it may be."""

    secure: bool
    origins: tuple[str, ...]


class CustomerPage:
    """The page, on the port of staff or on one of its own. `start` once the database is up."""

    def __init__(
        self,
        settings: TicketSettings,
        key: bytes,
        database: Database,
        tickets: TicketService,
        attachments: Attachments,
        deliveries: Deliveries,
        composer: Composer,
        zone: ZoneInfo,
        staff: Staff,
        reactor: Any,
        entropy: Entropy,
    ) -> None:
        self._settings, self._reactor = settings.portal, reactor
        texts = Texts()
        for package in ("cti.web", "tickets.web"):
            texts.add(Path(str(files(package))) / "locales")
        telling = Telling(
            composer,
            texts.text,
            settings.mail.sender_names.__getitem__,
            zone,
            settings.portal.address,
        )
        tickets.write_beside_txn(
            Notices(telling, settings.mail.language, settings.portal).beside_txn
        )
        self.portal = Portal(
            Rooms(
                database=database,
                tickets=tickets,
                files=Dossier(database, reactor, attachments),
                telling=telling,
                clock=reactor,
                entropy=entropy,
                key=key,
                wake=deliveries.wake,
            ),
            settings.portal,
        )
        own = settings.portal.listen
        secure = own.secure if own is not None else staff.secure
        origins = staff.origins if own is None else ()
        self.frame = PortalFrame(
            FrameSettings(settings.portal, zone, secure, origins), texts, key, reactor, entropy
        )
        self._root = PortalRoot(PortalPages(self.frame, self.portal, entropy))
        limits = attachments.limits
        self._files = limits.most * limits.largest + LARGEST_BODY
        self._port: IListeningPort | None = None

    @property
    def mounts(self) -> Mapping[str, IResource]:
        """What is served among the pages of staff: nothing where it has a port of its own."""
        here = self._settings.served and self._settings.listen is None
        return {PATH: self._root} if here else {}

    @property
    def address(self) -> Any:
        """Where it is served apart; None where it is not."""
        return self._port.getHost() if self._port is not None else None

    def largest(self, request: Request) -> int:
        """How large a request's body may be: files come for a ticket that is open alone."""
        return self._files if brings_files(self.frame, request) else LARGEST_BODY

    def start(self) -> None:
        """Serve it where it is served apart; ConfigurationError where the port is taken."""
        if not self._settings.served:
            return
        self.portal.start()
        own = self._settings.listen
        if own is None:
            return
        top = Resource()
        top.putChild(PATH.encode(), self._root)
        site = site_of(top, self._reactor, self.largest, secure=own.secure)
        with listening("tickets.portal.listen", own.host, own.port):
            self._port = self._reactor.listenTCP(own.port, site, interface=own.host)

    async def stop(self) -> None:
        """Serve it no more."""
        self.portal.stop()
        port, self._port = self._port, None
        if port is not None:
            await maybeDeferred(port.stopListening)
