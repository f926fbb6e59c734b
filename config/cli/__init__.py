"""The subcommands of ``hotline``, one module each.

A module gives ``add_arguments(parser)`` and ``run(args) -> int`` (the exit status). Only the
module of the command asked for is imported, and modules import what is heavy inside ``run``, so
that every command starts quickly. `settings_of(args)` reads the settings file.
"""

import os
from argparse import Namespace
from pathlib import Path

from config.settings import Settings

COMMANDS = {
    "serve": "start the hotline; initialises first what is missing",
    "call": "place a call from the terminal and hear what a caller hears",
    "phone": "be an agent's telephone: register, ring, answer",
    "demo": "fill the running hotline with agents and callers",
    "trace": "show what went over the wire for a call, as a ladder",
    "flow": "check a menu flow, or draw it",
    "due": "tell when something is due, and why, line by line",
    "calendar": "print a working calendar as it is in force",
    "trunks": "show how the lines to the outside stand",
    "bans": "show who is banned from calling; ban, or lift a ban",
    "recordings": "check that nobody changed recordings; list, export, keys",
    "mail": "hand a letter over, as the bank's mail server would",
    "staff": "write down the bank's departments and staff, from a file",
    "init": "create the database, the prompts and the demo bank, and stop",
}
"""Name of the module, and what `hotline --help` says of it."""

NOT_OTHERS = 0o027
USUAL_FILE = Path("hotline.yaml")


def keep_private() -> None:
    """What is written from now on is for our group at most: customers stand in it, and voices."""
    os.umask(NOT_OTHERS)


def settings_of(args: Namespace) -> Settings:
    """Settings from ``--config``, else from ``hotline.yaml`` here, else the defaults."""
    from config.settings_file import read_settings  # the YAML reader is not needed without a file

    if args.config is not None:
        return read_settings(args.config)
    return read_settings(USUAL_FILE) if USUAL_FILE.is_file() else Settings()
