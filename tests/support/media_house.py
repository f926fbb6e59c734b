"""A server with media workers and nothing else, in a process of its own: to be killed in mid-call.

`python -m tests.support.media_house FOLDER ORPHAN_TIME`, spoken to as `PeerProcess` does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.protocols.basic import LineReceiver

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, MediaTarget
from cti.transport.media_client import MediaWorkers
from cti.worker.settings import MediaSettings
from tests.support.reactor import reactor
from tests.support.rtp_phone import EVENTS, Ear

CALL = CallId("call")
ONE, TWO = ConnectionId("one"), ConnectionId("two")


def settings(orphan_time: float) -> MediaSettings:
    """Those of the server, and of one that takes up what it left."""
    return MediaSettings(first_port=33000, last_port=33998, orphan_time=orphan_time)


class MediaHouse(LineReceiver):
    """Starts, then bridges two telephones and records the first."""

    delimiter = b"\n"

    def __init__(self, run: Path, orphan_time: float) -> None:
        self._workers = MediaWorkers(reactor(), settings(orphan_time), run, Ear(), count=1)

    def lineReceived(self, line: bytes) -> None:
        asked: dict[str, Any] = json.loads(line)
        Deferred.fromCoroutine(self._bridge(asked["ports"], Path(asked["record"])))

    async def _bridge(self, ports: list[int], record: Path) -> None:
        await self._workers.start()
        addresses = []
        for leg, port in zip((ONE, TWO), ports, strict=True):
            addresses.append(await self._workers.open(leg, CALL))
            self._workers.configure(leg, MediaTarget("127.0.0.1", port, Codec.PCMA, EVENTS))
        self._workers.hear(ONE, [TWO])
        self._workers.hear(TWO, [ONE])
        self._workers.record(ONE, record)
        said = {
            "worker": self._workers.processes[0],
            "ports": [address.port for address in addresses],
        }
        self.sendLine(json.dumps(said).encode())


if __name__ == "__main__":
    stdio.StandardIO(MediaHouse(Path(sys.argv[1]), float(sys.argv[2])))
    reactor().run()
