"""What customers are sent: short where it is paid by the message, dates as people count days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from tests.support.portal import PortalDesk
from tests.support.tickets import SHANGHAI, local
from tickets.delivery.model import Channel
from tickets.portal.contact import Contact
from tickets.portal.repository import Reader
from tickets.portal.segments import segments, shortened
from tickets.portal.telling import MOST_SEGMENTS, last_day
from tickets.workflow import ClockKind

PHONE = Contact(Channel.SMS, "13800138000")


@pytest.mark.parametrize("language", Language)
def test_every_short_message_is_one(language: Language) -> None:
    desk = PortalDesk()
    view = desk.desk.view(desk.desk.register().number)
    due = next(each.due for each in view.clocks if each.kind is ClockKind.DECISION)
    telling, reader = desk.telling, Reader(PHONE, language)
    told = (
        telling.code(PHONE, language, Secret("123456")),
        telling.registered(reader, view.case, due),
        telling.extended(reader, view.case, due, "复杂" * 100),
        telling.news(reader, view.case, due, "进展" * 100),
        telling.ready(reader, view.case, due),
        telling.thanks(reader, view.case, "谢谢" * 100),
    )
    for each in told:
        assert segments(each.body) == 1, each.body
        assert each.channel is Channel.SMS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 134, 2),
        ("中" * 135, 3),
        ("a" * 71 + "中", 2),
    ],
)
def test_messages_are_counted_as_they_are_carried(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400), st.integers(1, 3))
def test_what_is_shortened_is_a_beginning_that_fits(text: str, most: int) -> None:
    short = shortened(text, most)
    assert segments(short) <= most
    assert short == text or text.startswith(short[:-1])
    assert most <= MOST_SEGMENTS + 1


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2026-12-08 00:00", "2026年12月7日"),
        ("2026-12-07 23:59", "2026年12月7日"),
        ("2026-12-08 09:00", "2026年12月8日"),
    ],
)
def test_a_period_of_whole_days_ends_with_its_last(due: str, day: str) -> None:
    assert last_day(local(due), SHANGHAI, Language.CHINESE) == day
