"""What a page's telephone is given to register with, and what it tells of its line."""

from typing import Any

import pytest

from agents.events import LineMeasured
from agents.line_quality import Lines
from agents.passes import Passes
from agents.web.phone_commands import phone_commands
from cti.kernel.identifiers import DeviceId
from cti.sip.access.digest import account
from tests.support.call_centre import CallCentre
from tests.support.consoles import ConsoleHouse
from tests.support.lossy_link import counting_entropy

PHONE = DeviceId("1001")


class Seat:
    """Agent ``a`` at consoles whose telephones can register."""

    def __init__(self) -> None:
        self.centre = CallCentre({"a": {"general": 8}})
        self.house = ConsoleHouse(self.centre)
        self.registered: set[str] = set()
        self.passes = Passes(
            self.centre.clock,
            counting_entropy(),
            "bank",
            lambda extension, _instance: extension in self.registered,
        )
        lines = Lines(self.centre.bus)
        lines.start()
        console = self.house.console
        console.commands |= phone_commands(
            self.centre.service, self.passes, self.centre.calls, lines, console.board.publish
        )
        self.browser = self.house.browser("a")

    def page(self, name: str) -> "Page":
        return Page(self, name)


class Page:
    """One page of the agent's, on the board."""

    def __init__(self, seat: Seat, name: str) -> None:
        self.socket = seat.browser.socket(f"/console/live?page={name}")
        self.socket.received()

    def asks(self, what: str, **fields: Any) -> Any:
        self.socket.send({"id": 1, "do": what, **fields})
        return next(each for each in self.socket.received() if each.get("re") == 1)


@pytest.fixture
def seat() -> Seat:
    return Seat()


def test_a_page_is_given_a_password_that_proves_the_extension(seat: Seat) -> None:
    given = seat.page("one").asks("phone_credentials")["ok"]
    assert given["user"] == PHONE
    ha1 = account(given["user"], given["realm"], given["password"]).ha1_sha256
    assert seat.passes.digests(PHONE) == (ha1,)
    assert given["instance"].startswith("urn:uuid:")


def test_another_page_must_take_the_telephone_over(seat: Seat) -> None:
    first = seat.page("one")
    first.asks("phone_credentials")
    seat.registered.add(PHONE)
    second = seat.page("two")
    assert second.asks("phone_credentials")["error"] == "phone.elsewhere"
    first.socket.received()
    assert "ok" in second.asks("phone_credentials", takeover=True)
    shown = [each["set"] for each in first.socket.received() if "phone/a" in each.get("set", {})]
    assert shown == [{"phone/a": {"page": "two"}}], "the first page knows it by now"


def test_a_page_that_looks_on_is_given_nothing(seat: Seat) -> None:
    first = seat.page("one")
    seat.page("two")
    assert first.asks("phone_credentials")["error"] == "agent.desk_elsewhere"
    assert seat.passes.digests(PHONE) == ()


def test_the_worst_of_the_line_is_told_of_the_call_that_it_was_in(seat: Seat) -> None:
    page, centre = seat.page("one"), seat.centre
    centre.ready("a")
    call_id = centre.call()
    centre.answer(call_id)
    assert page.asks("phone_report", rtt=20, loss=0.5, jitter=3, level=-20)["ok"] is None
    page.asks("phone_report", rtt=90, loss=0, jitter=None, level=-60)
    centre.calls.hang_up(call_id)
    (told,) = centre.events(LineMeasured)
    assert (told.call_id, told.round_trip, told.loss, told.jitter, told.level) == (
        call_id,
        90.0,
        0.5,
        3.0,
        -20.0,
    )


def test_a_report_that_is_no_figure_is_refused(seat: Seat) -> None:
    answer = seat.page("one").asks("phone_report", rtt="soon")
    assert answer["error"] == "agent.command_unknown"


def test_nothing_is_kept_of_calls_that_only_ring(seat: Seat) -> None:
    page, centre = seat.page("one"), seat.centre
    centre.ready("a")
    call_id = centre.call()
    page.asks("phone_report", rtt=900)
    centre.answer(call_id)
    page.asks("phone_report", rtt=20)
    centre.calls.hang_up(call_id)
    (told,) = centre.events(LineMeasured)
    assert told.round_trip == 20.0
