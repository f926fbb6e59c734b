"""`hotline due`: a deadline that anybody can check."""

from pathlib import Path

import pytest

from config.main import main

OFFICE = str(Path(__file__).parents[4] / "config" / "calendars" / "office.yaml")


def due(*more: str, calendar: str = OFFICE) -> int:
    return main(["due", "--calendar", calendar, *more])


def test_the_deadline_comes_first_then_the_reckoning(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--start", "2026-09-30 16:30", "--target", "4h", "--lang", "en"]
    assert due(*asked) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "2026-10-08T12:00:00+08:00"
    assert lines[1].split("  ")[0] == "2026-09-30 Wed 16:30–17:30"
    assert lines[-1].startswith("Due 2026-10-08 Thu 12:00")
    assert lines[-1].endswith("4 h")


def test_pauses_offsets_and_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    pauses = ["--pause", "2026-11-23 10:00/2026-11-23 11:00", "--pause", "2026-11-23T02:30Z/"]
    assert due("--start", "2026-11-23T01:00:00+00:00", "--target", "3h", *pauses) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "-"
    assert any("等待客户" in line for line in lines)


def test_a_statutory_period(capsys: pytest.CaptureFixture[str]) -> None:
    assert due("--start", "2026-09-23 10:00", "--target", "15 calendar-days") == 0
    assert capsys.readouterr().out.startswith("2026-10-09T00:00:00+08:00\n")


def test_a_year_without_its_holidays_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert due("--start", "2030-12-30 10:00", "--target", "8h", "--lang", "en") == 0
    assert "are not published yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--start", "tomorrow", "--target", "8h"), "--start: 'tomorrow' is no time"),
        (("--start", "2026-09-30 10:00", "--target", "8"), "--target: '8' is no time"),
        (
            ("--start", "2026-09-30 10:00", "--target", "8h", "--pause", "noon"),
            "--pause: 'noon' is no pause",
        ),
        (
            ("--start", "2026-09-30 10:00", "--target", "8h", "--pause", "2026-10-02/2026-10-01"),
            "ends before it begins",
        ),
    ],
)
def test_mistakes_are_said_plainly(
    more: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert due(*more) == 2
    assert message in capsys.readouterr().err


def test_a_calendar_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--start", "2026-09-30", "--target", "8h"]
    assert due(*asked, calendar="nowhere.yaml") == 2
    assert "nowhere.yaml: cannot be read" in capsys.readouterr().err
