"""SIPp as a caller who says a tone, keys when given a cue, and stays until hung up on."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.audio import RATE, Samples
from tests.support.house import free_port
from tests.support.pcap import Track
from tests.support.sipp import HOST, SCENARIOS, TO_THE_HOUSE, Cue, Ear, info_steps, listening

STAY = 240.0
"""Seconds that the caller has something to say."""
STOP_SECONDS = 60.0


@dataclass(slots=True)
class CuedCaller:
    """One caller; `name` is how who-hears-whom calls it."""

    process: "subprocess.Popen[bytes]"
    ear: Ear
    cue: Cue
    output: Path
    name: str = field(default="caller")

    def heard(self, seconds: float) -> Samples:
        """What was sent to the caller last."""
        last = self.ear.packets[-round(seconds * 50) :]
        return Ear(self.ear.port, last).samples()[-round(seconds * RATE) :]

    def key(self) -> None:
        """Give the cue to key what was given."""
        self.cue.give()


@contextmanager
def calling_in(
    folder: Path, server_port: int, tone: float, *, calling: str, cue: str = ""
) -> Iterator[CuedCaller]:
    """Dial, choose Mandarin and a person, say the tone (Hz); `cue` is keyed by INFO when asked."""
    time = Cue()
    name = time.call_id
    track = Track().silence(1.5).keys("1").silence(0.5).keys("0").silence(0.3)
    media = track.tone(tone, STAY).write(folder / f"{name}.pcap")
    text = (SCENARIOS / "cued_caller.xml").read_text()
    steps = text.replace("<keys/>", info_steps(cue).replace("[last_To:]", TO_THE_HOUSE))
    scenario = folder / f"{name}.xml"
    scenario.write_text(steps.replace("@CALLING@", calling).replace("@MEDIA@", str(media)))
    media_port, output = free_port(), folder / f"{name}.txt"
    arguments = [
        "sipp", f"{HOST}:{server_port}", "-sf", str(scenario), "-s", "95588", "-m", "1",
        "-i", HOST, *time.options, "-mi", HOST, "-mp", str(media_port),
        "-nostdin", "-timeout", f"{STAY:.0f}s", "-timeout_error",
    ]  # fmt: skip
    with listening(media_port) as ear, output.open("wb") as out:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
        try:
            yield CuedCaller(process, ear, time, output)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
