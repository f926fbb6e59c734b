"""What the house stands on: folders, database, calendars, texts, speech; made before it opens."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from sqlalchemy.exc import OperationalError

from agents.desk.codes import read_codes
from agents.repository import store_queues_txn
from config import migrations
from config.demo.read import read_demo
from config.founding import found_demo_txn, has_staff_txn
from config.lock import sole_user
from config.progress import Progress
from config.queue_settings import check_destinations
from config.settings import HERE, Folders, Settings
from cti.database import Database
from cti.kernel.calendar import WorkingCalendar
from cti.kernel.calendars import load_calendars
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import Entropy, system_entropy
from ivr.bank.digests import Digests, read_or_make_key
from ivr.flow import Flow
from ivr.service import load_flows, surroundings
from prompts.catalogue import load_catalogue
from prompts.lexicon import load_lexicon
from prompts.store import PromptStore
from prompts.synthesis import SpeechWorker, speech_process
from tickets.catalogue.reading import read_catalogue

YEARS_AROUND = 1
"""Holidays are loaded for so many years before and after this one."""
KEY_FILE = Path("keys/bank.key")
DEMO_CALENDARS = HERE / "demo" / "calendars"


CATALOGUE = HERE / "tickets" / "catalogue.yaml"
"""Which department the demo bank's catalogue proposes for which matter."""


class Foundation:
    """Reads every file, and creates on the first start what is missing."""

    def __init__(self, settings: Settings, reactor: Any, entropy: Entropy = system_entropy) -> None:
        self.settings = settings
        self._reactor, self._entropy = reactor, entropy
        self.zone = ZoneInfo(settings.time_zone)
        folders = settings.folders
        self.catalogue = load_catalogue(timezone=settings.time_zone)
        self.calendars = calendars_of(settings, reactor)
        self.codes = read_codes(folders.of(folders.wrap_up))
        self.flows: dict[str, Flow] = load_flows(
            folders.of(folders.flows),
            surroundings(
                self.catalogue,
                [queue.queue_id for queue in settings.queues],
                self.calendars.keys(),
                settings.ivr.transfers,
            ),
        )
        check_destinations(settings.queues, self.catalogue.ids, self.flows)
        for folder in (folders.recordings, folders.spool, KEY_FILE.parent):
            folders.of(folder).mkdir(parents=True, exist_ok=True)
        self.database = Database(settings.database_url, reactor)
        self.digests = Digests(read_or_make_key(folders.of(KEY_FILE), entropy))
        self.speech = SpeechWorker(speech_process(reactor), reactor)
        self.store = PromptStore(
            folders.of(folders.prompts),
            self.catalogue,
            load_lexicon(),
            self.speech,
            music=folders.music,
        )

    async def prepare(self, running: AsyncExitStack, progress: Progress) -> None:
        """Create tables, demo bank and announcements where missing.

        Puts on `running` what ends the threads and processes that are started here, and lets go
        of the folder last; ConfigurationError while another hotline holds it.
        """
        running.enter_context(sole_user(self.settings.folders.base))
        upgrade(self.database, progress)
        self.database.start()
        running.callback(self.database.stop)
        await self.database.run(store_queues_txn, self.settings.queues)
        if self.settings.demo and not await self.database.read(has_staff_txn):
            await self._found_demo(progress)
        running.push_async_callback(self.speech.stop)
        await self._prepare_prompts(progress)

    async def _found_demo(self, progress: Progress) -> None:
        progress.begin("Founding the demo bank")
        demo, now = read_demo(), utc(self._reactor)
        departments = [each.department_id for each in demo.departments]
        await self.database.run(
            found_demo_txn,
            demo,
            self.settings.sip.realm,
            password_hasher(),
            self.digests,
            self._entropy,
            read_catalogue(CATALOGUE, departments),
            now,
            now.astimezone(self.zone).date(),
        )
        progress.end()

    async def _prepare_prompts(self, progress: Progress) -> None:
        begun = False

        def made(done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                progress.begin("Speaking the announcements")
                begun = True
            progress.advance(done, total)

        await self.store.prepare(made)
        if begun:
            progress.end()


def upgrade(database: Database, progress: Progress) -> None:
    """Bring the database to the newest revision; ConfigurationError where it cannot be opened."""
    try:
        revision = migrations.current(database.engine)
    except OperationalError as error:
        reason, *_ = str(error.orig).splitlines()
        raise ConfigurationError(f"cannot be opened: {reason}", key="database.url") from error
    if revision == migrations.head():
        return
    progress.begin("Preparing the database")
    migrations.upgrade(database.engine)
    progress.end()


def password_hasher() -> PasswordHasher:
    """Argon2id as OWASP advises for servers: 19 MiB, two passes; about 30 ms."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def calendars_of(settings: Settings, clock: Clock) -> dict[str, WorkingCalendar]:
    """The working calendars; the demo bank's own hours stand in for those that are shipped."""
    year = utc(clock).year
    years = range(year - YEARS_AROUND, year + YEARS_AROUND + 1)
    folder = settings.folders.calendars
    calendars = load_calendars(settings.folders.of(folder), years)
    if settings.demo and folder == Folders().calendars:
        calendars |= load_calendars(DEMO_CALENDARS, years)
    return calendars
