"""The log begins in the folder of the settings, or says why it cannot."""

from pathlib import Path

import pytest

from config.log import start_log
from cti.kernel.errors import ConfigurationError


def test_a_folder_that_cannot_be_made_is_told_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"folders\.base: .*file.*: Not a directory"):
        start_log(tmp_path / "file" / "var", verbose=False)
