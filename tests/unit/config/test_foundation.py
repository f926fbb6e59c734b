from contextlib import AsyncExitStack
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from config.foundation import Foundation, calendars_of
from config.lock import sole_user
from config.progress import Silent, TerminalProgress
from config.settings import HERE, Folders, Settings
from cti.kernel.errors import ConfigurationError
from tests.support.deferred import result_of

NIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
"""Three in the morning at the bank."""


def clock() -> Clock:
    clock = Clock()
    clock.advance(NIGHT.timestamp())
    return clock


def test_demo_bank_answers_at_night_and_a_real_one_does_not() -> None:
    assert calendars_of(Settings(), clock())["service"].is_open(NIGHT)
    assert not calendars_of(Settings(demo=False), clock())["service"].is_open(NIGHT)


def test_own_calendars_win_over_those_of_the_demo(tmp_path: Path) -> None:
    for name in ("service", "office"):
        text = (HERE / "calendars" / f"{name}.yaml").read_text("utf-8")
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    settings = Settings(folders=Folders(calendars=tmp_path))
    assert not calendars_of(settings, clock())["service"].is_open(NIGHT)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_a_line_elsewhere() -> None:
    for out in (Terminal(), StringIO()):
        progress = TerminalProgress(out)
        progress.begin("Speaking")
        progress.advance(1, 2)
        progress.advance(2, 2)
        progress.end()
        if out.isatty():
            assert out.getvalue().endswith(f"\rSpeaking [{'#' * 30}] 2/2\n")
        else:
            assert out.getvalue() == "Speaking ...\n"


def test_folder_has_one_user_at_a_time(tmp_path: Path) -> None:
    second = sole_user(tmp_path)
    with sole_user(tmp_path), pytest.raises(ConfigurationError, match="another hotline"):
        second.__enter__()
    with sole_user(tmp_path):
        pass


def test_a_database_that_does_not_answer_is_told_by_its_key(tmp_path: Path) -> None:
    settings = Settings(
        folders=Folders(base=tmp_path), database="postgresql+psycopg://nobody@127.0.0.1:1/x"
    )
    foundation = Foundation(settings, clock())
    preparing = Deferred.fromCoroutine(foundation.prepare(AsyncExitStack(), Silent()))
    with pytest.raises(ConfigurationError, match=r"database\.url: cannot be opened: conn"):
        result_of(preparing)
