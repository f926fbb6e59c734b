"""baresip as a telephone of the house: registers, calls, answers, speaks, keeps what it heard."""

import json
import socket
import subprocess
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.audio import RATE, Samples, had_tone, tone, write_wave
from tests.support.house import free_port
from tests.support.patience import ample
from tests.support.reactor import until

MODULES = Path("/usr/lib/baresip/modules")
WIDEBAND = 16000
"""Samples per second of G.722; a telephone that prefers it speaks from a file of that rate."""
STOP_SECONDS, LOOK = 5.0, 0.1
SAYING = 240.0
"""Seconds of a telephone's tone in a call: it hangs up once its file is at its end."""
WAVE_HEADER = 44
"""Octets before the samples of what libsndfile writes."""


@dataclass(frozen=True, slots=True)
class Baresip:
    """A running baresip and its folder."""

    folder: Path
    process: subprocess.Popen[bytes]
    control_port: int
    name: str
    frequency: float

    def do(self, command: str, parameters: str = "") -> None:
        """Have it carry out a command of its menu, such as ``dial`` or ``hold``."""
        message = json.dumps({"command": command, "params": parameters}).encode()
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=ample()) as control:
            control.sendall(b"%d:%b," % (len(message), message))
            answer = b""
            while b'"response":true' not in answer:
                answer += control.recv(4096)
        assert b'"ok":true' in answer, answer

    @property
    def output(self) -> str:
        """What it printed so far."""
        return (self.folder / "output.txt").read_text(errors="replace")

    @property
    def registered(self) -> bool:
        """Whether the server took its registration."""
        return "200 OK" in self.output

    def heard(self, since: int | None = None) -> Samples:
        """What it decoded in its last call, or in all of them from that `position` on.

        Of the last call's wideband it is every second sample.
        """
        if since is None:
            with wave.open(str(self._dumps()[-1]), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
                return samples[:: file.getframerate() // RATE]
        octets = b"".join(path.read_bytes()[WAVE_HEADER:] for path in self._dumps())
        return np.frombuffer(octets[: len(octets) // 2 * 2], "<i2")[since:]

    async def hears(self, frequency: float, since: int = 0) -> None:
        """Return when it has heard that tone for a second, from that `position` on."""
        await until(lambda: had_tone(self._so_far()[since:], frequency), LOOK)

    def _so_far(self) -> Samples:
        """The same as `heard` while the file of the last call is open."""
        octets = b"".join(path.read_bytes()[:WAVE_HEADER] for path in self._dumps()[-1:])
        rate = int.from_bytes(octets[24:28], "little") or RATE
        return self.heard(0)[:: rate // RATE]

    def position(self) -> int:
        """How many samples it has decoded in all of its calls."""
        return sum(path.stat().st_size - WAVE_HEADER for path in self._dumps()) // 2

    def _dumps(self) -> list[Path]:
        """A file per stream; one that is open has a header that does not count its sound yet."""
        return sorted(
            path
            for path in self.folder.glob("dump-*-dec.wav")
            if path.stat().st_size >= WAVE_HEADER
        )


@contextmanager
def running_baresip(
    folder: Path,
    extension: str,
    server_port: int,
    frequency: float,
    *,
    secret: str = "",
    codecs: str = "pcmu,pcma",
    answers: str = "auto",
    interval: int = 60,
    transport: str = "udp",
    authority: Path | None = None,
    encryption: str = "",
) -> Iterator[Baresip]:
    """A telephone that answers at once and says a tone of that frequency (Hz).

    It registers every `interval` seconds with the demo's password, or with `secret`, by the
    transport ``udp``, ``tcp`` or ``tls``; `authority` signed the certificate it believes,
    `encryption` is the module that protects its sound.
    """
    control_port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    rate = WIDEBAND if "g722" in codecs else RATE
    said = tone(frequency * RATE / rate, SAYING * rate / RATE, -12.0)
    voice = write_wave(folder / "voice.wav", said, rate)
    settings = (
        "poll_method epoll",
        "rtcp_mux yes",
        "sip_listen 127.0.0.1:0",
        f"audio_source aufile,{voice}",
        f"module_path {MODULES}",
        "module g711.so",
        "module g722.so",
        "module srtp.so",
        "module dtls_srtp.so",
        "module aufile.so",
        "module sndfile.so",
        "module_tmp account.so",
        "module_app menu.so",
        "module_app ctrl_tcp.so",
        f"ctrl_tcp_listen 127.0.0.1:{control_port}",
        f"snd_path {folder}",
    )
    trust = [f"sip_cafile {authority}", "sip_verify_server yes"] if authority else []
    (folder / "config").write_text("\n".join([*settings, *trust]) + "\n")
    (folder / "accounts").write_text(
        f"<sip:{extension}@127.0.0.1:{server_port};transport={transport}>;auth_user={extension}"
        f";auth_pass={secret or f'demo-{extension}'};answermode={answers};regint={interval}"
        f";audio_codecs={codecs}{encryption and f';mediaenc={encryption}'}\n"
    )
    with (folder / "output.txt").open("wb") as out:
        process = subprocess.Popen(
            ["baresip", "-f", str(folder)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Baresip(folder, process, control_port, extension, frequency)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@asynccontextmanager
async def telephone(
    folder: Path, extension: str, server_port: int, frequency: float, **given: Any
) -> AsyncIterator[Baresip]:
    """The same beside the reactor of a test: it leaves while the server there still listens."""
    given = {"secret": f"secret-{extension}", **given}
    with running_baresip(folder, extension, server_port, frequency, **given) as phone:
        yield phone
        phone.process.terminate()
        await until(lambda: phone.process.poll() is not None)
