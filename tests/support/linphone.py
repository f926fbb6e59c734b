"""linphone on the command line as a telephone of the house, with files in place of a sound card."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.support.audio import Samples, had_tone, tone, write_wave
from tests.support.reactor import until

STOP_SECONDS, LOOK = 5.0, 0.1
WAVE_HEADER = 44


@dataclass(frozen=True, slots=True)
class Linphone:
    """A running linphonec, told what to do line by line."""

    folder: Path
    process: subprocess.Popen[bytes]

    def do(self, command: str) -> None:
        """Type a line, such as ``call sip:95588@host``, ``answer`` or a key to press."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    @property
    def output(self) -> str:
        """What it printed so far."""
        return (self.folder / "output.txt").read_text(errors="replace")

    def heard(self) -> Samples:
        """What it decoded in its call so far; the file's header counts it only at the end."""
        path = self.folder / "heard.wav"
        octets = path.read_bytes()[WAVE_HEADER:] if path.exists() else b""
        return np.frombuffer(octets[: len(octets) // 2 * 2], "<i2")

    async def hears(self, frequency: float) -> None:
        """Return when it has heard that tone for a second."""
        await until(lambda: had_tone(self.heard(), frequency), LOOK)


SETTINGS = """[sip]
sip_port={udp}
sip_tcp_port={tcp}
sip_tls_port=0
default_proxy=0
use_rfc2833=1
use_info=0
[rtp]
audio_rtp_port=-1
[proxy_0]
reg_proxy=<sip:127.0.0.1:{port};transport={transport}>
reg_identity=sip:{extension}@127.0.0.1:{port}
reg_expires=60
reg_sendregister=1
[auth_info_0]
username={extension}
passwd=secret-{extension}
realm=hotline
"""
ANY_PORT, NO_PORT = -1, 0


@contextmanager
def running_linphone(
    folder: Path, extension: str, server_port: int, frequency: float, *, transport: str = "udp"
) -> Iterator[Linphone]:
    """A telephone that says a tone of that frequency (Hz) and does what it is told.

    It registers by ``udp`` or ``tcp`` with the password that `KnownAccounts` has.
    """
    (folder / ".local/share/linphone").mkdir(parents=True, exist_ok=True)
    voice = write_wave(folder / "voice.wav", tone(frequency, 60.0, -12.0))
    settings = folder / "linphonerc"
    settings.write_text(
        SETTINGS.format(
            udp=ANY_PORT if transport == "udp" else NO_PORT,
            tcp=ANY_PORT if transport == "tcp" else NO_PORT,
            port=server_port,
            transport=transport,
            extension=extension,
        )
    )
    with (folder / "output.txt").open("wb") as out:
        process = subprocess.Popen(
            ["linphonec", "-S", "-c", str(settings), "-d", "6", "-l", str(folder / "log.txt")],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )
    phone = Linphone(folder, process)
    for line in ("soundcard use files", f"play {voice}", f"record {folder / 'heard.wav'}"):
        phone.do(line)
    try:
        yield phone
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
