"""Fill the running hotline with agents and callers; every one of their calls is a real one."""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

EPILOG = """\
examples:
  hotline demo                                        12 agents, 20 calls a minute
  hotline demo --agents 4 --calls-per-minute 40       more callers than agents: watch them wait

Agents sit at the extensions from 1001 on, so those must not be in use. Ctrl-C sends all home."""

FIRST_EXTENSION = 1001


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own words."""
    from config.cli.telephones import add_server_arguments

    parser.epilog = EPILOG
    add = parser.add_argument
    add("--agents", type=int, default=12, help="how many sign in (12; the demo bank has 16)")
    add("--calls-per-minute", type=float, default=20.0, help="on average (20)")
    add("--talk-for", type=float, default=25.0, help="mean seconds of a conversation (25)")
    add("--minutes", type=float, help="stop after so long (default: when interrupted)")
    add("--seed", type=int, help="make the same choices again")
    add("--number", default="95588", help="what callers dial (95588)")
    add_server_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the house until interrupted, or for so many minutes."""
    from random import Random

    from config.cli.crowd import Crowd
    from config.cli.telephones import react, servers_of
    from config.cli.terminal import Terminal

    server, web = servers_of(args)

    async def fill(reactor: Any) -> int:
        terminal = Terminal(reactor)
        with TemporaryDirectory() as folder:
            crowd = Crowd(reactor, server, web, Random(args.seed), Path(folder), args.talk_for)
            async with crowd.agents(FIRST_EXTENSION, args.agents):
                terminal.say(f"{args.agents} agents are signed in and ready")
                await crowd.call(args.number, args.calls_per_minute, args.minutes, terminal.say)
        return 0

    return react(fill)
