"""Make the tickets, and keep them: ``python -m benchmarks.tickets --keep FOLDER``."""

import signal
import sys
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.tickets.million import Size, lives_of
from benchmarks.tickets.stores import databases, make


def main() -> int:
    """Make what is not made yet; a run that was broken off is gone on with."""
    parser = ArgumentParser(prog="python -m benchmarks.tickets", description=__doc__)
    add = parser.add_argument
    add("--keep", type=Path, required=True, metavar="FOLDER", help="where they lie")
    add("--tickets", type=int, default=1_000_000, help="how many (1,000,000)")
    add("--database", choices=databases(), action="append", help="default: all that there are")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through every `finally`
    folder = args.keep.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    size = Size(args.tickets)
    lived = lives_of(size, folder, _say)
    for name in args.database or databases():
        _say(f"{name}:")
        make(folder, name, size, lived, _say)
    return 0


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
