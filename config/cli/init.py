"""Create the database, the announcements and the demo bank, and stop."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import AsyncExitStack
from typing import Any


def add_arguments(parser: ArgumentParser) -> None:
    """Everything is in the settings."""


def run(args: Namespace) -> int:
    """Create what is missing; what is there is left alone."""
    from config.cli import keep_private, settings_of
    from config.cli.running import run_in_reactor
    from config.foundation import Foundation
    from config.log import start_log
    from config.progress import TerminalProgress

    settings = settings_of(args)
    keep_private()

    async def create(reactor: Any) -> None:
        start_log(settings.folders.base, verbose=False)
        async with AsyncExitStack() as running:
            await Foundation(settings, reactor).prepare(running, TerminalProgress())
        print(f"Everything is in {settings.folders.base.absolute()}.")

    return run_in_reactor(create)
