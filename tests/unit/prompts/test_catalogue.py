from decimal import Decimal
from pathlib import Path

import pytest

from cti.kernel.errors import ConfigurationError, LocalError
from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from ivr.bank.port import CardKind, Term, TransactionKind
from prompts.catalogue import Announcement, load_catalogue
from prompts.spoken.values import WaitRange

ZH = """\
hello: 您好，95588，请按1
balance: 余额{amount:money}
booked: "{kind:phrase}，{amount:money}"
kind.fee: 手续费
"""
EN = """\
hello: Hello 958, press 1
balance: "{amount:money} left"
booked: "{kind:phrase}, {amount:money}"
kind.fee: fee
"""


def texts(folder: Path, zh: str, en: str) -> Path:
    (folder / "zh.yaml").write_text(zh, encoding="utf-8")
    (folder / "en.yaml").write_text(en, encoding="utf-8")
    return folder


def test_fills_blanks(tmp_path: Path) -> None:
    catalogue = load_catalogue(texts(tmp_path, ZH, EN))
    values = {"amount": Money(Decimal("2.5")), "kind": "kind.fee"}
    assert catalogue.text(Announcement("hello"), Language.CHINESE) == "您好，九五五八八，请按一"
    english = catalogue.text(Announcement("hello"), Language.ENGLISH)
    assert english == "Hello nine five eight, press one"
    balance = Announcement("balance", values)
    assert catalogue.text(balance, Language.CHINESE) == "余额两元五角"
    assert catalogue.text(balance, Language.ENGLISH) == "two yuan and fifty fen left"
    assert catalogue.text(Announcement("booked", values), Language.CHINESE) == "手续费，两元五角"


def test_knows_its_ids_and_blanks(tmp_path: Path) -> None:
    catalogue = load_catalogue(texts(tmp_path, ZH, EN))
    assert catalogue.ids == {"hello", "balance", "booked", "kind.fee"}
    assert catalogue.blanks("booked") == {"kind": "phrase", "amount": "money"}
    assert catalogue.is_static("hello")
    assert not catalogue.is_static("balance")


@pytest.mark.parametrize(
    "announcement",
    [
        Announcement("nowhere"),
        Announcement("balance"),
        Announcement("balance", {"amount": 2.5}),
        Announcement("booked", {"kind": "kind.nothing", "amount": Money(Decimal(1))}),
    ],
)
def test_wrong_use_is_our_mistake(tmp_path: Path, announcement: Announcement) -> None:
    catalogue = load_catalogue(texts(tmp_path, ZH, EN))
    with pytest.raises(LocalError):
        catalogue.text(announcement, Language.CHINESE)


def test_values_are_not_shown() -> None:
    assert "9731" not in repr(Announcement("balance", {"amount": Decimal("9731.00")}))


@pytest.mark.parametrize(
    ("zh", "en", "file", "line", "key", "message"),
    [
        ("a: 一\nb: 二\n", "a: one\n", "zh.yaml", 2, "b", "no translation"),
        ("a: 一\n", "a: one\nb: two\n", "en.yaml", 2, "b", "no translation"),
        ("a: 一{n:number}\n", "a: one\n", "zh.yaml", 1, "a", "other blanks"),
        ("a: '{n:number}'\n", "a: '{n:count}'\n", "zh.yaml", 1, "a", "other blanks"),
        ("a: 一\na: 二\n", "a: one\n", "zh.yaml", 2, "a", "stands twice"),
        ("a: 一{n:nimber}\n", "a: one\n", "zh.yaml", 1, "a", "no reading 'nimber'"),
        ("a: 一{n}\n", "a: one\n", "zh.yaml", 1, "a", "a blank is written"),
        ("a: 一}\n", "a: one\n", "zh.yaml", 1, "a", "a blank is written"),
        ("a: [一]\n", "a: one\n", "zh.yaml", 1, "a", "must be a text"),
        ("a:\n", "a: one\n", "zh.yaml", 1, "a", "must be a text"),
        ("A b: 一\n", "a: one\n", "zh.yaml", 1, "A b", "lower-case"),
        ("- 一\n", "a: one\n", "zh.yaml", 1, "", "must hold keys and values"),
        ("a: 一\nb: 'x\n", "a: one\n", "zh.yaml", 3, "", "end of stream"),
    ],
)
def test_errors_say_where(
    tmp_path: Path, zh: str, en: str, file: str, line: int, key: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_catalogue(texts(tmp_path, zh, en))
    error = raised.value
    assert (Path(error.file).name, error.line, error.key) == (file, line, key)
    assert message in error.message


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"zh\.yaml"):
        load_catalogue(tmp_path)


def test_the_shipped_texts_load_and_name_bank_matters() -> None:
    catalogue = load_catalogue()
    named = [f"bank.kind.{kind.value}" for kind in TransactionKind]
    named += [f"bank.card.{kind.value}" for kind in CardKind]
    named += [f"bank.term.{term.value}" for term in Term]
    assert catalogue.ids.issuperset(named)
    wait = Announcement("queue.wait", {"wait": WaitRange(130, 230)})
    assert catalogue.text(wait, Language.CHINESE).endswith("两到四分钟。")


def test_the_shipped_texts_leave_no_digit_to_the_synthesiser() -> None:
    catalogue = load_catalogue()
    for key in catalogue.ids:
        if catalogue.is_static(key):
            text = catalogue.text(Announcement(key), Language.CHINESE)
            assert not any(mark in "0123456789" for mark in text), key
