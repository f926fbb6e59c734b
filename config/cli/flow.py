"""Check a menu flow, or draw it as a Mermaid diagram."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

EPILOG = """\
examples:
  hotline flow check config/flows/main.yaml           the menu that callers hear
  hotline flow graph config/flows/main.yaml           paste it where Mermaid is drawn"""

ANY_YEAR = (2026,)
"""What is wrong with a calendar's file does not depend on the year."""


def add_arguments(parser: ArgumentParser) -> None:
    """``flow check FILE`` and ``flow graph FILE``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in (
        ("check", "name every mistake by file, line and key"),
        ("graph", "print the flow as a Mermaid diagram"),
    ):
        action = actions.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=EPILOG,
            formatter_class=RawDescriptionHelpFormatter,
        )
        action.add_argument("file", type=Path, metavar="FILE", help="a flow in YAML")


def run(args: Namespace) -> int:
    """Print the mistakes (status 1) or the diagram; queues are those of the settings.

    ConfigurationError when the texts or the calendars are wrong themselves.
    """
    from config.cli import settings_of
    from cti.kernel.calendars import load_calendars
    from ivr.diagram import mermaid
    from ivr.loader import check, load
    from ivr.service import surroundings
    from prompts.catalogue import load_catalogue

    settings = settings_of(args)
    folder = settings.folders.of(settings.folders.calendars)
    around = surroundings(
        load_catalogue(),
        [queue.queue_id for queue in settings.queues],
        load_calendars(folder, ANY_YEAR).keys(),
        settings.ivr.transfers,
    )
    if args.action == "graph":
        print(mermaid(load(args.file, around)), end="")
        return 0
    errors = check(args.file, around)
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        return 1
    print(f"{args.file}: no mistake found")
    return 0
