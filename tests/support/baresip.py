"""baresip as an agent's telephone: registers with digest, answers, speaks, keeps what it heard."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.audio import Samples, read_wave, tone, write_wave

MODULES = Path("/usr/lib/baresip/modules")
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Baresip:
    """A running baresip and its folder."""

    folder: Path

    @property
    def output(self) -> str:
        """What it printed so far."""
        return (self.folder / "output.txt").read_text(errors="replace")

    @property
    def registered(self) -> bool:
        """Whether the server took its registration."""
        return "200 OK" in self.output

    def heard(self) -> Samples:
        """What it decoded in its last call."""
        return read_wave(sorted(self.folder.glob("dump-*-dec.wav"))[-1])


@contextmanager
def running_baresip(
    folder: Path, extension: str, server_port: int, frequency: float
) -> Iterator[Baresip]:
    """A telephone that answers at once and says a tone of that frequency (Hz)."""
    folder.mkdir(parents=True, exist_ok=True)
    voice = write_wave(folder / "voice.wav", tone(frequency, 60.0, -12.0))
    settings = (
        "poll_method epoll",
        "sip_listen 127.0.0.1:0",
        f"audio_source aufile,{voice}",
        f"module_path {MODULES}",
        "module g711.so",
        "module aufile.so",
        "module sndfile.so",
        "module_tmp account.so",
        "module_app menu.so",
        f"snd_path {folder}",
    )
    (folder / "config").write_text("\n".join(settings) + "\n")
    (folder / "accounts").write_text(
        f"<sip:{extension}@127.0.0.1:{server_port}>;auth_user={extension}"
        f";auth_pass=demo-{extension};answermode=auto;regint=60;audio_codecs=pcmu,pcma\n"
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
        yield Baresip(folder)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
