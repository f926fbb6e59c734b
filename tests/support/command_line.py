"""`hotline phone`, `hotline call` and `hotline demo` as a person at a terminal has them."""

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from tempfile import TemporaryFile

from tests.support.house import House
from tests.support.patience import AMPLE, ample
from tests.support.programs import start_program

LOOK = 0.02
_numbers = count(1)


class CommandLine:
    """A command that runs: what it has printed, and the keyboard it listens to."""

    def __init__(self, house: House, *arguments: str) -> None:
        self.output = house.folder / f"{arguments[0]}-{next(_numbers)}.txt"
        self._arguments = arguments
        self._keyboard, theirs = pty.openpty()
        with self.output.open("wb") as out:
            self.process = start_program(
                *("config.main", "--config", str(house.config), *arguments),
                stdin=theirs,
                out=out,
                folder=house.folder,
            )
        os.close(theirs)

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self.output.read_text()

    def wait_for(self, pattern: str, seconds: float = 10.0) -> re.Match[str]:
        """Look until the printed text has that; AssertionError says what it has instead.

        It comes within so many seconds on a machine with room, and is waited for longer.
        """
        end = time.monotonic() + ample(seconds)
        while (found := re.search(pattern, self.text)) is None:
            ended = self.process.poll() is not None
            if (ended and not re.search(pattern, self.text)) or time.monotonic() > end:
                raise AssertionError(f"{self._arguments} never printed {pattern!r}:\n{self.text}")
            time.sleep(LOOK)
        return found

    def when(self, pattern: str) -> float:
        """The seconds printed before the first line that has that."""
        found = self.wait_for(rf"(?m)^ *(\d+\.\d+) s  .*{pattern}")
        return float(found[1])

    def type(self, letter: str) -> None:
        """Type a letter and Enter."""
        os.write(self._keyboard, f"{letter}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds: float = AMPLE) -> int:
        """The exit status, when it has ended."""
        return self.process.wait(ample(seconds))

    def close(self) -> None:
        """Press Ctrl-C if it still runs; it gets time to leave in good order."""
        if self.process.poll() is None:
            self.interrupt()
        try:
            self.process.wait(ample())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            os.close(self._keyboard)


class Terminals:
    """As many commands as a test wants; all end with it."""

    def __init__(self, house: House, ending: ExitStack) -> None:
        self._house, self._ending = house, ending

    def run(self, *arguments: str) -> CommandLine:
        """Run ``hotline`` with these arguments and the house's settings."""
        command = CommandLine(self._house, *arguments)
        self._ending.callback(command.close)
        return command

    def phone(self, extension: str, *arguments: str) -> CommandLine:
        """An agent's telephone, signed in and ready."""
        phone = self.run("phone", extension, *arguments)
        phone.wait_for("is signed in and ready")
        return phone

    def call(self, number: str, *arguments: str, calling: str = "13900000001") -> CommandLine:
        """A call that was answered."""
        call = self.run("call", number, "--from", calling, *arguments)
        call.wait_for("answered")
        return call


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command has printed, errors among it, and its exit status."""

    status: int
    text: str


def run_to_its_end(house: House, *words: str) -> Ended:
    """Run ``hotline`` in English with these words and the house's settings."""
    with TemporaryFile() as out:
        program = start_program(
            *("config.main", "--config", str(house.config), *words),
            out=out,
            folder=house.folder,
            environment={"LC_ALL": "C.UTF-8"},
        )
        try:
            status = program.wait(ample())
        finally:
            program.kill()
        out.seek(0)
        return Ended(status, out.read().decode())


@contextmanager
def terminals(house: House) -> Iterator[Terminals]:
    """Terminals beside that house."""
    with ExitStack() as ending:
        yield Terminals(house, ending)
