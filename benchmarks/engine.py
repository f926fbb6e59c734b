"""What a packet costs the media engine: microseconds of CPU, sound in and out on real sockets.

``python -m benchmarks.engine [relay|music|receive|mixing ...] --legs N --seconds N --record``

The engine runs in this process, so that its CPU time is this process's own and that of the child
that writes recordings; those who send and receive are the two processes of `benchmarks.sender` and
`benchmarks.receiver`.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Sequence
from cProfile import Profile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater, react
from twisted.internet.threads import deferToThread

from benchmarks import machine, wire
from benchmarks.figures import spread
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.model import Codec, MediaAddress, MediaTarget
from cti.worker.disk import ThreadDisk
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from cti.worker.writer_link import ProcessDesk, start_writer

PER_SECOND = 50
SETTLE = 1.0
CONFERENCE = 4
EVENTS = 101

Arrange = Callable[[MediaEngine, Sequence[ConnectionId], Path], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What the legs do, how many of them are in one call, and whether they are sent anything."""

    arrange: Arrange
    of_a_call: int
    sends: bool = True


def _relay(engine: MediaEngine, legs: Sequence[ConnectionId], _music: Path) -> None:
    for one, two in zip(legs[::2], legs[1::2], strict=True):
        engine.hear(one, [two])
        engine.hear(two, [one])


def _music(engine: MediaEngine, legs: Sequence[ConnectionId], music: Path) -> None:
    for number, leg in enumerate(legs):
        engine.play(leg, number, [music], repeat=True)


def _receive(_engine: MediaEngine, _legs: Sequence[ConnectionId], _music: Path) -> None:
    """Nobody hears anybody."""


def _mix(engine: MediaEngine, legs: Sequence[ConnectionId], _music: Path) -> None:
    for begin in range(0, len(legs), CONFERENCE):
        party = legs[begin : begin + CONFERENCE]
        for leg in party:
            engine.hear(leg, [each for each in party if each != leg])


LOADS = {
    "relay": Load(_relay, 2),
    "music": Load(_music, 1),
    "receive": Load(_receive, 1, sends=False),
    "mixing": Load(_mix, CONFERENCE),
}


class Run:
    """One load on an engine of its own."""

    def __init__(self, reactor: Any, load: Load, args: argparse.Namespace, folder: Path) -> None:
        self._reactor, self._load, self._args, self._folder = reactor, load, args, folder
        self._writer: subprocess.Popen[bytes] | None = None
        settings = MediaSettings(first_port=24000, last_port=29998)
        desk = ProcessDesk(reactor, self._start_writer, ThreadDisk(reactor))
        self._engine = MediaEngine(reactor, settings, desk=desk)
        self._ears = [wire.timed_socket() for _ in range(args.legs)]

    def _start_writer(self, end: socket.socket) -> "subprocess.Popen[bytes]":
        self._writer = start_writer((), end)
        return self._writer

    def _cpu(self) -> float:
        writer = machine.own_seconds(self._writer.pid) if self._writer else 0.0
        return time.process_time() + writer

    async def measure(self) -> str:
        """The figures in a line."""
        args, music = self._args, self._folder / "music.wav"
        _write_tone(music)
        names = [ConnectionId(f"leg{number}") for number in range(args.legs)]
        ports = [(await self._open(name, number)).port for number, name in enumerate(names)]
        self._load.arrange(self._engine, names, music)
        sender = self._start("sender", f"--ports={','.join(map(str, ports))}", "--seconds=900")
        try:
            await deferLater(self._reactor, SETTLE, lambda: None)
            receiver = self._start("receiver", f"--seconds={args.seconds}")
            began, at = self._cpu(), time.monotonic()
            await deferLater(self._reactor, args.seconds, lambda: None)
            cpu, lasted = self._cpu() - began, time.monotonic() - at
            said, _ = await deferToThread(receiver.communicate)
        finally:
            sender.kill()
            sender.wait()
            await self._engine.shut_down()
            for ear in self._ears:
                ear.close()
        return self._line(cpu, lasted, json.loads(said))

    def _open(self, name: ConnectionId, number: int) -> Deferred[MediaAddress]:
        call = CallId(f"call{number // self._load.of_a_call}")
        port = self._ears[number].getsockname()[1]
        opening = self._engine.open(name, call)
        target = MediaTarget("127.0.0.1", port, Codec.PCMA, EVENTS, self._load.sends)
        self._engine.configure(name, target)
        if self._args.record:
            self._engine.record(name, self._folder / f"{name}.wav")
        return opening

    def _start(self, program: str, *options: str) -> "subprocess.Popen[bytes]":
        fds = [ear.fileno() for ear in self._ears]
        command = [sys.executable, "-m", f"benchmarks.{program}"]
        command.append(f"--fds={','.join(map(str, fds))}")
        return subprocess.Popen([*command, *options], pass_fds=fds, stdout=subprocess.PIPE)

    def _line(self, cpu: float, lasted: float, heard: dict[str, Any]) -> str:
        ways = 2 if self._load.sends else 1
        packets = self._args.legs * PER_SECOND * lasted * ways
        call = cpu / lasted / (self._args.legs / min(2, self._load.of_a_call)) * 100
        line = f"{cpu / packets * 1e6:6.2f} us a packet, {call:6.3f} % of a core a call"
        for what in ("late", "transit") if self._load is LOADS["relay"] else ("late",):
            if heard[what]:
                line += f", {what} p99 {spread(heard[what]).p99 / 1e6:.2f} ms"
        return f"{line}, lost {heard['lost']}"


def main() -> None:
    """Run the loads named, each on an engine of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loads", nargs="*", default=list(LOADS), metavar="LOAD")
    parser.add_argument("--legs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="run under cProfile")
    args = parser.parse_args()
    print(machine.describe(), flush=True)
    with tempfile.TemporaryDirectory(prefix="hotline-engine-") as folder:

        async def run(reactor: Any) -> None:
            for name in args.loads:
                where = Path(folder) / name
                where.mkdir()
                line = await Run(reactor, LOADS[name], args, where).measure()
                print(f"{name:<8}{args.legs} legs{line}", flush=True)

        profile = Profile()
        if args.profile:
            profile.enable()
        try:
            react(lambda reactor: Deferred.fromCoroutine(run(reactor)))
        finally:
            if args.profile:
                profile.disable()
                profile.dump_stats(args.profile)


def _write_tone(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(160_000) / 3) * 8000).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
