"""What a browser's leg costs the media worker: bridged pairs of light browsers, by its CPU time.

`python -m benchmarks.browser [LEGS] [SECONDS]`
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cti.call import negotiation
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Security
from cti.sip.sdp import SessionDescription
from cti.transport.media_client import MediaWorkers
from cti.worker.settings import MediaSettings
from tests.support.peer_process import PeerProcess
from tests.support.reactor import pause, reactor, run_in_reactor
from tests.support.rtp_phone import Ear

SETTINGS = MediaSettings(first_port=36000, last_port=37998)
WARM_UP = 4.0
"""Seconds until every handshake is over."""
TICKS_PER_SECOND = 100


def cpu_seconds(pid: int) -> float:
    """What the process has used so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


async def _connect(workers: MediaWorkers, peer: PeerProcess, number: int) -> None:
    leg, group = ConnectionId(f"leg-{number}"), CallId(f"call-{number // 2}")
    local = await workers.open(leg, group, Security.DTLS)
    said: dict[str, Any] = await peer.ask("offer")
    offer = SessionDescription.parse(said["sdp"].encode())
    answer = negotiation.describe(local, offer)
    target = negotiation.target(offer, answer, local)
    assert target is not None
    workers.configure(leg, target)
    await peer.ask("accept", browser=said["browser"], sdp=str(answer))
    if number % 2:
        other = ConnectionId(f"leg-{number - 1}")
        workers.hear(leg, [other])
        workers.hear(other, [leg])


async def measure(legs: int, seconds: float, run: Path) -> None:
    workers = MediaWorkers(reactor(), SETTINGS, run, Ear(), count=1)
    await workers.start()
    peer = PeerProcess("tests.support.raw_browser", 440.0)
    for number in range(legs):
        await _connect(workers, peer, number)
    await pause(WARM_UP)
    (pid,) = workers.processes
    before = [await peer.ask("report", browser=number) for number in range(legs)]
    began, used = time.monotonic(), cpu_seconds(pid)
    await pause(seconds)
    passed, used = time.monotonic() - began, cpu_seconds(pid) - used
    after = [await peer.ask("report", browser=number) for number in range(legs)]
    heard = [
        late["received"] - early["received"] for early, late in zip(before, after, strict=True)
    ]
    share = 100 * used / passed / legs
    print(f"{legs} browsers, {passed:.1f} s: {share:.3f} % of a core for each")
    print(f"packets each heard: {min(heard)} to {max(heard)}, {50 * passed:.0f} were said")
    print(f"refused: {sum(each['refused'] for each in after)}")
    await peer.close()
    await workers.shut_down()


if __name__ == "__main__":
    LEGS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    with TemporaryDirectory() as FOLDER:
        run_in_reactor(lambda: measure(LEGS, SECONDS, Path(FOLDER)), timeout=SECONDS + 60)
