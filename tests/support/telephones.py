"""The project's own telephones as processes: `hotline phone` and `hotline call`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.house import House

STOP_SECONDS = 60.0


@contextmanager
def telephone(house: House, command: str, *arguments: str) -> Iterator[Path]:
    """Run the command against that house until the end of the block; the file with its words."""
    output = house.folder / f"{command}-{arguments[0]}.txt"
    servers = ("--server", f"127.0.0.1:{house.sip_port}", "--web", house.web)
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.main", command, *arguments, *servers],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=house.folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            start_new_session=True,
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
