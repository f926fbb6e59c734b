from pathlib import Path

import pytest

from config.house_key import FILE, OCTETS, house_key
from cti.kernel.errors import ConfigurationError
from tests.support.lossy_link import counting_entropy


def test_it_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    made = house_key(folder, counting_entropy(1))
    assert len(made) == OCTETS
    assert house_key(folder, counting_entropy(2)) == made
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_no_key_is_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"torn")
    (tmp_path / f"{FILE}.new").write_bytes(b"left over")
    made = house_key(tmp_path, counting_entropy(1))
    assert (tmp_path / FILE).read_bytes() == made
    assert [each.name for each in tmp_path.iterdir()] == [FILE]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    with pytest.raises(ConfigurationError, match=r"house\.key cannot be used"):
        house_key(tmp_path / "run", counting_entropy(1))
