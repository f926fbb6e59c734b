"""Quotations and signatures, as mail programs of two languages write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.mail.folding import folded

HEADS = [
    "On Fri, 20 Nov 2026 at 09:00, Bank <service@bank.example> wrote:",
    "On Fri, 20 Nov 2026 at 09:00, Bank\n<service@bank.example> wrote:",
    "在 2026年11月20日，上午9:00，银行客服 <service@bank.example> 写道：",
    "于 2026年11月20日 GMT+8 09:00:00, 银行客服 写道:",
    "银行客服 <service@bank.example> 于2026年11月20日周五 09:00写道：",
    "At 2026-11-20 09:00:00, Bank wrote:",
    "-----Original Message-----",
    "-----原始邮件-----",
    "------------------ 原始邮件 ------------------",
    "---- Replied Message ----",
    "---- 回复的原邮件 ----",
    "发件人: 银行客服\n发送时间: 2026年11月20日\n收件人: 王芳\n主题: 回复",
    "From: Bank\nSent: Friday\nTo: Wang\nSubject: Your card",
    "________________________________\n发件人： 银行客服\n日期： 2026-11-20\n收件人： 王芳",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("mark", ["", "> "])
def test_a_head_folds_what_comes_after_it(head: str, mark: str) -> None:
    if mark and "\n" not in head and "rote" not in head and "写道" not in head:
        mark = ""
    body = folded(f"New words.\n\n{head}\n\n{mark}old words\n{mark}more of them")
    assert body.text == "New words."
    assert body.quoted.startswith(head.split("\n")[0].strip())
    assert "old words" in body.quoted


@pytest.mark.parametrize(
    "text",
    [
        "I wrote:\nplease help",
        "From: is the word I typed.",
        "柜员说：不行",
        "5 > 3\nand so on",
        "The original message was lost.",
        "On the ground floor I wrote: nothing",
    ],
)
def test_ordinary_words_are_no_head(text: str) -> None:
    assert folded(text).text == text


def test_a_letter_of_nothing_but_a_quotation_is_shown_whole() -> None:
    body = folded("> all\n> of it")
    assert body.text == "> all\n> of it"
    assert body.quoted == ""


def test_signatures_stand_apart() -> None:
    assert folded("Yes.\n\nSent from my iPhone").signature == "Sent from my iPhone"
    assert folded("好的\n\n发自我的iPhone\n\n> 旧").signature == "发自我的iPhone"
    assert folded("-- \nonly a signature").text == "-- \nonly a signature"


LINES = st.sampled_from(
    ["words", "", "> old", "-- ", *HEADS[:6], "From: a", "To: b", "Subject: c", "发自我的iPhone"]
)


@given(st.lists(LINES | st.text(alphabet="ab >-:", max_size=8), max_size=12))
def test_nothing_is_lost_and_something_is_left(lines: list[str]) -> None:
    text = "\n".join(lines)
    body = folded(text)
    piled = "\n".join((body.text, body.signature, body.quoted))
    assert [each for each in piled.split() if each] == text.split()
    assert bool(body.text) == bool(text.strip())
