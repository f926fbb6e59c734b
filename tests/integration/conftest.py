"""What the tests of the whole house share: announcements are spoken once for all of them."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prompt folder that the first house fills."""
    return tmp_path_factory.mktemp("prompts")
