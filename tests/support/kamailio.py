"""Kamailio, an independent registrar and proxy: as a carrier, or as an office's exchange."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.house import free_port

DATA = Path(__file__).parent.parent / "data"
CARRIER, OFFICE = DATA / "kamailio.cfg", DATA / "kamailio_office.cfg"
STOP_SECONDS = 5.0
PASSED_ON = r"passed on: (.*), (\d+ in .*)"
"""What, and its CSeq and Call-ID."""
SECRET = "correct horse"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A running Kamailio; a carrier has the world behind a gateway on `gateway_port`."""

    port: int
    gateway_port: int
    output: Path

    @property
    def passed_on(self) -> list[str]:
        """The requests inside dialogs, and CANCELs, that an office's exchange passed on.

        Each once, however often it came: an ACK does again where its 200 was late.
        """
        requests = re.findall(PASSED_ON, self.output.read_text(errors="replace"))
        return [said for said, _ in dict.fromkeys(requests)]


@contextmanager
def running_kamailio(folder: Path, plan: Path = CARRIER) -> Iterator[Carrier]:
    """A Kamailio with that configuration, which is stopped at the end."""
    modules = next(Path("/usr/lib").glob("*/kamailio/modules"))
    port, gateway = free_port(), free_port()
    text = plan.read_text()
    blanks = {"PORT": port, "GATEWAY": gateway, "SECRET": SECRET, "MODULES": modules}
    for name, value in blanks.items():
        text = text.replace(f"@{name}@", str(value))
    configuration, output = folder / "kamailio.cfg", folder / "kamailio.txt"
    configuration.write_text(text)
    memory = ["-m", "16", "-M", "4"]
    with output.open("wb") as out:
        process = subprocess.Popen(
            ["kamailio", "-f", str(configuration), "-DD", "-E", *memory, "-Y", str(folder)],
            stdout=out,
            stderr=out,
            cwd=folder,
        )
    try:
        yield Carrier(port, gateway, output)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
