"""What the suites of the media port share."""

import pytest

from tests.support.media_stage import Stage, on_engine, on_workers


@pytest.fixture(params=[on_engine, on_workers], ids=["engine", "workers"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.param  # type: ignore[no-any-return]
