"""Show what went over the wire for a call: a ladder of its SIP messages, all legs joined.

Without CALL the last calls are listed. A call is named by our call id or a part of it, by a SIP
Call-ID, or by a telephone number that called or was called. The server need not run: the trace
outlives it.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.cli.terminal import language_of

if TYPE_CHECKING:
    from cti.trace.finding import Traced
    from cti.trace.ladder import Line
    from cti.trace.records import Record

EPILOG = """\
examples:
  hotline trace                            the last calls, each with its call id
  hotline trace 13800138000                the last call from or to that number
  hotline trace 20260301-0915 --all        every call that began in that minute
  hotline trace 13800138000 --messages     the messages themselves, without their secrets
  hotline trace 13800138000 --pcap a.pcap  a file for Wireshark
  hotline trace 1001 --follow              what happens from now on as well"""

NOTHING_FOUND = 1
LISTED = 20
LOOK = 0.3
"""Seconds between two looks at the file of a running server."""
COLOURS = {"head": "1", "request": "36", "progress": "33", "success": "32", "failure": "31"}
LANGUAGES = ("en", "zh")


def add_arguments(parser: ArgumentParser) -> None:
    """The call, and how it is to be shown."""
    parser.epilog = EPILOG
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument(
        "call", metavar="CALL", nargs="?", help="call id, Call-ID or telephone number"
    )
    parser.add_argument("--all", action="store_true", help="every such call, not the last alone")
    parser.add_argument("--messages", action="store_true", help="print the messages whole")
    parser.add_argument("--pcap", type=Path, metavar="FILE", help="write them for Wireshark")
    parser.add_argument("--follow", action="store_true", help="go on while the server runs")
    parser.add_argument(
        "--language", choices=LANGUAGES, help="of the ladder (default: the terminal's)"
    )


def run(args: Namespace) -> int:
    """Print the calls; status 1 when there are none of that name."""
    from config.cli import settings_of
    from cti.kernel.errors import ConfigurationError
    from cti.trace.ring_file import reading

    settings = settings_of(args)
    view = View(args, settings.time_zone)
    if args.call is None and (args.messages or args.pcap or args.follow):
        raise ConfigurationError("is needed; `hotline trace` alone lists them", key="CALL")
    with ExitStack() as open_ones:
        try:
            memory = open_ones.enter_context(reading(settings.trace_file))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            print(f"{settings.trace_file}: {reason}", file=sys.stderr)
            return NOTHING_FOUND
        if args.call is None:
            return view.overview(_records(memory))
        return _follow(view, memory) if args.follow else view.show(_records(memory))


class View:
    """Prints what is asked for, and when it is asked again, what has changed since."""

    def __init__(self, args: Namespace, time_zone: str) -> None:
        from zoneinfo import ZoneInfo

        self._args, self._zone = args, ZoneInfo(time_zone)
        self._printed: list[str] = []

    def overview(self, records: Sequence[Record]) -> int:
        """Print a line for each of the last calls, or for all; status 1 when there is none."""
        from datetime import datetime

        from cti.trace.finding import calls_in

        calls = [call for call in calls_in(records) if call.invitation is not None]
        for call in calls if self._args.all else calls[-LISTED:]:
            began = datetime.fromtimestamp(call.began, self._zone)
            first = call.invitation
            who = f"{first.calling} -> {first.called or first.recipient}" if first else ""
            said = f"{call.name}  {began:%Y-%m-%d %H:%M:%S %z}  {who}"
            print("".join(each if each.isprintable() else "?" for each in said))
        if not calls:
            print("no call is in the trace", file=sys.stderr)
            return NOTHING_FOUND
        if len(calls) > LISTED and not self._args.all:
            print(f"\n{len(calls) - LISTED} more (--all shows each)", file=sys.stderr)
        return 0

    def show(self, records: Sequence[Record]) -> int:
        """Print the calls; status 1 when nothing is found."""
        from cti.trace.finding import find

        calls = find(records, self._args.call)
        if not calls:
            print(f"no call in the trace is named {self._args.call}", file=sys.stderr)
            return NOTHING_FOUND
        shown = calls if self._args.all else calls[-1:]
        status = 0
        if self._args.pcap is not None:
            status = self._write(shown)
        else:
            self._print([line for call in shown for line in self._lines(call)])
        if len(shown) < len(calls):
            others = ", ".join(call.name for call in calls[-4:-1])
            print(f"\n{len(calls) - 1} more: {others} (--all shows each)", file=sys.stderr)
        return status

    def add(self, records: Sequence[Record]) -> None:
        """Print what is new of the last call."""
        from cti.trace.finding import find

        calls = find(records, self._args.call)
        if calls:
            self._print(self._lines(calls[-1]))

    def _lines(self, call: Traced) -> list[str]:
        from cti.kernel.vocabulary import Language
        from cti.trace.ladder import ladder
        from cti.trace.words import WORDS

        if self._args.messages:
            return [text for each in call.messages for text in message_lines(each, call.began)]
        language = self._args.language or language_of(os.environ)
        width = shutil.get_terminal_size((80, 24)).columns
        lines = ladder(
            call, WORDS[Language(language)], width, self._zone, collapse=not self._args.follow
        )
        return [self._coloured(line) for line in (*lines,)]

    def _coloured(self, line: Line) -> str:
        colour = COLOURS.get(line.style.value)
        if colour is None or not sys.stdout.isatty() or "NO_COLOR" in os.environ:
            return line.text
        return f"\x1b[{colour}m{line.text}\x1b[0m"

    def _print(self, lines: list[str]) -> None:
        old = len(self._printed)
        again = lines[:old] != self._printed
        if again and old:
            print()
        for line in lines if again else lines[old:]:
            print(line, flush=True)
        self._printed = lines

    def _write(self, calls: Sequence[Traced]) -> int:
        from cti.trace.pcap import capture

        messages = [each.message for call in calls for each in call.messages]
        try:
            self._args.pcap.write_bytes(b"".join(capture(messages)))
        except OSError as error:
            print(f"{self._args.pcap}: {error.strerror}", file=sys.stderr)
            return NOTHING_FOUND
        print(f"{len(messages)} messages in {self._args.pcap}")
        return 0


def message_lines(summary: Any, began: float) -> list[str]:
    """A message whole, with when and between whom, and nothing a terminal would obey."""
    message = summary.message
    ends = [str(message.local), str(message.remote)]
    source, target = ends if message.direction else ends[::-1]
    text = message.data.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
    lines = ["".join(c if c.isprintable() else "?" for c in line) for line in text.split("\n")]
    over = message.remote.transport.value
    return [f"--- {message.at - began:.3f} s  {source} -> {target}  {over}", *lines, ""]


def _records(memory: memoryview) -> list[Record]:
    from cti.trace.ring_file import records

    return [record for _, record in records(memory)]


def _follow(view: View, memory: memoryview) -> int:
    """Look at the file again and again until interrupted."""
    from twisted.internet.task import LoopingCall

    from config.cli.running import run_in_reactor
    from cti.trace.ring_file import records

    seen: list[Record] = []
    last = 0

    def look() -> None:
        nonlocal last
        found = list(records(memory, last))
        if found:
            last = found[-1][0]
            seen.extend(record for _, record in found)
            view.add(seen)

    async def main(reactor: Any) -> None:
        looking = LoopingCall(look)
        looking.clock = reactor
        await looking.start(LOOK)

    return run_in_reactor(main)
