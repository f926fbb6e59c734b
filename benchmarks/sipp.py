"""SIPp as the load: so many calls a second for so long, and what became of them."""

import csv
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import free_port
from benchmarks.wire import Address

SCENARIO = Path(__file__).parent / "scenarios" / "hung_up_on.xml"
PATIENCE = 10.0
"""Seconds after the last call's start for all to end."""
PUNCTUAL = 0.95
"""A run counts only when at least so much of the asked rate was really offered."""


class SippMissing(Exception):  # noqa: N818  (named for what is the matter)
    """There is no SIPp on this machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run."""

    rate: float
    calls: int
    failed: int
    retransmitted: int
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether not one call failed, no message was sent twice, and all came in time."""
        punctual = self.calls / self.seconds >= PUNCTUAL * self.rate
        return not self.failed and not self.retransmitted and punctual

    def __str__(self) -> str:
        return (
            f"{self.rate:.0f}/s: {self.calls} calls in {self.seconds:.1f} s, "
            f"{self.failed} failed, {self.retransmitted} retransmissions"
        )


def needed() -> str:
    """The path of SIPp; SippMissing tells how to get it."""
    path = shutil.which("sipp")
    if path is None:
        raise SippMissing(
            "sipp is missing: on Debian, apt-get install --no-install-recommends sip-tester"
        )
    return path


def offer(server: Address, number: str, rate: float, seconds: float, folder: Path) -> Outcome:
    """Offer the server that many calls a second for so long."""
    calls = max(1, round(rate * seconds))
    statistics = folder / f"sipp-{rate:.0f}-{time.monotonic_ns()}.csv"
    arguments = [
        needed(), f"{server[0]}:{server[1]}", "-sf", str(SCENARIO), "-s", number,
        "-i", "127.0.0.1", "-p", str(free_port(socket.SOCK_DGRAM)), "-mi", "127.0.0.1",
        "-r", f"{rate:.0f}", "-m", str(calls), "-l", str(max(100, round(rate * PATIENCE))),
        "-recv_timeout", "5000", "-timeout", f"{seconds + PATIENCE:.0f}s", "-nostdin",
        "-trace_stat", "-stf", str(statistics), "-fd", "1",
    ]  # fmt: skip
    started = time.monotonic()
    subprocess.run(
        arguments,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=seconds + 2 * PATIENCE,
    )
    took = time.monotonic() - started
    with statistics.open(newline="") as lines:
        last = list(csv.DictReader(lines, delimiter=";"))[-1]
    done = int(last["SuccessfulCall(C)"])
    # The last call begins one gap before the end, and SIPp itself takes a moment to stop.
    return Outcome(
        rate,
        calls,
        calls - done,
        int(last["Retransmissions(C)"]),
        max(seconds, took - SIPP_OWN_SECONDS),
    )


SIPP_OWN_SECONDS = 1.2
"""What SIPp takes to start, to see that all is over, and to end."""
