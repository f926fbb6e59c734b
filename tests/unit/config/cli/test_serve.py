"""What the server asks of the system before it starts."""

import resource
from collections.abc import Iterator

import pytest

from config.cli.serve import allow_files


@pytest.fixture
def few_files() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_may_open_as_many_files_as_the_system_allows(few_files: int) -> None:
    allow_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (few_files, few_files)
