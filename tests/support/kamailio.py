"""Kamailio as a carrier: registrar with digest, proxy between a customer and the world."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.house import free_port

CONFIGURATION = Path(__file__).parent.parent / "data" / "kamailio.cfg"
STOP_SECONDS = 5.0
SECRET = "correct horse"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A running Kamailio; `gateway_port` is where the world outside has its gateway."""

    port: int
    gateway_port: int
    output: Path


@contextmanager
def running_kamailio(folder: Path) -> Iterator[Carrier]:
    """A carrier that is stopped at the end."""
    modules = next(Path("/usr/lib").glob("*/kamailio/modules"))
    port, gateway = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    text = CONFIGURATION.read_text()
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
