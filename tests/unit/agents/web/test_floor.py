"""What supervisors see of agents, queues, assignments and alarms, and what they can do there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from agents.acd.explanation import MatchedBy
from agents.events import (
    AgentState,
    AlarmAcknowledged,
    CallOffered,
    Disagreement,
    DisagreementHealed,
    NotReadyOverlong,
)
from agents.floor_log import ALARMS, ASSIGNMENTS, FloorLog
from agents.line_quality import Line, Lines
from agents.lines import Secure
from agents.supervision import SupervisorService
from agents.web.floor import FloorPages
from agents.web.floor_board import DRAW_AFTER, FloorBoard
from agents.web.floor_views import possible
from agents.web.supervision_commands import supervision_commands
from agents.web.supervisor_commands import supervisor_commands
from cti.kernel.clock import utc
from cti.kernel.events import Event, decode, encode
from cti.kernel.identifiers import AgentId, CallId, DeviceId, QueueId, StaffId
from cti.kernel.loans import LoanPurpose
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from tests.support.browsers import Browser
from tests.support.call_centre import CallCentre
from tests.support.console_pages import Page
from tests.support.consoles import ConsoleHouse

A = AgentId("a")


class FloorHouse(ConsoleHouse):
    """Two agents of the general queue, and a supervisor at 1900."""

    def __init__(self) -> None:
        super().__init__(CallCentre({"a": {"general": 5}, "b": {"general": 3}}))
        centre = self.centre
        self.lines, self.log = Lines(centre.bus), FloorLog()
        centre.bus.subscribe(Event, self.log.take)
        supervision = SupervisorService(
            centre.clock, centre.bus, centre.calls, lambda who: centre.service.view(who).extension
        )
        supervision.start()
        self.lines.start()
        self.floor = FloorBoard(
            frame=self.frame,
            agents=centre.service,
            supervision=supervision,
            control=centre.calls,
            bus=centre.bus,
            log=self.log,
            lines=self.lines,
            name_of=centre.roster.name_of,
            kept=lambda _queue: (0.5, 0.8),
        )
        self.floor.commands |= supervisor_commands(centre.service)
        self.floor.commands |= supervision_commands(supervision)
        self.floor.start()
        pages = FloorPages(self.frame, centre.service, self.floor, UTC)
        self.root.putChild(b"floor", pages.app.resource())
        centre.calls.register("1900")

    def boss(self) -> Browser:
        roles = frozenset({Role.SUPERVISOR})
        boss = Principal(StaffId("s"), "S", roles, Language.CHINESE, extension="1900")
        cookies = {"hotline_session": self.frame.sessions.open(boss).token}
        return Browser(self.root, self.centre.clock, cookies)

    def page(self) -> Page:
        return Page(self.boss().socket("/floor/live"))

    def talk(self) -> CallId:
        """Agent ``a`` talks with a caller."""
        self.centre.ready("a")
        call_id = self.centre.call()
        self.centre.answer(call_id)
        return call_id

    def drawn(self, page: Page) -> dict[str, object]:
        self.centre.clock.advance(DRAW_AFTER)
        return page.read()


@pytest.fixture
def house() -> Iterator[FloorHouse]:
    house = FloorHouse()
    yield house
    house.floor.stop()
    assert house.centre.errors == []


def test_the_page_is_for_supervisors_in_both_languages(house: FloorHouse) -> None:
    boss = house.boss()
    assert "最近的派话与原因" in boss.get("/floor").text
    boss.cookies["hotline_language"] = "en"
    assert "Last assignments, and why" in boss.get("/floor").text
    assert house.browser("a").get("/floor").status == 403


def test_agents_cannot_connect_to_it(house: FloorHouse) -> None:
    with pytest.raises(AssertionError, match="401"):
        house.browser("a").socket("/floor/live")


def test_a_call_is_shown_without_its_callers_number(house: FloorHouse) -> None:
    page = house.page()
    house.talk()
    shown = house.drawn(page)["agent/a"]
    assert isinstance(shown, dict)
    assert (shown["state"], shown["call"]["kind"]) == ("busy", "inbound")
    call = house.centre.calls.calls()[0]
    assert "*" in shown["call"]["with"]
    assert shown["call"]["with"] != call.calling
    assert call.calling not in str(shown)


def test_queues_count_who_waits_and_who_could_serve_them(house: FloorHouse) -> None:
    page = house.page()
    house.talk()
    house.centre.call()
    queue = house.drawn(page)["queue/general"]
    assert isinstance(queue, dict)
    assert (queue["waiting"], queue["free"], queue["staffed"]) == (1, 0, 1)
    assert queue["forecasts_kept"] == [0.5, 0.8]
    house.centre.ready("b")
    queue = house.drawn(page)["queue/general"]
    assert isinstance(queue, dict)
    assert (queue["waiting"], queue["staffed"]) == (1, 2)


def test_what_is_impossible_says_why(house: FloorHouse) -> None:
    page = house.page()
    can = page.entities["agent/a"]["can"]
    assert (can["listen"], can["ready"], can["sign_out"]) == ("no_call", "signed_off", "signed_off")
    house.talk()
    house.drawn(page)
    can = page.entities["agent/a"]["can"]
    assert [can[each] for each in ("listen", "whisper", "barge", "intercept")] == [""] * 4


def test_nobody_is_heard_who_keys_something_in_secret(house: FloorHouse) -> None:
    house.talk()
    view = house.centre.service.view(A)
    secure = Secure(LoanPurpose.VERIFY, view.since)
    can = possible(replace(view, calls=(replace(view.calls[0], secure=secure),)))
    assert {can[each] for each in ("listen", "whisper", "barge", "intercept")} == {"secure"}
    assert can["not_ready"] == ""


def test_listening_and_stopping(house: FloorHouse) -> None:
    page = house.page()
    house.talk()
    assert page.do("listen", agent_id="a")["ok"] is None
    house.drawn(page)
    (there,) = page.entities["agent/a"]["supervisors"]
    assert (there["staff_id"], there["mode"]) == ("s", "listen")
    page.do("stop_supervising")
    house.drawn(page)
    assert page.entities["agent/a"]["supervisors"] == []


def test_forcing_a_state(house: FloorHouse) -> None:
    page = house.page()
    house.centre.ready("a")
    page.do("force", agent_id="a", state="not_ready", reason="training")
    house.drawn(page)
    shown = page.entities["agent/a"]
    assert (shown["state"], shown["reason"]) == ("not_ready", "training")
    assert page.do("dance")["error"] == "agent.command_unknown"


def test_why_this_agent(house: FloorHouse) -> None:
    page = house.page()
    house.talk()
    house.drawn(page)
    (offer,) = [each for key, each in page.entities.items() if key.startswith("offer/")]
    assert (offer["agent_id"], offer["outcome"]) == ("a", "accepted")
    keys = [each["key"] for each in offer["why"]]
    assert keys == ["match.by.call_came", "match.only_agent", "match.demand"]
    for language in Language:
        for part in offer["why"]:
            blanks = {**part["blanks"], "time": "0:01"}
            assert "{" not in house.frame.text(language, part["key"], **blanks)


def test_whoever_came_free_took_the_longest_waiting(house: FloorHouse) -> None:
    first = house.centre.call()
    house.centre.clock.advance(42)
    house.centre.call()
    house.centre.ready("a")
    (event,) = house.centre.events(CallOffered)
    assert event.call_id == first
    assert event.why is not None
    assert event.why.matched is MatchedBy.AGENT
    told = {each.key: each.blanks for each in event.why.told()}
    assert told["match.first_call"] == {"among": 2, "time": 42}


def test_lines_are_shown_while_the_agent_talks(house: FloorHouse) -> None:
    page = house.page()
    call_id = house.talk()
    house.lines.report(A, DeviceId("1001"), [call_id], Line(round_trip=350.0, loss=4.0))
    house.drawn(page)
    assert page.entities["agent/a"]["quality"]["loss"] == 4.0
    house.centre.calls.hang_up(call_id)
    house.drawn(page)
    assert page.entities["agent/a"]["quality"] is None


def test_an_alarm_is_seen_by_somebody_and_over_when_the_state_changes(house: FloorHouse) -> None:
    page, centre = house.page(), house.centre
    centre.ready("a")
    centre.service.set_not_ready(A, "lunch")
    at = utc(centre.clock)
    centre.bus.publish(NotReadyOverlong(at=at, agent_id=A, reason="lunch", since=at))
    house.drawn(page)
    ((key, alarm),) = [each for each in page.entities.items() if each[0].startswith("alarm/")]
    assert (alarm["kind"], alarm["what"], alarm["seen"]) == ("overlong", "lunch", None)
    page.do("acknowledge", alarm=key.partition("/")[2])
    page.do("acknowledge", alarm=key.partition("/")[2])
    centre.service.set_ready(A)
    house.drawn(page)
    assert page.entities[key]["seen"] is not None
    assert page.entities[key]["over"] is not None
    (event,) = centre.events(AlarmAcknowledged)
    assert decode(event.kind, encode(event)) == event


def test_the_next_server_knows_them(house: FloorHouse) -> None:
    at = utc(house.centre.clock)
    house.centre.bus.publish(
        DisagreementHealed(at=at, what=Disagreement.BUSY_WITHOUT_CALL, agent_id=A)
    )
    house.talk()
    (alarm,) = house.log.alarms
    house.page().do("acknowledge", alarm=alarm)
    after = FloorLog()
    after.read(house.centre.journal)
    assert after.alarms == house.log.alarms
    assert after.assigned == house.log.assigned


def test_only_the_last_are_kept(house: FloorHouse) -> None:
    page, at = house.page(), utc(house.centre.clock)
    for number in range(ALARMS + 5):
        what, when = Disagreement.WORK_OVERDUE, at + timedelta(seconds=number)
        house.centre.bus.publish(DisagreementHealed(at=when, what=what, agent_id=A))
    house.centre.ready("a")
    for _ in range(ASSIGNMENTS + 5):
        call_id = house.centre.call()
        house.centre.calls.hang_up(call_id)
    assert len(house.log.alarms) == ALARMS
    assert len(house.log.assigned) == ASSIGNMENTS
    shown = house.drawn(page)
    assert sum(key.startswith("alarm/") for key in shown) == ALARMS
    assert sum(key.startswith("offer/") for key in shown) == ASSIGNMENTS


def test_every_disagreement_and_every_way_to_choose_has_words(house: FloorHouse) -> None:
    keys = [f"floor.healed.{each.value}" for each in Disagreement]
    keys += [f"match.by.{each.value}" for each in MatchedBy]
    keys += [f"console.state.{each.value}" for each in AgentState]
    assert [key for key in keys if key not in house.frame.texts] == []


def test_a_queue_that_nobody_knows_is_not_shown(house: FloorHouse) -> None:
    assert "queue/nowhere" not in house.floor.entities()
    assert f"queue/{QueueId('general')}" in house.floor.entities()
