"""The desk beside the telephone in a whole house: a caller who proves who they are in the menus."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_first_call import caller_track
from tests.support.baresip import running_baresip
from tests.support.house import House, running_house
from tests.support.live import LiveClient, watching
from tests.support.sipp import place_call

SETTINGS = {"agents": {"after_call_mode": "until_finished", "code_required": True}}
AGENT = "1001"


def of(kind: str) -> str:
    return f"{kind}/{AGENT}"


def told(house: House, kind: str) -> list[dict[str, Any]]:
    return [record for each, record in house.journal() if each == kind]


def answer_to(board: LiveClient, number: int) -> Any:
    """What the board answered to that command."""

    def answered(_entities: object) -> Any:
        messages = (json.loads(each) for each in board.received)
        return next((each for each in messages if each.get("re") == number), None)

    return board.read_until(answered, f"an answer to command {number}")


@pytest.mark.needs("sipp", "baresip")
def test_from_the_verified_caller_to_the_code_on_the_call_s_page(
    tmp_path: Path, prompts: Path
) -> None:
    media = caller_track(tmp_path)
    due = datetime.now(UTC) + timedelta(days=1)
    with (
        running_house(tmp_path / "house", prompts, SETTINGS) as house,
        running_baresip(tmp_path / "phone", AGENT, house.sip_port, 1000.0) as phone,
    ):
        house.wait_until(lambda: phone.registered, 10, "the phone registers")
        agent, supervisor = house.sign_in(AGENT), house.sign_in("2001")
        house.post("/api/v1/agent/state", {"state": "ready"}, agent)
        with watching(house.web_port, "/console/live", agent, 60.0) as board:
            assert board.entities["codes"][0]["code"] == "enquiry"
            assert board.entities["directory/agent/1002"]["state"] == "logged_off"
            call = place_call(tmp_path, house.sip_port, media, cued=True)
            customer = board.read_until(
                lambda entities: whole(entities.get(of("customer"))), "the customer and products"
            )
            assert customer["gate"] == "open"
            assert [each["kind"] for each in customer["products"]][:2] == ["account", "account"]
            assert "1,169,281.95" in customer["products"][0]["facts"][0]["en"]
            assert customer["notes"][0]["text"].startswith("希望用普通话沟通")
            assert customer["consents"]["marketing"] is False
            board.read_until(lambda entities: entities[of("agent")]["state"] == "busy", "a talk")
            call.hang_up()
            assert call.wait(60) == 0, call.output.read_text()
            board.read_until(
                lambda entities: entities[of("agent")]["state"] == "working_after_call",
                "after-call work",
            )
            board.say({"do": "finish"})
            assert answer_to(board, 1)["error"] == "desk.code_required"
            wish = {"code": "card.dispute", "note": "重复扣费", "follow_up": due.isoformat()}
            board.say({"do": "wrap_up", **wish})
            assert "ok" in answer_to(board, 2)
            board.say({"do": "finish"})
            assert "ok" in answer_to(board, 3)
            day = board.read_until(
                lambda entities: entities[of("day")]["handled"] and entities[of("day")],
                "the call in the agent's day",
            )
            [promise] = day["call_backs"]
            assert (promise["name"], promise["note"]) == ("王建国", "重复扣费")
            assert day["uncoded"] == 0
            house.wait_until(lambda: told(house, "agent.wrapped_up"), 10, "wrapped up")
            call_id = promise["call_id"]
            assert "争议交易" in house.get(f"/calls/{call_id}", supervisor).decode()
        [shown] = told(house, "agent.products_shown")
        assert (shown["agent_id"], shown["customer_id"]) == (AGENT, "C0001")
        [coded] = told(house, "agent.call_coded")
        assert (coded["call_id"], coded["code"]) == (call_id, "card.dispute")


def whole(customer: Any) -> Any:
    """The customer once everything about them was found."""
    wanted = ("products", "notes", "contacts", "tickets")
    return customer and all(customer[each] is not None for each in wanted) and customer
