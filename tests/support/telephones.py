"""The project's own telephones as processes: `hotline phone` and `hotline call`."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import House
from tests.support.programs import start_program

STOP_SECONDS = 60.0


@contextmanager
def telephone(house: House, command: str, *arguments: str) -> Iterator[Path]:
    """Run the command against that house until the end of the block; the file with its words."""
    output = house.folder / f"{command}-{arguments[0]}.txt"
    servers = ("--server", f"127.0.0.1:{house.sip_port}", "--web", house.web)
    with output.open("wb") as out:
        process = start_program(
            "config.main", command, *arguments, *servers, out=out, folder=house.folder
        )
    try:
        yield output
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
