"""A browser without a browser: aiortc in a process of its own, told what to do line by line.

`python -m tests.support.aiortc_peer FREQUENCY` reads a JSON object per line and answers with one:
``offer`` gives a description, ``accept`` takes the answer, ``answer`` takes an offer and gives an
answer, ``report`` tells the state and the last half second heard, ``close`` ends it.
"""

import asyncio
import json
import sys
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from tests.support.audio import RATE, tone

FRAME = RATE // 50


class Voice(MediaStreamTrack):
    """Says a tone, 20 ms at a time."""

    kind = "audio"

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self._samples = tone(frequency, 1.0)
        self._sent = 0
        self._begun: float | None = None

    async def recv(self) -> AudioFrame:
        now = asyncio.get_running_loop().time()
        if self._begun is None:
            self._begun = now
        await asyncio.sleep(max(0.0, self._begun + self._sent / RATE - now))
        place = self._sent % RATE
        part = self._samples[place : place + FRAME]
        frame = AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._sent, Fraction(1, RATE)
        self._sent += FRAME
        return frame


class Peer:
    """One connection and what it hears."""

    def __init__(self, frequency: float) -> None:
        self._connection = RTCPeerConnection()
        self._connection.addTrack(Voice(frequency))
        self._heard: list[Any] = []
        self._listening: asyncio.Task[None] | None = None
        self._connection.on("track", self._listen)

    async def do(self, said: dict[str, Any]) -> dict[str, Any]:
        match said:
            case {"do": "offer"}:
                await self._connection.setLocalDescription(await self._connection.createOffer())
                return {"sdp": self._connection.localDescription.sdp}
            case {"do": "accept", "sdp": sdp}:
                await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
            case {"do": "answer", "sdp": sdp}:
                await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
                await self._connection.setLocalDescription(await self._connection.createAnswer())
                return {"sdp": self._connection.localDescription.sdp}
            case {"do": "report"}:
                last = np.concatenate(self._heard[-25:]) if self._heard else np.zeros(0, np.int16)
                return {
                    "state": self._connection.connectionState,
                    "frames": len(self._heard),
                    "last": last.tolist(),
                }
        return {}

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
        await self._connection.close()

    def _listen(self, track: Any) -> None:
        self._listening = asyncio.ensure_future(self._keep(track))

    async def _keep(self, track: Any) -> None:
        try:
            while True:
                frame = await track.recv()
                samples = frame.to_ndarray().reshape(-1).astype(np.int16)
                self._heard.append(samples[:: frame.sample_rate // RATE])
        except MediaStreamError:
            return


async def main(frequency: float) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    peer = Peer(frequency)
    while line := await lines.readline():
        said = json.loads(line)
        if said["do"] == "close":
            break
        sys.stdout.write(json.dumps(await peer.do(said)) + "\n")
        sys.stdout.flush()
    await peer.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
