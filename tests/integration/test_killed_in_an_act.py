"""A server that is killed as it answers: what it did stands whole, and is told of, once."""

import signal
from pathlib import Path

from tests.support.forms import forms_of
from tests.support.house import House
from tests.support.leaping_house import Clerk

TYPED = {
    "title": "柜台排队两小时",
    "business": "B01",
    "text": "周一上午在营业部等候两小时。",
    "name": "王芳",
    "contact": "13800138000",
}


def told(house: House, number: str) -> list[str]:
    """What the journal says of the ticket, in its order."""
    acts = (event for _, event in house.journal() if event.get("number") == number)
    return [event.get("action", "register") for event in acts]


def test_an_act_stands_whole_and_is_told_once(tmp_path: Path, prompts: Path) -> None:
    house = House(tmp_path / "house", prompts).start()
    try:
        agent = Clerk(house, "1001")
        page = agent.read("/tickets/new")
        form = next(each for each in forms_of(page) if each.action == "/tickets/new")
        fields = {name: value for name, value in form.fields.items() if name != "change_kind"}
        first = agent.ask("POST", "/tickets/new", fields | TYPED)
        assert first.status == 303, first.text
        assert house.stop(signal.SIGKILL) == -signal.SIGKILL
        house.start()
        number = first.location.rpartition("/")[2]
        assert told(house, number) == ["register"]
        agent = Clerk(house, "1001")
        again = agent.ask("POST", "/tickets/new", fields | TYPED)
        assert (again.status, again.location) == (303, first.location)
        agent.do(number, "note", text="已致电客户")
        assert house.stop(signal.SIGKILL) == -signal.SIGKILL
        house.start()
        assert told(house, number) == ["register", "note"]
        assert "已致电客户" in Clerk(house, "1001").read(f"/tickets/{number}")
    finally:
        if house.process.poll() is None:
            house.stop()
