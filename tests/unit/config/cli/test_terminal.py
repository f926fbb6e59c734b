"""Lines that stay, and the one below them that changes."""

from io import StringIO

from twisted.internet.task import Clock

from config.cli.terminal import CLEAR_LINE, Terminal


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
