"""Small files that must outlive a loss of power: there as a whole, before or after, never half."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Have the file hold `data`, for its owner alone, on the disk once this returns; OSError.

    Made beside it and put in its place (rename(2)). A name is kept by its folder, which goes to
    the disk too: without that a file may be empty, or the one before, once the power is back.
    """
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """Have the disk know by now which files the folder holds; OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
