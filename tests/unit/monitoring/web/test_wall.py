import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.events import AgentState, AgentStateChanged
from cti.kernel.vocabulary import Language, Role
from tests.support.browsers import Browser, Socket
from tests.support.monitored_houses import BEGIN, MonitoredHouse
from tests.support.simulated_house import AGENTS, QUEUES


@pytest.fixture
def house(tmp_path: Path) -> MonitoredHouse:
    return MonitoredHouse(tmp_path)


class Screen:
    """What a wall screen knows: the snapshot and the changes after it."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.shown: dict[str, Any] = {}
        self.read()

    def read(self) -> list[Any]:
        messages = self._socket.received()
        for message in messages:
            if "snapshot" in message:
                self.shown = dict(message["snapshot"])
            self.shown.update(message.get("set", {}))
            for key in message.get("del", ()):
                self.shown.pop(key)
        return messages


def test_nobody_looks_without_signing_in(house: MonitoredHouse) -> None:
    stranger = Browser(house.root, house.clock)
    assert stranger.get("/wall").status == 303
    with pytest.raises(AssertionError, match="401"):
        stranger.socket("/wall/live")


@pytest.mark.parametrize(
    ("language", "word"), [(Language.CHINESE, "最长等待"), (Language.ENGLISH, "Longest wait")]
)
def test_the_page_in_both_languages(house: MonitoredHouse, language: Language, word: str) -> None:
    page = house.browser(Role.SUPERVISOR, language).get("/wall")
    assert page.status == 200
    assert word in page.text
    assert "SL-A: answered≤T / (answered + abandoned)" in page.text
    settings = page.text.partition('id="settings">')[2].partition("</script>")[0]
    assert json.loads(settings)["zone"] == "Asia/Shanghai"
    assert json.loads(settings)["thresholds"]["service_level"]["below"] is True


def test_an_event_reaches_the_screen(house: MonitoredHouse) -> None:
    screen = Screen(house.browser(Role.SUPERVISOR).socket("/wall/live"))
    assert screen.shown[f"queue/{QUEUES[0]}"]["ready"] == 0
    house.publish(
        AgentStateChanged(
            at=BEGIN,
            agent_id=AGENTS[0],
            previous=AgentState.LOGGED_OFF,
            state=AgentState.READY,
        )
    )
    screen.read()
    assert screen.shown[f"agent/{AGENTS[0]}"]["since"] == BEGIN.isoformat()
    assert screen.shown[f"queue/{QUEUES[0]}"]["ready"] == 1


def test_changes_and_a_fresh_look_agree(house: MonitoredHouse) -> None:
    screen = Screen(house.browser(Role.SUPERVISOR).socket("/wall/live"))
    for _ in range(20):
        house.live(10)
        screen.read()
    fresh = Screen(house.browser(Role.AGENT).socket("/wall/live"))
    assert screen.shown == fresh.shown


def test_a_quiet_house_still_beats(house: MonitoredHouse) -> None:
    screen = Screen(house.browser(Role.SUPERVISOR).socket("/wall/live"))
    house.clock.pump([1.0] * 3)
    beats = screen.read()
    assert [beat["now"] for beat in beats] == [
        (BEGIN + timedelta(seconds=n)).isoformat() for n in (1, 2, 3)
    ]


def test_nothing_of_a_customer_is_on_the_wall(house: MonitoredHouse) -> None:
    house.live(300)
    screen = Screen(house.browser(Role.SUPERVISOR).socket("/wall/live"))
    text = json.dumps(screen.shown)
    assert "1380000" not in text
    assert "k1" not in text


def test_a_command_nobody_registered_is_refused(house: MonitoredHouse) -> None:
    socket = house.browser(Role.SUPERVISOR).socket("/wall/live")
    socket.received()
    socket.send({"id": 1, "do": "dance"})
    (answer,) = (message for message in socket.received() if "re" in message)
    assert answer["error"] == "wall.command_unknown"
    assert "dance" in answer["text"]
