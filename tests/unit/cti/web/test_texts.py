import re
from pathlib import Path

import pytest

from cti.kernel.errors import ConfigurationError
from cti.kernel.vocabulary import Language
from cti.web.texts import Texts, read

ROOT = Path(__file__).parents[4]
WEB_PACKAGES = sorted(path.parent for path in ROOT.glob("*/web/texts.yaml"))
SOURCES = [
    ROOT / name for name in ("cti", "agents", "tickets", "monitoring", "customers", "config")
]

IN_TEMPLATE = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""")
IN_CODE = re.compile(r"""\b(?:Refused\(|\.text\(\w+,)\s*"([a-z_]+\.[a-z_.0-9]+)\"""")


def write(folder: Path, text: str) -> Path:
    path = folder / "texts.yaml"
    path.write_text(text, "utf-8")
    return path


def all_texts() -> Texts:
    texts = Texts()
    for package in WEB_PACKAGES:
        texts.add(package / "texts.yaml")
    return texts


def test_blanks_are_filled_in_and_nothing_in_them_is_read_again(tmp_path: Path) -> None:
    texts = Texts()
    texts.add(write(tmp_path, 'a.b: {zh: "{n} 个 {who}", en: "{n} of {who}"}'))
    assert texts.text(Language.ENGLISH, "a.b", n=3, who="{n}") == "3 of {n}"
    assert texts.text(Language.CHINESE, "a.b", n=3, who="x") == "3 个 x"


def test_missing_blank_or_key_is_an_error(tmp_path: Path) -> None:
    texts = Texts()
    texts.add(write(tmp_path, 'a.b: {zh: "{n}", en: "{n}"}'))
    with pytest.raises(LookupError):
        texts.text(Language.ENGLISH, "a.b")
    with pytest.raises(LookupError):
        texts.text(Language.ENGLISH, "a.c")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a.b: {zh: 好, en: good}\nc.d: {zh: 好}", 2, "`en`"),
        ("a.b: {zh: 好, en: good}\nc.d: {zh: 好, en: ''}", 2, "must be a text"),
        ("a.b: {zh: 好, en: good, fr: bon}", 1, "fr"),
        ("a.b: {zh: 好, en: good}\na.b: {zh: 好, en: good}", 2, "twice"),
        ('a.b: {zh: "{n}", en: "{m}"}', 1, "blanks"),
        ("a.b: good", 1, "keys and values"),
        ("a.b: {zh: [", 1, ""),
    ],
)
def test_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert f"{path}:{line}" in str(caught.value)
    assert says in str(caught.value)


def test_key_of_another_package_is_refused(tmp_path: Path) -> None:
    texts = all_texts()
    with pytest.raises(ConfigurationError, match="already stands in"):
        texts.add(write(tmp_path, "site.title: {zh: 好, en: good}"))


@pytest.mark.parametrize("package", WEB_PACKAGES, ids=lambda path: path.parent.name)
def test_every_text_of_a_template_exists(package: Path) -> None:
    texts = all_texts()
    used = {
        (template.name, key)
        for template in (package / "templates").glob("*.html")
        for key in IN_TEMPLATE.findall(template.read_text("utf-8"))
    }
    assert used
    assert {(name, key) for name, key in used if key not in texts} == set()


def test_every_refusal_has_its_text() -> None:
    texts = all_texts()
    missing = {
        f"{path.relative_to(ROOT)}: {key}"
        for folder in SOURCES
        for path in folder.rglob("*.py")
        for key in IN_CODE.findall(path.read_text("utf-8"))
        if key not in texts
    }
    assert missing == set()
