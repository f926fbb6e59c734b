"""Test modules loaded side by side: each process compiles a part, and takes what the rest have.

Every process of a parallel run loads every test. To compile them all takes twenty seconds of a
processor, and where each begins at the first file, each compiles each; so each begins elsewhere.
"""

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path


def load_elsewhere(files: Iterable[Path], root: Path, place: int, places: int) -> None:
    """Load the modules of these files, beginning at the part that is this place's of so many.

    What cannot be loaded is left to the collection, which tells why.
    """
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in files]
    begin = len(names) * place // places
    for name in names[begin:] + names[:begin]:
        with suppress(Exception):
            import_module(name)


def files_of(arguments: Iterable[str], root: Path) -> list[Path]:
    """The test files that such arguments of pytest name, folders and single tests among them."""
    paths = [root / argument.partition("::")[0] for argument in arguments]
    found = {
        file
        for path in paths
        for file in ([path] if path.is_file() else path.rglob("test_*.py"))
        if file.is_relative_to(root)
    }
    return sorted(found)
