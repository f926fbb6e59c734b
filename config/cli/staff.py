"""Write down the departments and the staff of a file, or change those that are known."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

EPILOG = """\
example of a file:
  departments:
    - {id: cards, name: {zh: 银行卡部, en: Cards}, calendar: office}
  staff:
    - {id: "7001", login: li, name: 李娜, password: ..., roles: [agent], team: 客服一组,
       extension: "7001", sip_secret: ..., skills: {general: 5}, languages: [zh, en],
       email: li@bank.example}
    - {id: head, login: wang, name: 王伟, password: ..., roles: [head], department: cards}

config/demo/demo.yaml has more of both, and says what each role does. Nobody reads a complaint about
somebody of their department or team; agents of whom no team is said are one together. Whoever is in
the file is added, or replaced where the `id` is known; nobody else is touched. Who leaves is
written with `roles: []` and no extension. Only hashes of passwords are kept, so the file can be
deleted afterwards. The hotline must not be running meanwhile."""


def add_arguments(parser: ArgumentParser) -> None:
    """The file."""
    parser.epilog = EPILOG
    parser.add_argument("file", type=Path, metavar="FILE", help="departments and staff (YAML)")


def run(args: Namespace) -> int:
    """Write them down; DocumentError with everything that is wrong in the file."""
    from sqlalchemy.exc import IntegrityError

    from config.cli import keep_private, settings_of
    from config.cli.running import run_in_reactor
    from config.demo.read import read_people
    from config.foundation import calendars_of, password_hasher, upgrade
    from config.founding import employ_txn
    from config.lock import sole_user
    from config.progress import TerminalProgress
    from cti.database import Database
    from cti.kernel.errors import ConfigurationError

    settings = settings_of(args)
    keep_private()

    async def write(reactor: Any) -> None:
        people = read_people(args.file, calendars_of(settings, reactor).keys())
        with sole_user(settings.folders.base):
            database = Database(settings.database_url, reactor)
            upgrade(database, TerminalProgress())
            database.start()
            try:
                await database.run(employ_txn, people, settings.sip.realm, password_hasher())
            except IntegrityError:
                raise ConfigurationError(
                    f"{args.file}: a login or an extension in it is somebody else's already"
                ) from None
            finally:
                database.stop()
        print(f"Written down: departments {len(people.departments)}, people {len(people.staff)}.")

    return run_in_reactor(write)
