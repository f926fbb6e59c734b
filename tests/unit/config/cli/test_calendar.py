"""`hotline calendar`: what is in force, as a file that `hotline due` reads."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from config.main import main
from tests.support.calendar_desk import CLOSED, CalendarDesk, saying
from tests.support.databases import DirectDatabase


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings of a house in whose database a day was closed."""
    desk = CalendarDesk(DirectDatabase(f"sqlite:///{tmp_path}/hotline.sqlite"))
    desk.change(saying(CLOSED, date(2026, 11, 24)))
    desk.database.stop()
    file = tmp_path / "hotline.yaml"
    url = f"sqlite:///{tmp_path}/hotline.sqlite"
    file.write_text(yaml.safe_dump({"database": {"url": url}, "demo": False}))
    return file


def test_it_prints_what_due_reads(
    settings: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["--config", str(settings), "calendar", "office", "--year", "2026"]) == 0
    text = capsys.readouterr().out
    assert yaml.safe_load(text)["holidays"][date(2026, 11, 24)] == "台风"
    file = tmp_path / "now.yaml"
    file.write_text(text)
    asked = ["--start", "2026-11-23 16:30", "--target", "2h"]
    assert main(["due", "--calendar", str(file), *asked]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "2026-11-25T10:00:00+08:00"


def test_it_tells_which_there_are(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(settings), "calendar"]) == 0
    assert capsys.readouterr().out.split() == ["office", "service"]
    assert main(["--config", str(settings), "calendar", "branches"]) == 2
    assert "there are office, service" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(yaml.safe_dump({"database": {"url": f"sqlite:///{tmp_path}/none/h.sqlite"}}))
    assert main(["--config", str(file), "calendar"]) == 2
    assert "database.url" in capsys.readouterr().err
