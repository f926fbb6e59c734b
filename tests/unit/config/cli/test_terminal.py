"""Lines that stay, the one below them that changes, and the language they are in."""

from io import StringIO

import pytest
from twisted.internet.task import Clock

from config.cli.terminal import CLEAR_LINE, Terminal, language_of


def test_a_line_begins_with_the_seconds_that_passed() -> None:
    clock, out = Clock(), StringIO()
    terminal = Terminal(clock, out)
    clock.advance(1.25)
    terminal.say("ringing")
    assert out.getvalue() == "   1.250 s  ringing\n"


def test_what_is_shown_gives_way_to_the_next_and_fits_the_width() -> None:
    clock, out = Clock(), StringIO()
    terminal = Terminal(clock, out)
    clock.advance(83)
    terminal.show("twelve agents", 20)
    terminal.show("two", 20)
    terminal.say("done")
    assert out.getvalue() == (
        f"    1:23  twelve ag{CLEAR_LINE}    1:23  two{CLEAR_LINE}  83.000 s  done\n"
    )


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminals_language(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
