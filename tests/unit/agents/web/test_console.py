import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import agents.errors
import agents.web
from agents.acd.call_back import CallBack
from agents.events import AgentState
from agents.web.console import CARD_AFTER
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, CustomerId, DeviceId, QueueId, TicketNumber
from cti.kernel.vocabulary import Language, Role, ServiceLevel, Situation, Verification
from cti.trunks.numbers import Reach
from cti.web.texts import Texts
from tests.support.browsers import Browser
from tests.support.call_centre import COMPLAINTS, CallCentre
from tests.support.console_pages import Page
from tests.support.consoles import TICKET, ConsoleHouse

WEB = Path(agents.web.__file__).parent


@pytest.fixture
def house() -> ConsoleHouse:
    return ConsoleHouse(CallCentre({"a": {"general": 5}, "b": {"complaints": 5}}))


@pytest.fixture
def browser(house: ConsoleHouse) -> Browser:
    return house.browser("a")


def open_page(house: ConsoleHouse, name: str = "a") -> Page:
    return Page(house.browser(name).socket("/console/live"))


def known_caller(house: ConsoleHouse, call_id: CallId) -> None:
    house.centre.calls.attach(
        call_id,
        customer_id=CustomerId("c1"),
        customer_name="王芳",
        service_level=ServiceLevel.SPECIAL,
        verification=Verification.SIGNED_IN,
        path=("accounts", "person"),
    )


def test_the_page_is_there_in_both_languages(browser: Browser) -> None:
    page = browser.get("/console")
    assert page.status == 200
    assert "我的队列" in page.text
    browser.cookies["hotline_language"] = "en"
    page = browser.get("/console/")
    assert "My queues" in page.text
    assert '"reason": "lunch"' in page.text


def test_what_waits_on_tickets_stands_beside_the_telephone(house: ConsoleHouse) -> None:
    browser = house.browser("a")
    assert "data-count" not in browser.get("/console").text, "a house without tickets"
    beside = ConsoleHouse(house.centre)
    beside.frame.add_package("tickets.web")
    page = beside.browser("a").get("/console").text
    assert 'target="_blank" rel="noopener" href="/tickets/messages"' in page
    assert 'data-count="notices/a"' in page


def test_only_agents_with_a_telephone_have_a_console(house: ConsoleHouse) -> None:
    assert house.browser("a", Role.SUPERVISOR).get("/console").status == 403
    assert house.browser("nobody").get("/console").status == 409
    assert Page(house.browser("nobody").socket("/console/live")).entities == {}


def test_strangers_are_led_to_the_sign_in(house: ConsoleHouse) -> None:
    answer = Browser(house.root, house.centre.clock).get("/console")
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in?to=%2Fconsole")


def test_an_agent_sees_themselves_and_their_queues(house: ConsoleHouse) -> None:
    page = open_page(house)
    assert set(page.entities) == {"agent/a", "desk/a", "queue/general"}
    assert page.entities["agent/a"]["state"] == "logged_off"
    assert page.entities["queue/general"]["names"]["zh"] == "普通"


def test_nobody_sees_another_agents_desk(house: ConsoleHouse) -> None:
    page = open_page(house, "b")
    house.centre.ready("a")
    house.centre.call()
    assert set(page.read()) == {"agent/b", "desk/b", "queue/complaints"}


def test_working_with_the_state(house: ConsoleHouse) -> None:
    page = open_page(house)
    assert page.do("sign_in") == {"re": 1, "ok": None}
    refused = page.do("ready")
    assert refused["error"] == "agent.phone_not_registered"
    assert "1001" in refused["text"]
    assert page.entities["agent/a"]["phone_registered"] is False
    house.centre.calls.register("1001")
    assert page.look(house.centre.clock)["agent/a"]["phone_registered"] is True
    page.do("ready")
    assert page.entities["agent/a"]["state"] == "ready"
    page.do("not_ready", reason="lunch")
    assert page.entities["agent/a"]["reason"] == "lunch"
    page.do("sign_out")
    assert page.entities["agent/a"]["state"] == "logged_off"


@pytest.mark.parametrize(
    "command",
    [{"wish": "dance"}, {"wish": "not_ready"}, {"wish": "notes", "call_id": 3, "text": "x"}],
)
def test_senseless_commands_are_refused(house: ConsoleHouse, command: dict[str, Any]) -> None:
    page = open_page(house)
    wish = command.pop("wish")
    assert page.do(wish, **command)["error"] == "agent.command_unknown"


def test_the_caller_pops_up_while_the_phone_rings(house: ConsoleHouse) -> None:
    centre = house.centre
    page = open_page(house)
    call_id = centre.call()
    known_caller(house, call_id)
    centre.clock.advance(7)
    assert page.read()["queue/general"]["waiting"] == 1
    assert "card/a" not in page.entities
    centre.ready("a")
    entities = page.look(centre.clock)
    assert entities["agent/a"]["state"] == "reserved"
    assert entities["agent/a"]["ringing"] is False
    card = entities["card/a"]
    assert (card["name"], card["level"], card["verification"]) == ("王芳", "special", "signed_in")
    assert card["path"] == ["accounts", "person"]
    assert card["tickets"][0]["title"] == "信用卡重复扣费"
    assert card["last_calls"][0]["agent_name"] == "李娜"
    assert card["queued"] < card["offered"]
    centre.calls.phone_rings(centre.phone(call_id).id)
    assert page.look(centre.clock)["agent/a"]["ringing"] is True


def test_the_call_from_the_page(house: ConsoleHouse) -> None:
    centre = house.centre
    page = open_page(house)
    centre.ready("a")
    call_id = centre.call()
    centre.answer(call_id)
    page.do("hold")
    assert page.entities["agent/a"]["state"] == "hold"
    page.do("retrieve")
    page.do("not_ready", reason="break")
    assert page.entities["agent/a"]["pending"] == {"state": "not_ready", "reason": "break"}
    page.do("hang_up")
    assert page.entities["agent/a"]["state"] == "working_after_call"
    assert page.entities["card/a"]["call_id"] == call_id
    assert page.do("notes", call_id=call_id, text="重复扣费") == {"re": 5, "ok": None}
    page.do("extend")
    assert page.entities["agent/a"]["extensions_left"] == 3
    again = open_page(house)
    assert again.entities["agent/a"]["notes"] == "重复扣费"
    again.do("finish")
    assert page.read()["agent/a"]["state"] == "not_ready"
    assert "card/a" not in page.entities
    assert "error" not in again.do("notes", call_id=call_id, text="重复扣费，已登记")
    assert again.do("notes", call_id="another", text="x")["error"] == "agent.no_call"


def test_a_call_that_was_promised_says_when(
    house: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    promise = CallBack(
        CallId("first"),
        QueueId("general"),
        "13912345678",
        Language.CHINESE,
        ServiceLevel.UNIFORM,
        Situation.ORDINARY,
        Verification.NONE,
        arrived=noon,
        promised=noon,
    )
    monkeypatch.setattr(house.centre.service, "called_back_for", lambda _call_id: promise)
    page = open_page(house)
    house.centre.ready("a")
    house.centre.call()
    assert page.look(house.centre.clock)["card/a"]["promised"] == noon.isoformat()


def test_the_card_goes_with_a_caller_who_left(house: ConsoleHouse) -> None:
    centre = house.centre
    page = open_page(house)
    centre.ready("a")
    call_id = centre.call()
    assert "card/a" in page.look(centre.clock)
    centre.calls.hang_up(call_id)
    assert "card/a" not in page.look(centre.clock)
    assert page.entities["agent/a"]["state"] == "ready"


def test_a_second_call_at_once_keeps_its_card(house: ConsoleHouse) -> None:
    centre = house.centre
    page = open_page(house)
    centre.ready("a")
    first, second = centre.call(), centre.call()
    centre.calls.hang_up(first)
    assert page.look(centre.clock)["card/a"]["call_id"] == second


def come_free(house: ConsoleHouse) -> None:
    """Agent ``a`` is ready, and no time has passed since."""
    house.centre.calls.register(house.centre.extensions["a"])
    house.centre.service.sign_in(AgentId("a"))
    house.centre.service.set_ready(AgentId("a"))


def test_nobody_is_asked_for_a_card_before_the_telephone_rings(house: ConsoleHouse) -> None:
    house.tickets.late = True
    page = open_page(house)
    call_id = house.centre.call()
    known_caller(house, call_id)
    house.centre.clock.advance(7)
    come_free(house)
    assert house.centre.phone(call_id)
    assert house.tickets.pending == []
    assert "card/a" in page.look(house.centre.clock)
    assert len(house.tickets.pending) == 1


def test_who_answers_at_once_has_the_card_at_once(house: ConsoleHouse) -> None:
    page = open_page(house)
    waiting = house.centre.call()
    house.centre.clock.advance(7)
    come_free(house)
    house.centre.answer(waiting)
    card = page.read()["card/a"]
    assert card["queued"] < card["offered"]
    house.centre.clock.advance(CARD_AFTER)
    assert page.read()["card/a"] == card


def test_a_page_that_opens_as_the_telephone_rings_shows_the_card(house: ConsoleHouse) -> None:
    house.centre.ready("a")
    call_id = house.centre.call()
    assert open_page(house).entities["card/a"]["call_id"] == call_id


def test_an_offer_that_ends_at_once_leaves_no_card(house: ConsoleHouse) -> None:
    page = open_page(house)
    house.centre.ready("a")
    call_id = house.centre.call()
    house.centre.calls.phone_refuses(house.centre.phone(call_id).id)
    assert "card/a" not in page.look(house.centre.clock)


def test_no_card_is_left_to_be_put_when_the_consoles_close(house: ConsoleHouse) -> None:
    house.centre.ready("a")
    before = set(house.centre.clock.getDelayedCalls())
    house.centre.call()
    cards = [
        each
        for each in set(house.centre.clock.getDelayedCalls()) - before
        if each.func == house.console._pop
    ]
    assert len(cards) == 1
    house.console.stop()
    assert not cards[0].active()


def test_lists_follow_when_they_are_found(house: ConsoleHouse) -> None:
    house.tickets.late = True
    page = open_page(house)
    call_id = house.centre.call()
    known_caller(house, call_id)
    house.centre.ready("a")
    assert page.read()["card/a"]["tickets"] is None
    house.tickets.pending[0].errback(RuntimeError("no database"))
    card = page.read()["card/a"]
    assert (card["tickets"], card["unavailable"]) == (None, ["tickets"])
    house.console.refresh(CustomerId("c1"))
    house.tickets.pending[1].callback([])
    assert page.read()["card/a"]["tickets"] == []


def test_a_ticket_that_changes_elsewhere_is_shown_as_it_is(house: ConsoleHouse) -> None:
    page = open_page(house)
    call_id = house.centre.call()
    known_caller(house, call_id)
    house.centre.ready("a")
    assert page.read()["card/a"]["tickets"][0]["state"] == "in_progress"
    house.tickets.tickets = [replace(TICKET, state="replied")]
    house.console.ticket_changed(TicketNumber("T20260301-9999"))
    assert page.read()["card/a"]["tickets"][0]["state"] == "in_progress"
    house.console.ticket_changed(TICKET.number)
    assert page.read()["card/a"]["tickets"][0]["state"] == "replied"


def test_what_is_learned_later_is_shown(house: ConsoleHouse) -> None:
    page = open_page(house)
    house.centre.ready("a")
    call_id = house.centre.call()
    assert page.look(house.centre.clock)["card/a"]["tickets"] == []
    known_caller(house, call_id)
    card = page.read()["card/a"]
    assert (card["name"], len(card["tickets"])) == ("王芳", 1)


def test_other_queues_are_not_shown(house: ConsoleHouse) -> None:
    page = open_page(house)
    house.centre.call(COMPLAINTS)
    house.centre.clock.advance(1)
    assert "queue/complaints" not in page.read()


def test_telephones_without_a_browser(house: ConsoleHouse) -> None:
    headers = {"authorization": f"Bearer {house.token('a')}"}
    phone = Browser(house.root, house.centre.clock, headers=headers)
    refused = phone.post_json("/api/v1/agent/state", {"state": "ready"})
    assert (refused.status, refused.json()["error"]) == (409, "agent.phone_not_registered")
    house.centre.calls.register("1001")
    assert phone.post_json("/api/v1/agent/state", {"state": "ready"}).json()["state"] == "ready"
    away = phone.post_json("/api/v1/agent/state", {"state": "not_ready", "reason": "lunch"})
    assert away.json()["reason"] == "lunch"
    assert (
        phone.post_json("/api/v1/agent/state", {"state": "not_ready"}).json()["reason"] == "lunch"
    )
    assert phone.post_json("/api/v1/agent/state", {"state": "idle"}).status == 409
    phone.post_json("/api/v1/agent/state", {"state": "logged_off"})
    assert phone.get("/api/v1/agent/state").json()["state"] == "logged_off"


def test_the_api_is_for_agents_only(house: ConsoleHouse) -> None:
    nobody = Browser(house.root, house.centre.clock)
    assert nobody.post_json("/api/v1/agent/state", {"state": "ready"}).status == 401


def test_stopping_ends_the_sockets(house: ConsoleHouse) -> None:
    page = open_page(house)
    house.console.stop()
    page.read()
    assert page.socket.closed == 1001


# --- words ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def texts() -> Texts:
    texts = Texts()
    texts.add(WEB / "locales")
    return texts


def test_every_word_a_script_says_exists(texts: Texts) -> None:
    for script in (WEB / "static").rglob("*.js"):
        for key in re.findall(r'"(console\.[a-z_.]+)"', script.read_text("utf-8")):
            known = key in texts or any(each.startswith(f"{key}.") for each in texts)
            assert known, f"{script.name}: {key}"


def test_every_state_and_reason_has_its_word(texts: Texts) -> None:
    from agents.model import AgentSettings, NotReadyReason

    own = [value for name, value in vars(NotReadyReason).items() if name.isupper()]
    for reason in (*AgentSettings().reasons, *own):
        assert f"console.reason.{reason}" in texts
    for state in AgentState:
        assert f"console.state.{state.value}" in texts
    for level in ServiceLevel:
        assert f"console.level.{level.name.lower()}" in texts
    for verification in Verification:
        assert f"console.verification.{verification.name.lower()}" in texts
    for language in Language:
        assert f"console.language.{language.value}" in texts


def test_every_refusal_can_be_told(texts: Texts) -> None:
    refusals = [
        agents.errors.queue_unknown(QueueId("q")),
        agents.errors.agent_unknown(AgentId("a")),
        agents.errors.not_now(AgentState.READY, "finish"),
        agents.errors.phone_not_registered(DeviceId("1")),
        agents.errors.reason_unknown("r"),
        agents.errors.no_more_time(),
        agents.errors.no_call(),
        agents.errors.state_unknown("s"),
        agents.errors.command_unknown("c"),
        agents.errors.right_unknown("r", ("mobile",)),
        agents.errors.may_not_dial("1", Reach.MOBILE),
        agents.errors.phone_elsewhere(),
        agents.errors.no_such_call(),
        agents.errors.no_such_member(),
        agents.errors.not_in_queue(),
        agents.errors.keys_unknown(),
        agents.errors.do_not_call(),
        agents.errors.number_unknown(),
        agents.errors.no_customer(),
        agents.errors.no_loan(),
        agents.errors.desk_elsewhere(),
        agents.errors.no_telephone(),
        agents.errors.supervises_self(),
        agents.errors.not_supervising(),
    ]
    makers = [name for name, value in vars(agents.errors).items() if callable(value)]
    assert len({each.error_id for each in refusals}) == len(
        [name for name in makers if name[0].islower()]
    )
    for refused in refusals:
        assert isinstance(refused, Refused)
        for language in Language:
            assert "{" not in texts.text(language, refused.error_id, **refused.details)


def test_the_page_opened_last_works_and_the_other_looks_on(house: ConsoleHouse) -> None:
    browser = house.browser("a")
    old = Page(browser.socket("/console/live?page=old"))
    assert old.entities["desk/a"] == {"page": "old"}
    new = Page(browser.socket("/console/live?page=new"))
    assert new.entities["desk/a"] == old.read()["desk/a"] == {"page": "new"}
    refused = old.do("sign_in")
    assert refused["error"] == "agent.desk_elsewhere"
    assert "ok" in new.do("sign_in")
    assert old.read()["agent/a"]["state"] == "not_ready", "it sees what happens"
    assert "ok" in old.do("takeover")
    assert new.read()["desk/a"] == {"page": "old"}
    assert new.do("sign_out")["error"] == "agent.desk_elsewhere"


def test_a_page_that_was_away_for_a_moment_is_where_it_was(house: ConsoleHouse) -> None:
    browser = house.browser("a")
    looking_on = Page(browser.socket("/console/live?page=old"))
    working = Page(browser.socket("/console/live?page=new"))
    looking_on.socket.lose()
    back = Page(browser.socket("/console/live?page=old"))
    assert back.entities["desk/a"] == {"page": "new"}
    assert "ok" in working.do("sign_in")


def test_a_page_without_a_proper_name_is_given_one(house: ConsoleHouse) -> None:
    page = Page(house.browser("a").socket("/console/live?page=<script>"))
    assert page.entities["desk/a"]["page"].startswith("unnamed-")


def test_a_call_of_ones_own_has_a_card_with_whom_it_calls(house: ConsoleHouse) -> None:
    centre = house.centre
    centre.calls.outside.add("13700137000")
    page = open_page(house)
    centre.ready("a")
    page.do("dial", number="13700137000")
    card = page.entities["card/a"]
    assert (card["calling"], card["queue_id"], card["name"]) == ("13700137000", None, "")
    (call,) = centre.calls.calls()
    centre.calls.attach(call.id, customer_id="c1", customer_name="王芳")
    assert page.read()["card/a"]["name"] == "王芳"
    page.do("hang_up")
    assert "card/a" not in page.entities, "nobody was reached: nothing is left to do"


def test_who_is_handed_a_call_has_its_card(house: ConsoleHouse) -> None:
    centre = house.centre
    page = open_page(house)
    centre.ready("a")
    centre.calls.register("1002")
    call_id = centre.calls.dial()
    centre.calls.answer(call_id)
    centre.calls.attach(call_id, customer_name="王芳")
    other = centre.calls.deliver(call_id, DeviceId("1002"))
    centre.calls.phone_answers(other)
    centre.calls.single_step_transfer(other, "1001")
    (ringing,) = [
        each
        for call in centre.calls.calls()
        for each in call.connections
        if each.device.id == "1001"
    ]
    centre.calls.phone_rings(ringing.id)
    assert page.read()["card/a"]["name"] == "王芳", "while it rings"
    centre.calls.phone_answers(ringing.id)
    (line,) = page.look(centre.clock)["agent/a"]["calls"]
    assert (line["kind"], line["name"], line["state"]) == ("inbound", "王芳", "connected")
    assert [each["device_id"] for each in line["members"]] == ["13800138000", "1001"]
