"""Codes: any tries at any times open what was asked for at most as often as they may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from tickets.delivery.model import Channel
from tickets.portal.codes import (
    DIGITS,
    LIFETIME,
    TRIES,
    Challenge,
    Verdict,
    code_in,
    digest_of,
    judged,
    made_code,
    renewed,
)
from tickets.portal.contact import Contact

KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
RIGHT, WRONG = (digest_of(KEY, "v", Secret(code)) for code in ("123456", "654321"))


def challenge() -> Challenge:
    contact = Contact(Channel.SMS, "13800138000")
    return Challenge("v", contact, Language.CHINESE, RIGHT, NOW, NOW + LIFETIME)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=12))
def test_no_code_fits_after_its_tries_or_its_time(tries: list[tuple[bool, int]]) -> None:
    state, now = challenge(), NOW
    for judgements, (right, seconds) in enumerate(tries, 1):
        now += timedelta(seconds=seconds)
        verdict, state = judged(state, RIGHT if right else WRONG, now)
        in_time = now < NOW + LIFETIME and judgements <= TRIES
        assert (verdict is Verdict.RIGHT) == (right and in_time)
        assert 0 <= state.tries <= TRIES


def test_the_last_wrong_try_says_that_it_is_over() -> None:
    state, verdicts = challenge(), []
    for _ in range(TRIES + 1):
        verdict, state = judged(state, WRONG, NOW)
        verdicts.append(verdict)
    assert verdicts == [Verdict.WRONG] * (TRIES - 1) + [Verdict.OVER] * 2


def test_nothing_fits_where_nobody_was_sent_a_code() -> None:
    decoy = replace(challenge(), digest="")
    assert judged(decoy, RIGHT, NOW)[0] is Verdict.WRONG


def test_another_code_takes_the_place_of_the_first() -> None:
    later = NOW + timedelta(minutes=5)
    again = renewed(challenge(), WRONG, later)
    assert judged(again, RIGHT, later)[0] is Verdict.WRONG
    assert judged(again, WRONG, later + LIFETIME - timedelta(seconds=1))[0] is Verdict.RIGHT
    assert again.kept_until == challenge().kept_until


@given(st.integers(0, 2**64 - 1))
def test_codes_are_six_digits(chance: int) -> None:
    code = made_code(lambda size: f"{chance:0{2 * size}x}").reveal()
    assert len(code) == DIGITS
    assert code.isdigit()


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert code_in(typed) == Secret("123456")


@given(st.text(max_size=10))
def test_whatever_is_typed_is_a_code_or_none(typed: str) -> None:
    code = code_in(typed)
    assert code is None or (code.reveal().isascii() and code.reveal().isdigit())


def test_a_digest_is_of_one_browser_and_one_key() -> None:
    code = Secret("123456")
    assert len({digest_of(key, who, code) for key in (KEY, b"x") for who in ("a", "b")}) == 4
