import pytest

from cti.kernel.errors import ConfigurationError
from cti.keying import Stroke, parse_keys


def test_words_are_strokes_and_waits_add_to_the_pause() -> None:
    assert parse_keys("1 w5 w0.5 622# a", 2.0) == [
        Stroke(2.0, "1"),
        Stroke(7.5, "622#"),
        Stroke(2.0, "A"),
    ]


def test_an_empty_line_keys_nothing() -> None:
    assert parse_keys("", 2.0) == []


@pytest.mark.parametrize("word", ["x", "1,2", "w", "w-1"])
def test_a_bad_word_is_named(word: str) -> None:
    with pytest.raises(ConfigurationError, match="neither"):
        parse_keys(f"1 {word}", 2.0)
