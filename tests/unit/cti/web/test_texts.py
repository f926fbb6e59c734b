"""Catalogues are read as they stand, and what is wrong in them is named with file, line and key."""

from pathlib import Path

import pytest

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language
from cti.web.texts import Texts, read
from tests.support.catalogues import all_texts, entries, write_catalogues, write_words

FIRST = 8
"""The first line below the head that `write_catalogues` writes."""
COUNTED_ZH = 'msgid "a.b"\nmsgid_plural "{n}"\nmsgstr[0] "{n} 个来电"\n'
COUNTED_EN = 'msgid "a.b"\nmsgid_plural "{n}"\nmsgstr[0] "one call"\nmsgstr[1] "{n} calls"\n'
GOOD = entries(a__b="好")


def one(folder: Path, key: str, chinese: str, english: str) -> Texts:
    texts = Texts()
    texts.add(write_words(folder, {key: (chinese, english)}))
    return texts


def test_blanks_are_filled_in_and_nothing_in_them_is_read_again(tmp_path: Path) -> None:
    texts = one(tmp_path, "a.b", "{n} 个 {who}", "{n} of {who}")
    assert texts.text(Language.ENGLISH, "a.b", n=3, who="{n}") == "3 of {n}"
    assert texts.text(Language.CHINESE, "a.b", n=3, who="x") == "3 个 x"


def test_missing_blank_or_key_is_an_error(tmp_path: Path) -> None:
    texts = one(tmp_path, "a.b", "{n}", "{n}")
    with pytest.raises(LookupError):
        texts.text(Language.ENGLISH, "a.b")
    with pytest.raises(LookupError):
        texts.text(Language.ENGLISH, "a.c")


def test_number_chooses_the_form(tmp_path: Path) -> None:
    texts = Texts()
    texts.add(write_catalogues(tmp_path, zh_CN=COUNTED_ZH, en=COUNTED_EN))
    assert texts.text(Language.ENGLISH, "a.b", n=1) == "one call"
    assert texts.text(Language.ENGLISH, "a.b", n="1") == "one call"
    assert texts.text(Language.ENGLISH, "a.b", n=0) == "0 calls"
    assert texts.text(Language.ENGLISH, "a.b", n="1.5") == "1.5 calls"
    assert texts.text(Language.CHINESE, "a.b", n=1) == "1 个来电"
    assert texts.starting_with(Language.ENGLISH, "a.") == {
        "a.b": {"by": "n", "one": "one call", "other": "{n} calls"}
    }
    assert texts.starting_with(Language.CHINESE, "a.") == {"a.b": "{n} 个来电"}


@pytest.mark.parametrize(
    ("english", "line", "says"),
    [
        (entries(a__b=""), FIRST, "en/{rest}:{line}: a.b: must have words"),
        ("", FIRST, "zh_CN/{rest}:{line}: a.b: has no words in en"),
        (entries(a__b="good", c__d="x"), FIRST + 3, "c.d: has no words in zh_CN"),
        (entries(a__b="good") * 2, FIRST + 2, "a.b: stands twice, first in line 8"),
        (entries(a__b="{m}"), FIRST, "a.b: the languages have different blanks"),
        ("#, fuzzy\n" + entries(a__b="good"), FIRST + 1, "a.b: is marked fuzzy"),
        ('msgid "a.b"\nmsgstr good\n', FIRST + 1, 'en/{rest}:{line}: must be a comment, or'),
        ('msgid "a.b"\nmsgstr "go"od"\n', FIRST + 1, 'en/{rest}:{line}: must be a comment, or'),
        ('msgid "a.b"\n', FIRST, "missing msgstr"),
        (COUNTED_EN.replace("{n}", "{m}", 1), FIRST, "msgid_plural must be a blank of the words"),
        (COUNTED_EN.replace('msgstr[1] "{n} calls"\n', ""), FIRST, "must have words"),
        (COUNTED_EN.replace("one", "{n}"), FIRST, "different blanks"),
    ],
)  # fmt: skip
def test_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, english: str, line: int, says: str
) -> None:
    locales = write_catalogues(tmp_path, zh_CN=GOOD, en=english)
    with pytest.raises(ConfigurationError) as caught:
        read(locales)
    assert says.format(line=line, rest="LC_MESSAGES/test.po") in str(caught.value)
    assert f".po:{line}: " in str(caught.value)


def test_number_counts_in_both_languages_or_in_none(tmp_path: Path) -> None:
    locales = write_catalogues(tmp_path, zh_CN=entries(a__b="{n} 个"), en=COUNTED_EN)
    with pytest.raises(ConfigurationError, match="in one language and not in the other"):
        read(locales)


def test_catalogue_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    locales = write_catalogues(tmp_path, zh_CN=GOOD)
    with pytest.raises(ConfigurationError, match="must be one catalogue"):
        read(locales)
    place = locales / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "test.po").write_bytes(b'msgid "a.b"\nmsgstr "\xff"\n')
    with pytest.raises(ConfigurationError, match="is no catalogue"):
        read(locales)


def test_key_of_another_package_is_refused(tmp_path: Path) -> None:
    texts = all_texts()
    with pytest.raises(ConfigurationError, match="already stands in"):
        texts.add(write_words(tmp_path, {"site.title": ("好", "good")}))
