"""Who serves the telephones of a database: one house at a time, whichever machine it runs on.

A house closes at its start, in journal and records, the calls that the house before it left open.
Several on one PostgreSQL would close each other's, so each takes a lease first: an advisory lock of
a session of its own (PostgreSQL, 13.3.5), which ends with the house, its machine or its network.
Whoever comes second is refused before anything of the database is touched. The deadlines of tickets
may run in other processes beside it: they need no lease. A SQLite file has one user by its folder.
"""

import os
import socket
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger

from cti.database import Database
from cti.kernel.clock import Clock
from cti.kernel.errors import ConfigurationError

LOCK = 0x746C7068
"""By which houses know the lock; it holds within one database."""
ATTEMPTS, PAUSE = 20, 0.25
"""How often, and after how many seconds, it is asked for again: who just died is not gone yet."""
SOON_NOTICED = ("tcp_keepalives_idle=30", "tcp_keepalives_interval=10", "tcp_keepalives_count=3")
"""Within a minute the server knows that a holder's machine is gone."""
_NAMED = text("SELECT set_config('application_name', :name, false)")
_HOLDER = text(
    "SELECT activity.pid, activity.application_name, activity.backend_start"
    " FROM pg_locks AS locks JOIN pg_stat_activity AS activity USING (pid)"
    " WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objid = :lock"
    " AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The session that holds the lock, as PostgreSQL knows it."""

    pid: int
    name: str
    since: str


class TelephoneLease:
    """Taken before the house opens, looked at while it runs, released as it closes."""

    log = Logger()

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._needed = database.engine.dialect.name == "postgresql"
        self._ours = False
        self._session: Connection | None = None
        self._pid = 0
        self._trouble = ""

    async def take(self) -> None:
        """Hold it; ConfigurationError with who holds it and what to do."""
        for _ in range(ATTEMPTS):
            if not self._needed or self._taken():
                self._ours = self._needed
                return
            await deferLater(self._clock, PAUSE)  # type: ignore[arg-type]  # our Clock is its
        raise ConfigurationError(self._explained(), key="database.url")

    def look(self) -> Deferred[None]:
        """Take it again where the database let go of it, as when it was started anew."""
        if not self._ours:
            return succeed(None)
        # Where the database is away, nothing is known before the next look.
        return self._database.read(holder_txn).addCallbacks(self._looked, lambda _: None)

    def trouble(self) -> str:
        """What is the matter for `/health`; empty while nothing is."""
        return self._trouble

    def release(self) -> None:
        """Let another house serve them."""
        self._ours = False
        self._let_go()

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
            self._session = None

    def _taken(self) -> bool:
        session = self._database.engine.connect()
        try:
            session = session.execution_options(isolation_level="AUTOCOMMIT")
            for each in SOON_NOTICED:
                session.execute(text(f"SET {each}"))
            name = f"hotline {socket.gethostname()[:40]} {os.getpid()}"
            session.execute(_NAMED, {"name": name})
            held = session.scalar(text("SELECT pg_try_advisory_lock(0, :lock)"), {"lock": LOCK})
            pid = session.scalar(text("SELECT pg_backend_pid()"))
        except BaseException:
            session.invalidate()
            session.close()
            raise
        if not held:
            session.invalidate()
            session.close()
            return False
        self._session, self._pid = session, int(pid or 0)
        return True

    def _looked(self, holder: Holder | None) -> None:
        if not self._ours:  # given up while the database was asked
            return
        if holder is not None and holder.pid == self._pid:
            self._trouble = ""
            return
        if holder is None:
            self._let_go()
            try:
                if self._taken():
                    self._trouble = ""
                    self.log.warn("the lease of the telephones was lost, and taken again")
                    return
            except DBAPIError:
                pass
        name = holder.name if holder else "nobody"
        self._trouble = f"the lease of the telephones is lost, {name} has it"
        self.log.critical("{trouble}: stop one of the two", trouble=self._trouble)

    def _explained(self) -> str:
        with Session(self._database.engine) as session:
            holder = holder_txn(session)
        if holder is None:
            return "another hotline serves its telephones just now: start again"
        return (
            f"{holder.name} serves its telephones since {holder.since}: stop that one first, or"
            " give this one a database of its own. If its machine is gone, wait a minute, or have"
            f" PostgreSQL end it: SELECT pg_terminate_backend({holder.pid})"
        )


def holder_txn(session: Session) -> Holder | None:
    """Who holds the lease; None where nobody does."""
    row = session.execute(_HOLDER, {"lock": LOCK}).first()
    if row is None:
        return None
    return Holder(row.pid, row.application_name, f"{row.backend_start:%Y-%m-%d %H:%M}")
