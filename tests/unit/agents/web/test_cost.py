"""What an event costs does not grow with the consoles that are open, nor with those who wait."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cti.kernel.identifiers import AgentId, CallId
from tests.support.call_centre import COMPLAINTS, GENERAL, CallCentre
from tests.support.console_pages import Page
from tests.support.counting import counted
from tests.support.furnished import FurnishedHouse

NAMES = ["a", "b", *(f"s{number}" for number in range(40))]
A = AgentId("a")
ANNOUNCED = 45.0
"""Seconds after which everybody who waits has heard their place."""
SHOWN = 3.0
"""Seconds after which everything that was to be shown is."""


class Day:
    """A house of agents, so many of whom have their page open, and so many callers wait."""

    def __init__(self, pages: int, waiting: int) -> None:
        skills = {"general": 5}
        self.centre = CallCentre(
            {name: {"complaints": 5} if name == "b" else skills for name in NAMES}
        )
        self.house = FurnishedHouse(centre=self.centre)
        self.pages = [
            Page(self.house.browser(name).socket("/console/live")) for name in NAMES[:pages]
        ]
        for _ in range(waiting):
            self.centre.call(COMPLAINTS)
        self.centre.clock.advance(ANNOUNCED)

    def events(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """What happens to agents and callers, one after the other."""
        centre, service = self.centre, self.centre.service
        calls: list[CallId] = []
        centre.calls.register(centre.extensions["a"])
        yield "sign in", lambda: service.sign_in(A)
        yield "ready", lambda: service.set_ready(A)
        yield "offered", lambda: calls.append(centre.call())
        yield "answered", lambda: centre.answer(calls[0])
        yield "queued", lambda: calls.append(centre.call())
        yield "held", lambda: service.hold(A)
        yield "retrieved", lambda: service.retrieve(A)
        yield "hung up", lambda: centre.calls.hang_up(calls[0])
        yield "finished", lambda: service.finish_after_call(A)
        yield "refused", lambda: centre.calls.phone_refuses(centre.phone(calls[1]).id)
        yield "abandoned", lambda: centre.calls.hang_up(calls[1])


def costs(pages: int, waiting: int) -> dict[str, int]:
    """Of each event, until its turn of the reactor is over."""
    day, found = Day(pages, waiting), {}
    for name, event in day.events():
        with counted() as work:
            event()
        found[name] = work[0]
        day.centre.clock.advance(SHOWN)
    return found


def test_no_event_costs_more_because_more_consoles_are_open() -> None:
    assert costs(pages=3, waiting=3) == costs(pages=len(NAMES), waiting=3)


def test_no_event_costs_more_because_more_callers_wait() -> None:
    assert costs(pages=3, waiting=3) == costs(pages=3, waiting=60)


@pytest.mark.parametrize("calls", [1, 25])
def test_pages_are_told_of_queues_and_colleagues_a_few_times_a_second(calls: int) -> None:
    day = Day(pages=5, waiting=0)
    for page in day.pages:
        page.socket.received()
    for _ in range(calls):
        day.centre.call(GENERAL)
        day.centre.call(COMPLAINTS)
    assert all(page.socket.received() == [] for page in day.pages)
    for _ in range(20):
        day.centre.clock.advance(0.05)
    for page in day.pages:
        told = [message for message in page.socket.received() if "set" in message]
        assert len(told) <= 4
        assert any("directory/queue/general" in message["set"] for message in told)
