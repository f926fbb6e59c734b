"""What the suites over several implementations share."""

from pathlib import Path

import pytest

from tests.support.media_stage import Stage, on_engine, on_workers


@pytest.fixture(params=[on_engine, on_workers], ids=["engine", "workers"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path}/hotline.db"
