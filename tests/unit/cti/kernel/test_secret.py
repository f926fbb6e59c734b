import copy
import pickle
from collections.abc import Callable

import pytest

from cti.kernel.secret import Secret

PIN = "135790"


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(PIN)),
        repr(Secret(PIN)),
        f"{Secret(PIN)}",
        f"{Secret(PIN)!r:>20}",
        repr([Secret(PIN)]),
        repr({"pin": Secret(PIN)}),
        "".join(map(str, [Secret(PIN)])),
    ],
)
def test_is_never_shown(shown: str) -> None:
    assert PIN not in shown
    assert "***" in shown


def test_reveals_to_whoever_asks() -> None:
    assert Secret(PIN).reveal() == PIN
    assert len(Secret(PIN)) == len(PIN)


def test_compares_by_text() -> None:
    assert Secret(PIN) == Secret(PIN)
    assert Secret(PIN) != Secret("135791")
    assert Secret(PIN) != PIN
    assert len({Secret(PIN), Secret(PIN)}) == 1


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy])
def test_is_not_written_down(write: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="not written down"):
        write(Secret(PIN))
