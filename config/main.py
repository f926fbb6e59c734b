"""The command ``hotline``: finds the subcommand, and says errors of configuration plainly."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from config.cli import COMMANDS, USUAL_FILE
from config.located import located
from cti.kernel.errors import ConfigurationError

WRONG_USE = 2
INTERRUPTED = 130
READ_NO_FURTHER = 141

EPILOG = """\
three terminals show all of it:
  hotline serve                            the bank's telephone service
  hotline phone 1001                       an agent's telephone
  hotline call 95588 --keys "1 0"          a caller

`hotline COMMAND --help` tells more about each command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = parser(words).parse_args(words)
    try:
        status: int = import_module(f"config.cli.{args.command}").run(args)
    except ConfigurationError as error:
        print(located(error, args.config or USUAL_FILE), file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # whoever read what we print wants no more of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READ_NO_FURTHER
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def parser(words: Sequence[str]) -> ArgumentParser:
    """The parser, with the arguments of those commands that occur in `words`."""
    top = ArgumentParser(
        prog="hotline",
        description="The telephone service of a bank: menus, queue, agents, tickets, wall board.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"hotline {version('hotline')}")
    top.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: hotline.yaml, if it exists)"
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, formatter_class=RawDescriptionHelpFormatter
        )
        if name in words:
            module = import_module(f"config.cli.{name}")
            command.description = module.__doc__
            module.add_arguments(command)
    return top


if __name__ == "__main__":
    sys.exit(main())
