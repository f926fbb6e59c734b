"""What a person can get wrong on the command line of a telephone is said before anything starts."""

import pytest

from config.main import main


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("call", "95588", "--keys", "1 x2"), "'x2' is neither keys"),
        (("call", "95588", "--say", __file__), "--say: cannot be played"),
        (("call", "95588", "--save", "/nowhere/at/all.wav"), "--save: there is no folder"),
        (("call", "95588", "--server", "127.0.0.1:99999"), "--server: is HOST:PORT"),
        (("call", "95588", "--server", "127.0.0.1:sip"), "--server: is HOST:PORT"),
        (("call", "95588", "--server", "no.such.host.invalid"), "--server: no host is named"),
        (("phone", "1001", "--play", "/nowhere.wav"), "--play: cannot be played"),
        (("demo", "--server", ":0"), "--server: is HOST:PORT"),
        (("demo", "--agents", "17"), "--agents: the demo bank has 16 agents"),
        (("demo", "--calls-per-minute", "0"), "--calls-per-minute: is more than 0"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
