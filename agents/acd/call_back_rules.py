r"""When a queue offers to call back, and how it tries.

As plain data, every key of which can be left out::

    key: "9"                      # what the caller presses
    offer_after: 60               # offered after so many seconds of waiting,
    expected_above: 120           # or at once where the expected wait is longer than this
    confirm_number: true          # whether the caller hears the number and may give another
    numbers: ['1[3-9]\d{9}']      # regular expressions; no others are called back
    attempts: 3                   # calls at most,
    pause: 5 min                  # with so much time between two,
    window: ["08:00", "20:00"]    # by the bank's clock,
    keep: 1 day                   # and then no more
    ring: 30                      # how long the customer's telephone rings
    lead: 10                      # begun so long before an agent very probably comes free;
                                  # 0, as if left out: only once an agent is reserved

All times in seconds. Pure.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from functools import partial
from typing import Any

from agents.acd.reading import Part, RulesError, items, seconds, text, truth, whole

MOST_ATTEMPTS = 20
LONGEST_LEAD = 120.0
"""Seconds."""
CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
MIDNIGHT = "24:00"
DOMESTIC = (r"1[3-9]\d{9}", r"0[1-9]\d{8,10}")
"""Mobile and fixed numbers in China."""


@dataclass(frozen=True, slots=True)
class Window:
    """From and until when customers are called, by the bank's clock; from midnight to midnight
    when both are the same.
    """

    opens: time = time(8)
    closes: time = time(20)

    def opening(self, at: datetime, zone: tzinfo) -> datetime:
        """`at` where it lies within the window, else the instant at which the next one opens."""
        local = at.astimezone(zone)
        if self._holds(local.time()):
            return at
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, zone).astimezone(at.tzinfo)

    def closing(self, at: datetime, zone: tzinfo) -> datetime | None:
        """When it closes next after `at`, None where it never does."""
        if self.opens == self.closes:
            return None
        local = at.astimezone(zone)
        day = local.date() if local.time() < self.closes else local.date() + timedelta(days=1)
        return datetime.combine(day, self.closes, zone).astimezone(at.tzinfo)

    def _holds(self, now: time) -> bool:
        if self.opens < self.closes:
            return self.opens <= now < self.closes
        return now >= self.opens or now < self.closes


@dataclass(frozen=True, slots=True)
class CallBackRules:
    """How a queue calls back."""

    key: str = "9"
    offer_after: float = 60.0
    expected_above: float = 120.0
    confirm_number: bool = True
    numbers: tuple[str, ...] = DOMESTIC
    attempts: int = 3
    pause: float = 300.0
    window: Window = Window()
    keep: float = 86400.0
    ring: float = 30.0
    lead: float = 0.0

    def callable(self, number: str) -> bool:
        """Whether customers are called at such a number."""
        return any(re.fullmatch(pattern, number) for pattern in self.numbers)


def call_back_from(plain: object, key: str = "") -> CallBackRules:
    """The rules that such data describes; RulesError names the wrong key and what to write."""
    part, usual = Part(plain, key), CallBackRules()
    rules = CallBackRules(
        key=part.get("key", usual.key, _key),
        offer_after=part.get("offer_after", usual.offer_after, seconds),
        expected_above=part.get("expected_above", usual.expected_above, seconds),
        confirm_number=part.get("confirm_number", usual.confirm_number, truth),
        numbers=part.get("numbers", usual.numbers, _patterns),
        attempts=part.get("attempts", usual.attempts, _attempts),
        pause=part.get("pause", usual.pause, seconds),
        window=part.get("window", usual.window, _window),
        keep=part.get("keep", usual.keep, seconds),
        ring=part.get("ring", usual.ring, seconds),
        lead=part.get("lead", usual.lead, partial(seconds, most=LONGEST_LEAD)),
    )
    part.close()
    return rules


def call_back_to(rules: CallBackRules) -> dict[str, Any]:
    """The plain data that reads back as these rules."""
    return {
        "key": rules.key,
        "offer_after": rules.offer_after,
        "expected_above": rules.expected_above,
        "confirm_number": rules.confirm_number,
        "numbers": list(rules.numbers),
        "attempts": rules.attempts,
        "pause": rules.pause,
        "window": [f"{each:%H:%M}" for each in (rules.window.opens, rules.window.closes)],
        "keep": rules.keep,
        "ring": rules.ring,
        "lead": rules.lead,
    }


def _key(value: object, key: str) -> str:
    if str(value) not in tuple("0123456789"):
        raise RulesError(key, f"write one digit, such as '9', not {value!r}")
    return str(value)


def _attempts(value: object, key: str) -> int:
    attempts = whole(value, key)
    if not 0 < attempts <= MOST_ATTEMPTS:
        raise RulesError(key, f"write a number from 1 to {MOST_ATTEMPTS}, not {attempts}")
    return attempts


def _patterns(value: object, key: str) -> tuple[str, ...]:
    return tuple(_pattern(each, path) for each, path in items(value, key))


def _pattern(value: object, key: str) -> str:
    try:
        return re.compile(text(value, key)).pattern
    except re.error as error:
        raise RulesError(key, f"write a regular expression: {error}") from None


def _window(value: object, key: str) -> Window:
    found = [_clock(each, path) for each, path in items(value, key)]
    if len(found) != 2:
        raise RulesError(key, "write two times, such as ['08:00', '20:00']")
    return Window(*found)


def _clock(value: object, key: str) -> time:
    found = CLOCK.fullmatch(str(value))
    if found is None or (found[1] == "24" and value != MIDNIGHT):
        raise RulesError(key, f"write a time of day, such as '08:00', not {value!r}")
    return time(int(found[1]) % 24, int(found[2]))
