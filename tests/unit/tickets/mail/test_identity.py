"""Message-IDs that prove themselves, and numbers in subjects."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tickets.mail.identity import Identity, Sent, marked, numbers_in
from tickets.numbers import ticket_number

NUMBER = ticket_number(date(2026, 11, 21), 1)
OURS = Identity(b"k" * 32, "Bank.example")


@given(st.integers(1, 99999), st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True))
def test_a_message_id_of_ours_says_which_delivery_it_was(serial: int, delivery: str) -> None:
    number = ticket_number(date(2026, 11, 21), serial)
    made = OURS.message_id(number, delivery)
    assert OURS.read(made) == Sent(number, delivery)
    assert OURS.read(made.upper()) == Sent(number, delivery)
    assert made == OURS.message_id(number, delivery)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_message_id_with_anything_changed_is_not_ours(place: int, mark: str) -> None:
    made = OURS.message_id(NUMBER, "17")
    place %= len(made)
    changed = made[:place] + mark + made[place + 1 :]
    assert OURS.read(changed) is None or changed.lower() == made


def test_a_key_and_a_domain_of_others_make_none_of_ours() -> None:
    assert OURS.read(Identity(b"x" * 32, "bank.example").message_id(NUMBER, "17")) is None
    assert OURS.read(Identity(b"k" * 32, "other.example").message_id(NUMBER, "17")) is None
    assert OURS.read("hotline.0.5.@") is None


def test_a_letter_for_no_ticket_says_so() -> None:
    assert OURS.read(OURS.message_id(None, "5")) == Sent(None, "5")


def test_numbers_are_found_by_mark_and_check_digit() -> None:
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    assert numbers_in(f"Re: [#{NUMBER}] my card") == (NUMBER,)
    assert numbers_in(f"回复：【#{NUMBER}】吞卡") == (NUMBER,)
    assert numbers_in(f"#{NUMBER[:6]} {NUMBER[6:]}") == (NUMBER,)
    assert numbers_in(f"[#{wrong}]") == ()
    assert numbers_in(f"关于工单{NUMBER}的补充") == (NUMBER,)
    assert numbers_in(f"工单号：{NUMBER}") == (NUMBER,)
    assert numbers_in(f"My Ticket No. {NUMBER}") == (NUMBER,)
    assert numbers_in(f"account {NUMBER}") == ()


def test_a_subject_is_marked_once() -> None:
    assert marked("My card", NUMBER) == f"[#{NUMBER}] My card"
    assert marked(marked("My card", NUMBER), NUMBER) == f"[#{NUMBER}] My card"
