"""One hotline per folder: a second one would close the calls of the first as interrupted."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cti.kernel.errors import ConfigurationError

FILE = "hotline.lock"


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Hold the folder; ConfigurationError while another process does.

    The kernel lets go of the lock with the process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another hotline is running with {folder.absolute()}"
            raise ConfigurationError(message, key="folders.base") from None
        yield
