import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.numbers import normalise


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("13800000101", "13800000101"),
        ("+86 138-0000-0101", "13800000101"),
        ("+8613800000101", "13800000101"),
        ("008613800000101", "13800000101"),
        ("8613800000101", "13800000101"),
        ("013800000101", "13800000101"),
        ("(010) 8888 0001", "1088880001"),
        ("861088880001", "1088880001"),
        ("+86 010 88880001", "1088880001"),
        ("0755-8888001", "7558888001"),
        ("+1 415 555 0123", "+14155550123"),
        ("0014155550123", "+14155550123"),
        ("95588", "95588"),
        ("1001", "1001"),
        ("", ""),
        ("anonymous", ""),
        ("+", ""),
    ],
)
def test_one_form(written: str, form: str) -> None:
    assert normalise(written) == form


@given(st.from_regex(r"(1[3-9]\d{9}|[2-7]\d{9}|\+[1-7]\d{9,12})", fullmatch=True))
def test_the_form_of_a_form_is_itself(number: str) -> None:
    assert normalise(normalise(number)) == normalise(number)


@given(st.text())
def test_anything_gives_digits_or_nothing(text: str) -> None:
    form = normalise(text)
    assert form == "" or (form.isascii() and form.removeprefix("+").isdigit())
