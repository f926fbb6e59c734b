"""SIPp as the load: so many calls a second for so long, and what became of them."""

import csv
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.wire import Address
from tests.support.house import free_port

SCENARIO = Path(__file__).parent / "scenarios" / "hung_up_on.xml"
PATIENCE = 6.0
"""Seconds after the last call's start for all to end."""
LOOK = 0.25
OWN = 1.2
"""Seconds SIPp takes to start, to see that all is over, and to end."""
COMPLETE = "Retransmissions(C)"
"""A column of SIPp's statistics; a row that lacks it is still being written."""
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
        return bool(self.calls and punctual) and not self.failed and not self.retransmitted

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
        "-i", "127.0.0.1", "-p", str(free_port()),
        "-mi", "127.0.0.1", "-mp", str(free_port()),
        "-r", f"{rate:.0f}", "-m", str(calls), "-l", str(max(100, round(rate * PATIENCE))),
        "-recv_timeout", "4000", "-timeout", f"{seconds + PATIENCE:.0f}s", "-nostdin",
        "-trace_stat", "-stf", str(statistics), "-fd", "1",
    ]  # fmt: skip
    started = time.monotonic()
    process = subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _watch(process, statistics, seconds + PATIENCE)
    finally:
        process.kill()
        process.wait()
    took = time.monotonic() - started
    last = _last(statistics)
    placed, done = int(last["TotalCallCreated"]), int(last["SuccessfulCall(C)"])
    return Outcome(
        rate, placed, placed - done, int(last["Retransmissions(C)"]), max(seconds, took - OWN)
    )


def _watch(process: subprocess.Popen[bytes], statistics: Path, patience: float) -> None:
    """Until it ends; from the first thing that goes wrong on, no new calls are placed."""
    end, asked = time.monotonic() + patience, False
    while process.poll() is None and time.monotonic() < end:
        time.sleep(LOOK)
        last = _last(statistics)
        wrong = int(last.get("FailedCall(C)", 0)) or int(last.get("Retransmissions(C)", 0))
        if wrong and not asked:
            asked = True
            process.send_signal(signal.SIGUSR1)
            end = time.monotonic() + PATIENCE


def _last(statistics: Path) -> dict[str, str]:
    """SIPp's figures as it wrote them last; empty before it did."""
    try:
        with statistics.open(newline="") as lines:
            rows = [row for row in csv.DictReader(lines, delimiter=";") if row.get(COMPLETE)]
    except OSError:
        return {}
    return rows[-1] if rows else {}
