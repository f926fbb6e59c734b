"""What a leg's commands cost server and media worker: opened, configured, played to and closed.

`python -m benchmarks.media_link [LEGS]`
"""

import sys
import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.defer import Deferred, DeferredList

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, MediaTarget
from cti.transport.media_client import MediaWorkers
from cti.worker.settings import MediaSettings
from tests.support.audio import tone, write_wave
from tests.support.reactor import begin, pause, reactor, run_in_reactor
from tests.support.rtp_phone import Ear

SETTINGS = MediaSettings(first_port=36000, last_port=37998)
TARGET = MediaTarget("127.0.0.1", 9, Codec.PCMA, 101)
AT_ONCE = 10
"""Legs opened and closed side by side."""
WARM_UP = 200
NANO = 1e-9


def cpu_seconds(pid: int) -> float:
    """What the process has used so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) * NANO


async def _legs(workers: MediaWorkers, numbers: "count[int]", last: int, sound: Path) -> None:
    while (number := next(numbers)) < last:
        leg = ConnectionId(f"20250101-120000-{number:08x}.1")
        await workers.open(leg, CallId(f"20250101-120000-{number:08x}"))
        workers.configure(leg, TARGET)
        workers.play(leg, number, [sound])
        await pause(0)
        await workers.close(leg)


async def _all(workers: MediaWorkers, legs: int, sound: Path) -> None:
    numbers = count()
    at_once: list[Deferred[None]] = [
        begin(_legs(workers, numbers, legs, sound)) for _ in range(AT_ONCE)
    ]
    await DeferredList(at_once)


async def measure(legs: int, folder: Path) -> None:
    """Print what each leg cost."""
    sound = write_wave(folder / "tone.wav", tone(600, 1.0))
    workers = MediaWorkers(reactor(), SETTINGS, folder / "run", Ear(), count=1)
    await workers.start()
    (pid,) = workers.processes
    await _all(workers, WARM_UP, sound)
    began, ours, theirs = time.monotonic(), time.process_time(), cpu_seconds(pid)
    await _all(workers, legs, sound)
    passed = time.monotonic() - began
    ours, theirs = time.process_time() - ours, cpu_seconds(pid) - theirs
    print(
        f"{legs} legs in {passed:.1f} s: server {1e6 * ours / legs:.0f} us each, "
        f"worker {1e6 * theirs / legs:.0f} us each"
    )
    await workers.shut_down()


if __name__ == "__main__":
    LEGS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with TemporaryDirectory() as TEMPORARY:
        run_in_reactor(lambda: measure(LEGS, Path(TEMPORARY)), timeout=60)
