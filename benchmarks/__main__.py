"""Measure this machine: `make bench`, or ``python -m benchmarks [NAME...]``."""

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import machine, sipp
from benchmarks.bench import Bench
from benchmarks.figures import as_json, table
from benchmarks.measures import barge_in, media, offer, prompt, setup
from benchmarks.server import running_server

MEASURES = {
    "setup": setup.measure,
    "offer": offer.measure,
    "prompt": prompt.measure,
    "barge-in": barge_in.measure,
    "media": media.measure,
}
EPILOG = """\
setup     calls per second answered and hung up at once, by SIPp, without one failure; CPU per call
offer     from a free agent to the INVITE on their phone
prompt    from the 200 OK to the first RTP packet of the prompt
barge-in  from a key press to the silence of the prompt
media     lateness of RTP packets with many calls up, beside a bare loop's on this machine

PEER=[NUMBER@]HOST[:PORT] in the environment puts the setup load on another server too: one that
answers NUMBER (95001) and hangs up at once."""


def main() -> int:
    """Start a hotline, measure it, print the table."""
    args = _parser().parse_args()
    names = args.names or list(MEASURES)
    try:
        if "setup" in names:
            sipp.needed()
    except sipp.SippMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through every `finally`
    figures = []
    print(machine.describe(), flush=True)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        print("starting a hotline", file=sys.stderr, flush=True)
        agents = max(offer.AGENTS, args.calls // 2)
        with running_server(Path(folder), agents, args.profile) as server:
            bench = Bench(server, Path(folder), args.seconds, args.calls, args.samples)
            for name in names:
                figures += MEASURES[name](bench)
    print(table(figures))
    if args.json:
        report = {"machine": machine.describe(), "figures": as_json(figures)}
        args.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)} (default: all)")
    add("--seconds", type=float, default=10.0, help="how long a steady load lasts (10)")
    add("--calls", type=int, default=100, help="calls up while RTP is measured (100)")
    add("--samples", type=int, default=200, help="how often each delay is measured (200)")
    add("--json", type=Path, metavar="FILE", help="write the figures there too")
    add("--profile", type=Path, metavar="FILE", help="run the server under cProfile")
    return parser


if __name__ == "__main__":
    sys.exit(main())
