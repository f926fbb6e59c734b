"""Where the tickets lie: a file of SQLite, a server of PostgreSQL, kept between runs or not."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks.tickets.lives import Life
from benchmarks.tickets.million import Say, Size, fill
from benchmarks.tickets.proof import check
from config.migrations import upgrade
from cti.database import connect
from tests.support.house import free_port
from tests.support.needs import all_needs

ROOM = {"sqlite": 12 * 1024, "postgresql": 16 * 1024}
"""Octets of disk that a ticket wants, and some to spare for making indexes."""
LOADING = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
    "max_parallel_maintenance_workers=2",
    "maintenance_work_mem=1GB",
)
"""Settings while tickets are loaded."""
ASKING = ("shared_buffers=6GB", "effective_cache_size=12GB", "random_page_cost=1.1")
"""Settings for a million tickets, as the README has them; all others are the usual ones."""
HELD = """
SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't') AND (
    relname SIMILAR TO 'tickets%|ticket_(words|index|places|clocks|dispatches)%'
    OR oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'ticket_words'))
"""
"""What PostgreSQL holds in its memory when it has been asked for tickets for a while."""


def databases() -> list[str]:
    """Those that are installed."""
    return ["sqlite", *(["postgresql"] if all_needs()["postgresql"].path else [])]


def has_room(folder: Path, name: str, tickets: int) -> bool:
    """Whether the disk holds them."""
    return shutil.disk_usage(folder).free > tickets * ROOM[name]


@contextmanager
def store(folder: Path, name: str, *, loading: bool = False) -> Iterator[str]:
    """That database in the folder, begun if there is none; gives its URL."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'tickets.sqlite'}"
        return
    with _server(folder / "postgresql", LOADING if loading else ASKING) as url:
        yield url


def make(folder: Path, name: str, size: Size, lived: list[Life], say: Say) -> None:
    """Let the database in the folder have the tickets, and see that it has."""
    with store(folder, name, loading=True) as url:
        engine = connect(url)
        upgrade(engine)
        check(engine, fill(engine, lived, size, say))
        engine.dispose()


def warm(engine: Engine) -> None:
    """Let PostgreSQL hold in its memory what it would after a day's work."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_prewarm"))
            connection.execute(text(HELD))


@contextmanager
def _server(folder: Path, settings: tuple[str, ...]) -> Iterator[str]:
    """PostgreSQL refuses to run as root: there it runs as the user ``postgres``."""
    programs = all_needs()["postgresql"].path
    assert programs is not None
    as_user: list[str] = []
    data, port = folder / "data", free_port()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        ids = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}")
        as_user = ["setpriv", *ids, "--clear-groups"]

    def run(program: str, *words: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(data), *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=300)

    if not data.exists():
        run("initdb", "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C")
    address = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
    options = " ".join(f"-c {each}" for each in (*address, *settings))
    stop = ("pg_ctl", "-w", "-t", "240", "-m", "fast", "stop")
    if (data / "postmaster.pid").exists():  # a run before this one had no time to stop it
        with suppress(subprocess.CalledProcessError):
            run(*stop)
    run("pg_ctl", "-w", "-t", "240", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://hotline@127.0.0.1:{port}/postgres"
    finally:
        run(*stop)
