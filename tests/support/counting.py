"""What something costs, told by counting: no machine is slow enough to change it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import agents

HOUSE = str(Path(agents.__file__).parent.parent)
ROOMS = tuple(f"{HOUSE}/{room}/" for room in ("agents", "cti", "monitoring"))


@contextmanager
def counted() -> Iterator[list[int]]:
    """How often functions of the house are entered, or their loops taken up again, meanwhile."""
    work = [0]

    def entered(frame: FrameType, what: str, _arg: object) -> None:
        work[0] += what == "call" and frame.f_code.co_filename.startswith(ROOMS)

    before = sys.getprofile()
    sys.setprofile(entered)
    try:
        yield work
    finally:
        sys.setprofile(before)
