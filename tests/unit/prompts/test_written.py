"""What was written, as a person reads it out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.vocabulary import Language
from prompts.written import language_of, said, sentences

CHINESE = [
    ("手续费1,234.50元已退回", "手续费一千二百三十四元五角已退回"),
    ("￥20", "二十元"),
    ("尾号8848的账户", "尾号八八四八的账户"),
    ("共2笔，3个工作日", "共两笔，三个工作日"),
    ("利率1.25%", "利率百分之一点二五"),
    ("于2026-11-25 14:05办理", "于二零二六年十一月二十五日 下午两点零五分办理"),
    ("2026年11月25日", "二零二六年十一月二十五日"),
    ("2026年起", "二零二六年起"),
    ("请拨95588", "请拨九五五八八"),
    ("13800138000", "幺三八，零零幺三，八零零零"),
    ("010-66108608", "零幺零，六六幺零八六零八"),
    ("工单26112100014", "工单二六幺幺，二幺零零，零幺四"),
    ("增长3.5倍", "增长三点五倍"),
    ("2026-02-31", "二零二六零二三幺"),
]
ENGLISH = [
    (
        "USD 12.50 to card ending 8848.",
        "twelve US dollars and fifty cents to card ending eight eight four eight.",
    ),
    ("by 2026-11-25", "by November twenty-fifth, twenty twenty-six"),
    ("3 items, 2.5%", "three items, two point five percent"),
]


@pytest.mark.parametrize(("written", "spoken"), CHINESE)
def test_chinese_figures_are_said_as_a_person_says_them(written: str, spoken: str) -> None:
    assert said(written, Language.CHINESE) == spoken


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english_figures_are_said_as_a_person_says_them(written: str, spoken: str) -> None:
    assert said(written, Language.ENGLISH) == spoken


@given(st.text(max_size=200), st.sampled_from(Language))
def test_anything_can_be_said(text: str, language: Language) -> None:
    spoken = said(text, language)
    assert spoken.isprintable()
    assert not any(each.isascii() and each.isdigit() for each in spoken)


def test_long_answers_are_spoken_in_sentences() -> None:
    text = "已核实。手续费已退回！ It is done. Version 1.5 is out"
    assert sentences(text) == ["已核实。", "手续费已退回！", "It is done.", "Version 1.5 is out"]
    assert sentences("甲，" * 40, 20) == ["甲，" * 10] * 4
    assert sentences(" \n ") == []


@given(st.text(alphabet="甲，。 a.\n1", max_size=300), st.integers(5, 50))
def test_no_word_is_lost_between_sentences(text: str, longest: int) -> None:
    parts = sentences(text, longest)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(0 < len(each) <= longest for each in parts)


def test_a_text_is_said_in_its_own_language() -> None:
    assert language_of("您好 ATM") is Language.CHINESE
    assert language_of("Dear customer") is Language.ENGLISH
