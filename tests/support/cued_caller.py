"""SIPp as a caller who says a tone, keys when given a cue, and stays until hung up on."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.support.audio import RATE, Samples
from tests.support.house import free_port
from tests.support.pcap import Track
from tests.support.sipp import SCENARIOS, Ear, info_steps, listening

HOST = "127.0.0.1"
STAY = 90.0
"""Seconds that the caller has something to say."""
STOP_SECONDS = 60.0
TO_THE_HOUSE = "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]"
NUMBERS = count(1)


@dataclass(slots=True)
class CuedCaller:
    """One caller; `name` is how who-hears-whom calls it."""

    process: "subprocess.Popen[bytes]"
    ear: Ear
    port: int
    call_id: str
    output: Path
    name: str = field(default="caller")

    def heard(self, seconds: float) -> Samples:
        """What was sent to the caller last."""
        last = self.ear.packets[-round(seconds * 50) :]
        return Ear(self.ear.port, last).samples()[-round(seconds * RATE) :]

    def key(self) -> None:
        """Give the cue to key what was given."""
        lines = (
            f"NOTIFY sip:caller@{HOST}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:9;branch=z9hG4bKcue",
            f"From: <sip:cue@{HOST}>;tag=cue",
            f"To: <sip:caller@{HOST}>",
            f"Call-ID: {self.call_id}",
            "CSeq: 1 NOTIFY",
            "Content-Length: 0",
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.sendto("\r\n".join([*lines, "", ""]).encode(), (HOST, self.port))


@contextmanager
def calling_in(
    folder: Path, server_port: int, tone: float, *, calling: str, cue: str = ""
) -> Iterator[CuedCaller]:
    """Dial, choose Mandarin and a person, say the tone (Hz); `cue` is keyed by INFO when asked."""
    name = f"cued-{next(NUMBERS)}"
    track = Track().silence(1.5).keys("1").silence(0.5).keys("0").silence(0.3)
    media = track.tone(tone, STAY).write(folder / f"{name}.pcap")
    text = (SCENARIOS / "cued_caller.xml").read_text()
    # The last To is that of the cue by then.
    steps = text.replace("<keys/>", info_steps(cue).replace("[last_To:]", TO_THE_HOUSE))
    scenario = folder / f"{name}.xml"
    scenario.write_text(steps.replace("@CALLING@", calling).replace("@MEDIA@", str(media)))
    port, media_port, output = free_port(), free_port(), folder / f"{name}.txt"
    arguments = [
        "sipp", f"{HOST}:{server_port}", "-sf", str(scenario), "-s", "95588", "-m", "1",
        "-i", HOST, "-p", str(port), "-mi", HOST, "-mp", str(media_port), "-cid_str", name,
        "-nostdin", "-timeout", f"{STAY:.0f}s", "-timeout_error",
    ]  # fmt: skip
    with listening(media_port) as ear, output.open("wb") as out:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
        try:
            yield CuedCaller(process, ear, port, name, output)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
