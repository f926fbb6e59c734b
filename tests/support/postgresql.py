"""A PostgreSQL server of the test session's own, in a temporary folder, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import free_port


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Start a server with `initdb` and `pg_ctl` of that folder; gives its URL (TCP, loopback).

    PostgreSQL refuses to run as root: there it runs as the user ``postgres``.
    """
    folder = Path(tempfile.mkdtemp(prefix="hotline-postgresql-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = [
            "setpriv",
            f"--reuid={account.pw_uid}",
            f"--regid={account.pw_gid}",
            "--clear-groups",
        ]
    data, port = folder / "data", free_port()

    def run(*words: str) -> None:
        subprocess.run(
            [*as_user, *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60
        )

    run(
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        "hotline",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
    try:
        run(*control, "-l", str(folder / "log"), "-o", options, "start")
        yield f"postgresql://hotline@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").exists():
            run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
