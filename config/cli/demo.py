"""Fill the running hotline with agents and callers; every one of their calls is a real one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.cli.crowd import Crowd
    from config.cli.terminal import Terminal

EPILOG = """\
examples:
  hotline demo                                        12 agents, 20 calls a minute
  hotline demo --agents 4 --calls-per-minute 40       more callers than agents: watch them wait

Agents sit at the extensions from 1001 on, so those must not be in use. Ctrl-C sends all home."""

FIRST_EXTENSION, AGENTS = 1001, 16
LIVE_SECONDS, REPORT_SECONDS = 1.0, 10.0
"""How often the standing is told to a terminal, and to a file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own words."""
    from config.cli.telephones import add_server_arguments

    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--agents",
        type=int,
        default=12,
        metavar="N",
        help=f"how many sign in (12; the demo bank has {AGENTS})",
    )
    add("--calls-per-minute", type=float, default=20.0, metavar="N", help="on average (20)")
    add("--talk-for", type=float, default=25.0, metavar="SECONDS", help="mean of a talk (25)")
    add("--minutes", type=float, metavar="N", help="stop after so long (default: when interrupted)")
    add("--seed", type=int, metavar="N", help="the same seed makes the same choices again")
    add("--number", default="95588", help="what callers dial (95588)")
    add_server_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the house until interrupted, or for so many minutes."""
    from random import Random

    from config.cli.crew import Workplace
    from config.cli.crowd import Crowd
    from config.cli.telephones import media_engine, react, servers_of
    from config.cli.terminal import Terminal
    from cti.kernel.errors import ConfigurationError

    server, web = servers_of(args)
    if not 0 <= args.agents <= AGENTS:
        raise ConfigurationError(f"the demo bank has {AGENTS} agents", key="--agents")
    if args.calls_per_minute <= 0:
        raise ConfigurationError("is more than 0", key="--calls-per-minute")

    async def fill(reactor: Any) -> int:
        terminal = Terminal(reactor)
        with TemporaryDirectory() as folder:
            engine = media_engine(reactor, server)
            crowd = Crowd(Workplace(reactor, server, web, engine, Path(folder)), Random(args.seed))
            try:
                async with crowd.agents(FIRST_EXTENSION, args.agents, args.talk_for):
                    terminal.say(f"{args.agents} agents are signed in and ready")
                    with reporting(reactor, crowd, terminal):
                        await crowd.call(args.number, args.calls_per_minute, args.minutes)
                    terminal.say("the callers have hung up; the agents sign out")
            finally:
                for line in crowd.summary():
                    terminal.say(line)
        return 0

    return react(fill)


@contextmanager
def reporting(reactor: Any, crowd: Crowd, terminal: Terminal) -> Iterator[None]:
    """Tell how it goes: every second in a line that changes, or line after line to a file."""
    from twisted.internet.task import LoopingCall

    def report() -> None:
        if terminal.live:
            terminal.show(crowd.standing(), get_terminal_size().columns)
        else:
            terminal.say(crowd.standing())

    telling = LoopingCall(report)
    telling.clock = reactor
    telling.start(LIVE_SECONDS if terminal.live else REPORT_SECONDS)
    try:
        yield
    finally:
        telling.stop()
