"""Every process of a parallel run loads every test file, each beginning at another end."""

import sys
from pathlib import Path

import pytest

from tests.support.collecting import files_of, load_elsewhere


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six modules, of which each says when it is loaded, and the last cannot be."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in "abcde":
        (folder / f"test_{name}.py").write_text(f"import sys\nsys.loaded.append({name!r})\n")
    (folder / "test_f.py").write_text("raise ValueError\n")
    (folder / "helper.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "loaded", [], raising=False)
    return tmp_path


def test_folders_files_and_single_tests_are_found(room: Path) -> None:
    assert [each.name for each in files_of(["elsewhere"], room)] == [
        f"test_{name}.py" for name in "abcdef"
    ]
    assert [each.name for each in files_of(["elsewhere/test_b.py::test_x[1]"], room)] == [
        "test_b.py"
    ]
    assert files_of(["nowhere"], room) == []


def test_each_begins_at_its_own_part_and_loads_all(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = []
    for place in range(3):
        for name in [each for each in sys.modules if each.startswith("elsewhere")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "loaded", [], raising=False)
        load_elsewhere(files_of(["elsewhere"], room), room, place, 3)
        orders.append("".join(sys.loaded))  # type: ignore[attr-defined]  # the modules' own list
    assert orders == ["abcde", "cdeab", "eabcd"]
