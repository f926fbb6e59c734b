"""The desk beside the telephone, as an agent's page sees it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.actions import Workplace
from agents.desk.day import beginning_after
from agents.desk.directory import MOST_FAVOURITES, SHOW_AFTER
from agents.desk.model import LONGEST_NOTES, OnCall
from agents.events import CallCoded, CallWrappedUp, CustomerIdentified, CustomerNoted, ProductsShown
from agents.session import AgentSession
from cti.call.model import UserData
from cti.kernel.identifiers import AgentId, CallId, StaffId
from cti.kernel.ports import AgentDay
from cti.kernel.vocabulary import ServiceLevel, Verification
from cti.web.live import ROUND_AFTER
from tests.support.console_pages import Page
from tests.support.furnished import MILLER, PRODUCTS, WANG, FurnishedHouse


@pytest.fixture
def house() -> FurnishedHouse:
    return FurnishedHouse()


def talking(house: FurnishedHouse) -> CallId:
    """Agent ``a`` talks with somebody."""
    house.centre.ready("a")
    call_id = house.centre.call()
    house.centre.answer(call_id)
    return call_id


def known(house: FurnishedHouse, call_id: CallId, verification: Verification) -> None:
    house.centre.calls.attach(
        call_id,
        customer_id=WANG.customer_id,
        customer_name="王芳",
        service_level=ServiceLevel.SPECIAL,
        verification=verification,
    )


def after_call(house: FurnishedHouse) -> CallId:
    call_id = talking(house)
    house.centre.calls.hang_up(call_id)
    return call_id


# --- the customer -----------------------------------------------------------------------------


def test_products_leave_the_server_once_the_caller_is_verified(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    known(house, call_id, Verification.RECOGNISED)
    customer = page.read()["customer/a"]
    assert (customer["gate"], customer["gate_reason"]) == ("closed", "not_verified")
    assert customer["products"] is None
    assert house.products.asked == []
    assert customer["contacts"][0]["agent"] == "李娜"
    assert customer["alerts"] == [{"zh": "投诉已超时", "en": "A complaint is overdue"}]
    known(house, call_id, Verification.SIGNED_IN)
    customer = page.read()["customer/a"]
    assert customer["gate"] == "open"
    balance = customer["products"][0]["facts"][0]
    assert balance == {"zh": "余额 ¥1,234.50", "en": "Balance CN¥1,234.50"}
    assert house.products.asked == [WANG.customer_id]
    [told] = house.centre.events(ProductsShown)
    assert (told.agent_id, told.customer_id, told.call_id) == ("a", WANG.customer_id, call_id)


def test_products_that_come_late_are_not_shown_beside_somebody_else(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    house.products.late = []
    known(house, call_id, Verification.SIGNED_IN)
    house.centre.calls.attach(
        call_id, customer_id=MILLER.customer_id, verification=Verification.RECOGNISED
    )
    house.products.late[0].callback(PRODUCTS)
    customer = page.read()["customer/a"]
    assert customer["customer_id"] == MILLER.customer_id
    assert customer["products"] is None


def test_products_that_cannot_be_had_are_missed_alone(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    house.products.late = []
    known(house, call_id, Verification.SIGNED_IN)
    house.products.late[0].errback(OSError("no answer"))
    customer = page.read()["customer/a"]
    assert customer["unavailable"] == ["products"]
    assert customer["tickets"]


def test_nobody_else_sees_the_customer(house: FurnishedHouse) -> None:
    other = house.page("b")
    known(house, talking(house), Verification.SIGNED_IN)
    kinds = {key.split("/")[0] for key in other.read() if key.endswith("/a")}
    assert kinds == {"directory"}


def test_who_calls_is_chosen_from_those_with_the_number(house: FurnishedHouse) -> None:
    page = house.page()
    house.centre.ready("a")
    call_id = house.centre.calls.dial(calling="13800000101")
    house.centre.queue(call_id)
    house.centre.answer(call_id)
    customer = page.read()["customer/a"]
    assert customer["gate_reason"] == "unknown_customer"
    assert [each["customer_id"] for each in customer["matches"]] == ["c1", "c2"]
    assert page.do("card_identify", customer_id="c9")["error"] == "desk.customer_unknown"
    assert "ok" in page.do("card_identify", customer_id="c2")
    customer = page.read()["customer/a"]
    assert (customer["customer_id"], customer["gate"]) == ("c2", "closed")
    assert customer["names"]["en"] == "Miller"
    [told] = house.centre.events(CustomerIdentified)
    assert (told.agent_id, told.customer_id) == ("a", "c2")
    assert house.products.asked == []


def test_who_is_verified_cannot_be_made_somebody_else(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    known(house, call_id, Verification.SIGNED_IN)
    assert page.do("card_identify", customer_id="c2")["error"] == "desk.customer_verified"
    assert page.read()["customer/a"]["customer_id"] == "c1"


def test_notes_about_the_customer(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    assert page.do("customer_note", text="x")["error"] == "desk.customer_missing"
    known(house, call_id, Verification.RECOGNISED)
    assert page.do("customer_note", text=" ")["error"] == "desk.customer_missing"
    assert page.do("customer_note", text="x" * 2001)["error"] == "desk.text_too_long"
    assert "ok" in page.do("customer_note", text=" 下午联系 ")
    [note] = page.read()["customer/a"]["notes"]
    assert note["important"] is False
    page.do("customer_note", text="小心", important=True)
    assert {"zh": "小心", "en": "小心"} in page.read()["customer/a"]["alerts"]
    assert (note["text"], note["by"]) == ("下午联系", "A")
    told = house.centre.events(CustomerNoted)
    assert len(told) == 2
    assert "下午" not in str(told)


# --- wrapping up ------------------------------------------------------------------------------


def test_a_call_is_given_its_code(house: FurnishedHouse) -> None:
    page, call_id = house.page(), after_call(house)
    assert page.read()["wrap_up/a"]["code"] is None
    assert page.do("wrap_up", code="card", note="")["error"] == "desk.code_too_general"
    assert page.do("wrap_up", code="card.dispute", note="")["error"] == "desk.note_needed"
    assert "ok" in page.do("wrap_up", code="card.dispute", note="重复扣费", follow_up=None)
    assert page.read()["wrap_up/a"]["code"] == "card.dispute"
    [told] = house.centre.events(CallCoded)
    assert (told.call_id, told.code, told.again) == (call_id, "card.dispute", False)
    assert "ok" in page.do("wrap_up", code="card.lost", note="重复扣费", call_id=call_id)
    assert house.centre.events(CallCoded)[-1].again is True
    assert "ok" in page.do("finish")
    assert house.centre.events(CallWrappedUp)[-1].notes == "重复扣费"
    assert house.page().entities["wrap_up/a"]["code"] == "card.lost"


@pytest.mark.parametrize(
    "fields",
    [
        {"code": 1, "note": ""},
        {"code": "x"},
        {"code": "card.lost", "note": "", "follow_up": "soon"},
        {"code": "card.lost", "note": "", "follow_up": "2026-03-02T12:00:00"},
    ],
)
def test_what_is_no_code_is_refused(house: FurnishedHouse, fields: dict[str, Any]) -> None:
    page = house.page()
    after_call(house)
    assert page.do("wrap_up", **fields)["error"] == "agent.command_unknown"


def test_only_one_s_own_call_is_coded(house: FurnishedHouse) -> None:
    call_id = talking(house)
    assert house.page("b").do("wrap_up", code="card.lost", note="")["error"] == "agent.no_call"
    other = house.page().do("wrap_up", code="card.lost", note="", call_id=f"{call_id}-other")
    assert other["error"] == "agent.no_call"


@pytest.mark.parametrize("wish", ["finish", "ready", "sign_out"])
def test_a_code_is_required_before_after_call_work_ends(wish: str) -> None:
    house = FurnishedHouse(code_required=True)
    page = house.page()
    after_call(house)
    assert page.look(house.centre.clock)["agent/a"]["can"][wish] == "no_code"
    assert page.entities["agent/a"]["can"]["extend"] == ""
    assert page.do(wish)["error"] == "desk.code_required"
    assert page.entities["agent/a"]["state"] == "working_after_call"
    page.do("wrap_up", code="card.lost", note="")
    assert page.look(house.centre.clock)["agent/a"]["can"][wish] == ""
    assert "ok" in page.do(wish)
    assert page.entities["agent/a"]["state"] != "working_after_call"


def test_work_that_ends_by_itself_leaves_the_call_without_a_code() -> None:
    house = FurnishedHouse(code_required=True)
    after_call(house)
    house.centre.clock.advance(31)
    assert len(house.centre.events(CallWrappedUp)) == 1
    assert house.centre.events(CallCoded) == []


def test_a_new_call_needs_a_code_of_its_own() -> None:
    house = FurnishedHouse(code_required=True)
    page = house.page()
    after_call(house)
    page.do("wrap_up", code="card.lost", note="")
    page.do("finish")
    call_id = house.centre.call()
    house.centre.answer(call_id)
    assert page.read()["wrap_up/a"] == {
        "call_id": call_id,
        "required": True,
        "queue_id": "general",
        "code": None,
        "follow_up": None,
    }
    house.centre.calls.hang_up(call_id)
    assert page.do("finish")["error"] == "desk.code_required"


def test_no_call_that_is_offered_asks_for_its_code_and_what_was_said_of_it_is_known() -> None:
    house = FurnishedHouse()
    page, centre = house.page(), house.centre
    first = talking(house)
    page.do("wrap_up", code="card.lost", note="")
    asked: list[str] = []
    read, wrap_up = centre.database.read, house.desk.wrap_up

    def noted(transaction: Any, *args: Any) -> Any:
        asked.append(transaction.__name__)
        return read(transaction, *args)

    def code_of(call_id: CallId) -> Any:
        """As that call comes to the card."""
        wrap_up.put(AgentId("a"), OnCall(call_id, "", None, UserData()))
        return (wrap_up.entity(AgentId("a")) or {})["code"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(centre.database, "read", noted)
        assert code_of(CallId("other")) is None
        assert code_of(first) == "card.lost", "it goes on, and came back"
        centre.calls.hang_up(first)
        assert code_of(CallId("other")) is None
        assert code_of(first) is None, "it is over, and forgotten"
    assert asked == []


def test_codes_and_promises_outlast_a_restart() -> None:
    house = FurnishedHouse(code_required=True)
    page = house.page()
    call_id = after_call(house)
    due = house.later(hours=2)
    assert "ok" in page.do("wrap_up", code="promised", note="", follow_up=due)
    again = house.restarted()
    page = again.page()
    assert page.entities["wrap_up/a"]["code"] == "promised"
    assert page.entities["day/a"]["call_backs"][0]["call_id"] == call_id
    assert "ok" in page.do("finish")


def test_a_code_is_required_after_a_restart_too() -> None:
    house = FurnishedHouse(code_required=True)
    after_call(house)
    page = house.restarted().page()
    assert page.do("finish")["error"] == "desk.code_required"
    assert "ok" in page.do("wrap_up", code="card.lost", note="")
    assert "ok" in page.do("finish")


# --- the day ----------------------------------------------------------------------------------


def test_a_promised_call_stands_in_the_agent_s_day_until_it_is_made(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    known(house, call_id, Verification.RECOGNISED)
    due = house.later(hours=2)
    assert "ok" in page.do("wrap_up", code="promised", note="答复利率", follow_up=due)
    house.centre.clock.advance(2)
    [promise] = page.read()["day/a"]["call_backs"]
    assert (promise["call_id"], promise["name"], promise["note"]) == (call_id, "王芳", "答复利率")
    assert datetime.fromisoformat(promise["at"]) == datetime.fromisoformat(due)
    assert promise["number"]
    assert page.do("follow_up_done", call_id="other")["error"] == "desk.follow_up_unknown"
    assert "ok" in page.do("follow_up_done", call_id=call_id)
    assert page.read()["day/a"]["call_backs"] == []
    assert page.do("follow_up_done", call_id=call_id)["error"] == "desk.follow_up_unknown"


def test_another_code_takes_the_promise_back(house: FurnishedHouse) -> None:
    page = house.page()
    talking(house)
    page.do("wrap_up", code="promised", note="", follow_up=house.later(hours=2))
    page.do("wrap_up", code="card.lost", note="")
    house.centre.clock.advance(2)
    assert page.read()["day/a"]["call_backs"] == []


def test_the_day_is_shown_seconds_after_what_happened(house: FurnishedHouse) -> None:
    page = house.page()
    assert page.entities["day/a"]["average_handling"] is None
    house.figures.day = AgentDay(
        handled=4, missed=1, coded=3, talked=300.0, held=20.0, after_call=80.0, occupancy=0.5
    )
    house.centre.ready("a")
    assert page.read()["day/a"]["handled"] == 0
    house.centre.clock.advance(2)
    day = page.read()["day/a"]
    assert (day["handled"], day["missed"], day["uncoded"]) == (4, 1, 1)
    assert (day["average_handling"], day["occupancy"]) == (100.0, 0.5)


def test_a_new_day_is_shown_though_nothing_happens(house: FurnishedHouse) -> None:
    clock = house.centre.clock
    now = datetime.fromtimestamp(clock.seconds(), UTC)
    clock.advance((beginning_after(now, UTC) - now).total_seconds() - 1.0)
    page = house.page()
    house.figures.day = AgentDay(handled=4)
    assert page.read()["day/a"]["handled"] == 0
    for _ in range(4):  # a page that reads nothing is told nothing
        clock.advance(1.0)
        page.read()
    assert page.entities["day/a"]["handled"] == 4


# --- the directory ----------------------------------------------------------------------------


def test_colleagues_and_queues_are_shown_as_they_change(house: FurnishedHouse) -> None:
    page = house.page("b")
    assert page.entities["directory/agent/a"]["state"] == "logged_off"
    assert page.entities["directory/agent/a"]["queues"] == ["general"]
    assert page.entities["directory/queue/general"]["ready"] == 0
    house.centre.ready("a")
    house.centre.clock.pump((SHOW_AFTER, ROUND_AFTER))
    assert page.read()["directory/agent/a"]["state"] == "ready"
    assert page.entities["directory/queue/general"]["ready"] == 1
    house.centre.call()
    house.centre.call()
    assert page.read()["directory/queue/general"]["waiting"] == 0
    house.centre.clock.pump((SHOW_AFTER, ROUND_AFTER))
    shown = page.read()["directory/queue/general"]
    assert (shown["waiting"], shown["ready"]) == (2, 0)
    assert page.entities["directory/agent/a"]["state"] == "reserved"


def test_colleagues_are_shown_without_a_look_at_their_calls(
    house: FurnishedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, centre = house.page("b"), house.centre
    looked: list[AgentSession] = []
    places = centre.service.workplaces
    of = places.of

    def look(session: AgentSession) -> Workplace:
        looked.append(session)
        return of(session)

    monkeypatch.setattr(places, "of", look)
    centre.ready("a")
    centre.clock.pump((SHOW_AFTER, ROUND_AFTER))
    assert page.read()["directory/agent/a"]["state"] == "ready"
    assert looked == []


def test_favourites_are_one_s_own_and_kept(house: FurnishedHouse) -> None:
    page, other = house.page(), house.page("b")
    assert page.entities["favourites/a"] == []
    assert "ok" in page.do("favourite", kind="agent", target="b", on=True)
    assert "ok" in page.do("favourite", kind="number", target="95588", on=True)
    wanted = [{"kind": "agent", "target": "b"}, {"kind": "number", "target": "95588"}]
    assert page.read()["favourites/a"] == wanted
    assert "favourites/a" not in other.read()
    page.do("favourite", kind="agent", target="b", on=False)
    assert page.read()["favourites/a"] == wanted[1:]
    assert page.do("favourite", kind="dog", target="b", on=True)["error"] == "agent.command_unknown"
    assert (
        page.do("favourite", kind="agent", target=" ", on=True)["error"] == "agent.command_unknown"
    )
    assert house.desk.favourites.entity(StaffId("b")) == []


def test_favourites_are_not_without_end(house: FurnishedHouse) -> None:
    page = house.page()
    answers = [
        page.do("favourite", kind="number", target=str(number), on=True)
        for number in range(MOST_FAVOURITES + 1)
    ]
    assert all("ok" in each for each in answers[:-1])
    assert answers[-1]["error"] == "desk.favourites_full"
    assert "ok" in page.do("favourite", kind="number", target="0", on=True), "one that is there"
    assert "ok" in page.do("favourite", kind="number", target="0", on=False)
    assert "ok" in page.do("favourite", kind="number", target="new", on=True)


def test_what_is_written_about_a_call_is_not_without_end(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    assert "ok" in page.do("notes", call_id=call_id, text="x" * LONGEST_NOTES)
    too_long = "x" * (LONGEST_NOTES + 1)
    assert page.do("notes", call_id=call_id, text=too_long)["error"] == "desk.text_too_long"
    coded = page.do("wrap_up", code="promised", note=too_long, follow_up="2100-01-01T00:00:00Z")
    assert coded["error"] == "desk.text_too_long"
    assert house.desk.wrap_up.entity(AgentId("a"))["code"] is None  # type: ignore[index]


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_day_beyond_all_calendars_is_refused(house: FurnishedHouse, instant: str) -> None:
    page = house.page()
    talking(house)
    refused = page.do("wrap_up", code="promised", note="", follow_up=instant)
    assert refused["error"] == "agent.command_unknown"


def test_a_closed_desk_listens_no_more(house: FurnishedHouse) -> None:
    page: Page = house.page()
    house.desk.stop()
    house.centre.ready("a")
    house.centre.clock.advance(5)
    assert page.read()["directory/agent/a"]["state"] == "logged_off"


def test_codes_come_with_the_page(house: FurnishedHouse) -> None:
    codes = house.page().entities["codes"]
    assert [each["code"] for each in codes] == ["card", "promised", "complaint"]
    assert codes[0]["children"][1]["needs"] == ["note"]


def test_the_number_of_a_ticket_that_changed_is_looked_up_again(house: FurnishedHouse) -> None:
    page, call_id = house.page(), talking(house)
    known(house, call_id, Verification.RECOGNISED)
    house.tickets.tickets = [replace(house.tickets.tickets[0], overdue=False)]
    house.console.ticket_changed(house.tickets.tickets[0].number)
    assert page.read()["customer/a"]["alerts"] == []
    house.products.locked = datetime(2100, 1, 1, tzinfo=UTC)
    house.console.refresh(WANG.customer_id)
    assert "2100" not in str(page.read()["customer/a"]["alerts"])
    assert len(page.entities["customer/a"]["alerts"]) == 1
