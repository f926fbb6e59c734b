from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.acd.call_back_rules import CallBackRules, Window
from agents.acd.overflow import (
    Bound,
    Limit,
    ToCallBack,
    ToFlow,
    ToGoodbye,
    ToQueue,
    WaitingRules,
    waiting_from,
    waiting_to,
)
from agents.acd.reading import RulesError
from cti.kernel.identifiers import QueueId

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHOLE: dict[str, Any] = {
    "place": False,
    "expected": False,
    "first": 5,
    "every": "1 min",
    "comfort": ["queue.stay", "queue.later"],
    "music": "waltz.wav",
    "most": {"calls": 50, "then": {"to": "queue", "queue": "general"}},
    "longest": {"after": "10 min", "then": {"to": "voicemail", "flow": "message"}},
    "expect": {"above": 900, "then": {"to": "call_back"}},
    "empty": {"then": {"to": "goodbye", "prompt": "queue.goodbye"}},
    "call_back": {"key": 7, "numbers": ["1\\d{10}"], "window": ["09:30", "24:00"]},
}


def test_whole_rules_are_read() -> None:
    rules = waiting_from(WHOLE)
    assert (rules.place, rules.expected, rules.first, rules.every) == (False, False, 5.0, 60.0)
    assert (rules.comfort, rules.music) == (("queue.stay", "queue.later"), "waltz.wav")
    assert rules.bounds == {
        Limit.MOST: Bound(50.0, ToQueue(QueueId("general"))),
        Limit.LONGEST: Bound(600.0, ToFlow("message")),
        Limit.EXPECT: Bound(900.0, ToCallBack()),
        Limit.EMPTY: Bound(0.0, ToGoodbye()),
    }
    assert rules.longest == 600.0
    call_back = rules.call_back
    assert call_back is not None
    assert (call_back.key, call_back.window) == ("7", Window(time(9, 30), time(0)))


@pytest.mark.parametrize("plain", [{}, WHOLE, {"empty": {"then": {"to": "number", "number": "1"}}}])
def test_rules_read_back_as_they_were_written(plain: dict[str, Any]) -> None:
    rules = waiting_from(plain)
    assert waiting_from(waiting_to(rules)) == rules


def test_nothing_written_means_the_usual_and_no_limit() -> None:
    assert waiting_from({}) == WaitingRules()
    assert all(WaitingRules().destination(limit, 1e9) is None for limit in Limit)


def test_a_limit_acts_from_its_figure_on() -> None:
    rules = waiting_from(WHOLE)
    assert rules.destination(Limit.MOST, 49) is None
    assert rules.destination(Limit.MOST, 50) == ToQueue(QueueId("general"))
    assert rules.destination(Limit.EMPTY, 0) == ToGoodbye()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"most": {"calls": 1.5, "then": {"to": "goodbye"}}}, "most.calls: write a whole number"),
        ({"most": {"calls": 1}}, "most.then: is missing"),
        ({"longest": {"after": 9, "then": {"to": "moon"}}}, "longest.then.to: write queue, voice"),
        ({"longest": {"after": 9, "then": {"to": "queue"}}}, "longest.then.queue: is missing"),
        ({"empty": {"calls": 1, "then": {"to": "goodbye"}}}, "empty.calls: means nothing here"),
        ({"every": "often"}, "every: write a time"),
        ({"comfort": "queue.stay"}, "comfort: write a list"),
        ({"call_back": None}, "expect.then: write `call_back`, too"),
        ({"call_back": {"key": "12"}}, "call_back.key: write one digit"),
        ({"call_back": {"lead": 500}}, "call_back.lead: write a time of at most 120 seconds"),
        ({"call_back": {"attempts": 0}}, "call_back.attempts: write a number from 1"),
        ({"call_back": {"window": ["8", "20:00"]}}, "call_back.window[0]: write a time of day"),
        ({"call_back": {"window": ["08:00"]}}, "call_back.window: write two times"),
        ({"call_back": {"numbers": ["("]}}, "call_back.numbers[0]: write a regular expression"),
    ],
)
def test_mistakes_name_their_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError) as caught:
        waiting_from({**WHOLE, **change})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        ("2026-03-02T07:00", "2026-03-02T08:00"),
        ("2026-03-02T08:00", "2026-03-02T08:00"),
        ("2026-03-02T19:59", "2026-03-02T19:59"),
        ("2026-03-02T20:00", "2026-03-03T08:00"),
    ],
)
def test_customers_are_called_by_the_banks_clock(now: str, opening: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI).astimezone(UTC)
    wanted = datetime.fromisoformat(opening).replace(tzinfo=SHANGHAI)
    assert Window().opening(at, SHANGHAI) == wanted


def test_a_window_may_reach_over_midnight_or_never_close() -> None:
    night, always = Window(time(22), time(6)), Window(time(0), time(0))
    late = datetime(2026, 3, 2, 23, tzinfo=SHANGHAI)
    early, noon = late.replace(hour=5), late.replace(hour=12)
    assert [night.opening(at, SHANGHAI) for at in (late, early, noon)] == [
        late,
        early,
        noon.replace(hour=22),
    ]
    assert always.opening(noon, SHANGHAI) == noon


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("13800138000", True),
        ("01066668888", True),
        ("16812345", False),
        ("0015551234567", False),
        ("", False),
        ("12345678901x", False),
    ],
)
def test_not_every_number_is_called_back(number: str, allowed: bool) -> None:
    assert CallBackRules().callable(number) is allowed
