"""Measure this machine: `make bench`, or ``python -m benchmarks [NAME...]``."""

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import machine, sipp
from benchmarks.bench import Bench
from benchmarks.figures import Figure, as_json, table
from benchmarks.measures import (
    acd,
    bare,
    barge_in,
    calls,
    deadlines,
    flood,
    offer,
    prompt,
    queues,
    setup,
    shift,
    tickets,
)
from benchmarks.phones import Unanswered
from benchmarks.server import House
from benchmarks.target import WrongPeer, peer

MEASURES = {
    "acd": acd.measure,
    "setup": setup.measure,
    "offer": offer.measure,
    "prompt": prompt.measure,
    "barge-in": barge_in.measure,
    "bare": bare.measure,
    "music": calls.music,
    "bridge": calls.bridge,
    "queues": queues.measure,
    "deadlines": deadlines.measure,
    "workers": calls.workers,
    "flood": flood.measure,
    "shift": shift.measure,
    "tickets": tickets.measure,
}
USUAL = [name for name in MEASURES if name not in ("workers", "flood", "shift")]
TICKETS = 20_000
"""As many as a minute makes; the aims are for a million."""
LEVELS = "25,50,100,200,400"
EPILOG = """\
acd       a decision of the matcher among 5,000 agents with 10,000 callers waiting
setup     calls per second answered and hung up at once, by SIPp, without one failure; CPU per call
offer     from a free agent to the INVITE on their phone
prompt    from the 200 OK to the first RTP packet of the prompt
barge-in  from a key press to the silence of the prompt
bare      lateness of a loop that does nothing but send, on the server's core
music     callers hear music and talk: CPU per call, lateness and loss at each level
bridge    callers talk with as many others through us: CPU per call, delay variation, loss
queues    INVITE to INVITE, BYE to INVITE, with agents idle, busy, and busy elsewhere
deadlines 10,000 deadlines of tickets within one minute, in SQLite and PostgreSQL: how late each
          is, how long others wait
workers   bridge with one media worker and with two (wants three cores or more)
flood     50 calls and an honest caller beside 5,000 datagrams a second of several kinds
tickets   many tickets in SQLite and PostgreSQL: opening, lists, search, by HTTP and without it;
          a million of them (--tickets 1000000, make bench TICKETS=1000000) take 16 minutes
          and 12 GB for each database, are made once where they are kept (--keep FOLDER), and
          want a machine with 16 GB of memory (PostgreSQL has 6 of them)
shift     300 calls through one console page: what page and server hold (ten minutes, Chromium)

The server and all its processes run on the first core (--cores), what loads it on the last; its
CPU is that of all its processes. music and bridge measure without and with recordings.

What parts of us cost, without a house around them and without a quiet machine: python -m
benchmarks.work (signalling), .engine (packets), .media_link (commands to workers), .keeping (what
survives a restart), .browser (browsers' legs).

PEER=HOST:PORT in the environment puts setup, music, bridge and queues on another server too:
  PEER_NUMBERS="hang_up=101 music=120 direct=300 queue=201 other=211"
                    what it does when which number is called; what is not named is not measured
  PEER_AGENTS=6000,6001   ports of 127.0.0.1 where it calls the agents of its two queues
  PEER_PID=1234           whose CPU is its"""


def main() -> int:
    """Measure, each with a hotline of its own where it needs one, and print the table."""
    args = _parser().parse_args()
    names = args.names or USUAL
    try:
        if {"setup", "shift"} & set(names):
            sipp.needed()
        beside = peer()
    except (sipp.SippMissing, WrongPeer) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through every `finally`
    servers, generators = machine.divided(args.cores)
    print(machine.describe(), machine.prepare(), sep="\n", flush=True)
    os.sched_setaffinity(0, generators)
    figures, status = list[Figure](), 0
    with ExitStack() as leaving:
        folder = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="hotline-bench-")))
        house = House(cores=frozenset(servers), profile=args.profile)
        much = (args.seconds, args.levels, args.samples, args.tickets)
        bench = Bench(folder, leaving, house, beside, *much, args.keep)
        print(bench.layout, flush=True)
        for name in names:
            try:
                figures.extend(MEASURES[name](bench))
            except Unanswered as what:
                print(f"{name}: in vain was waited until {what}", file=sys.stderr, flush=True)
                status = 1
    print(machine.describe(), table(figures), sep="\n")
    if args.json:
        report = {"machine": machine.describe(), "figures": as_json(figures)}
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    help_names = f"of {', '.join(MEASURES)} (default: all but workers, flood, shift)"
    add("names", nargs="*", metavar="NAME", choices=[*MEASURES, []], help=help_names)
    add("--seconds", type=float, default=10.0, help="how long a steady load lasts (10)")
    add("--levels", type=_levels, default=LEVELS, help=f"how many calls are up ({LEVELS})")
    add("--samples", type=int, default=200, help="how often each delay is measured (200)")
    add("--tickets", type=int, default=TICKETS, help=f"how many tickets there are ({TICKETS:,})")
    add("--keep", type=_folder, metavar="FOLDER", help="keep the tickets there between runs")
    add("--cores", type=int, default=1, help="how many cores the server may have (1)")
    add("--json", type=Path, metavar="FILE", help="write the figures there too")
    add("--profile", type=Path, metavar="FILE", help="run the server under cProfile")
    return parser


def _folder(text: str) -> Path:
    folder = Path(text).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _levels(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
