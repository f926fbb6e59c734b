"""Calls handled from the console, in a whole house: who hears whom is measured on what arrived."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.audio import Samples
from tests.support.baresip import Baresip, running_baresip
from tests.support.house import House, free_port, running_house
from tests.support.live import LiveClient, watching
from tests.support.pcap import Track
from tests.support.sipp import Ear, listening, place_call
from tests.support.who_hears_whom import mutual, wait_until_heard

pytestmark = pytest.mark.needs("sipp", "baresip")
TONES = {"1001": 1000.0, "1004": 1260.0, "caller": 560.0}
"""Hz. None is a harmonic of another."""
OUTSIDE, ABROAD = "13700137000", "00442079460123"
STAY = 240.0


@dataclass(frozen=True, slots=True)
class CallerEar:
    """What goes to SIPp's port, as an end of the call."""

    ear: Ear
    name: str = "caller"

    def position(self) -> int:
        return len(self.ear.packets)

    def heard(self, since: int) -> Samples:
        return Ear(self.ear.port, self.ear.packets[since:]).samples()


@dataclass(frozen=True, slots=True)
class Floor:
    """The house, its agents' telephones, and the port of the exchange that it calls out by."""

    house: House
    phones: Mapping[str, Baresip]
    outside_port: int


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("telephony")
    port = free_port()
    local = {"from": ["127.0.0.1"], "gateways": [f"127.0.0.1:{port}"], "probe": False}
    with ExitStack() as stack:
        house = stack.enter_context(
            running_house(folder / "house", prompts, {"trunks": {"local": local}})
        )
        phones = {
            name: stack.enter_context(
                running_baresip(folder / name, name, house.sip_port, TONES[name])
            )
            for name in ("1001", "1004")
        }
        for phone in phones.values():
            house.wait_until(lambda p=phone: p.registered, 10, f"{phone.name} registers")
        yield Floor(house, phones, port)


@contextmanager
def console(floor: Floor, login: str) -> Iterator[LiveClient]:
    """The console of that agent, signed in and not ready."""
    token = floor.house.sign_in(login)
    with watching(floor.house.web_port, "/console/live", token) as page:
        page.ask({"do": "takeover"})
        page.ask({"do": "sign_in"})
        yield page
        page.ask({"do": "hang_up"})
        page.read_until(lambda e: me(e, login)["calls"] == [], "no call is left")
        page.ask({"do": "sign_out"})


def me(entities: Mapping[str, Any], login: str) -> Any:
    return entities[f"agent/{login}"]


def lines(page: LiveClient, login: str, *states: str) -> list[Any]:
    """The agent's calls, once they are in these states, the active one first."""
    found: list[Any] = page.read_until(
        lambda e: (
            [each["state"] for each in me(e, login)["calls"]] == list(states)
            and [me(e, login)["calls"]]
        ),
        f"{login} has calls {states}",
    )[0]
    return found


def caller(folder: Path) -> Path:
    """Mandarin, a person, and a tone to whoever is there."""
    track = Track().silence(1.5).keys("1").silence(0.5).keys("0").silence(0.3)
    return track.tone(TONES["caller"], STAY).write(folder / "caller.pcap")


def test_a_day_s_work_with_one_caller(floor: Floor, tmp_path: Path) -> None:
    house, phones = floor.house, floor.phones
    with (
        console(floor, "1001") as one,
        console(floor, "1004") as four,
        listening(port := free_port()) as wire,
    ):
        everybody: list[CallerEar | Baresip] = [CallerEar(wire), *phones.values()]
        assert one.ask({"do": "ready"}) == ""
        call = place_call(tmp_path, house.sip_port, caller(tmp_path), stay=STAY, media_port=port)
        (line,) = lines(one, "1001", "connected")
        wait_until_heard(everybody, TONES, mutual("caller", "1001"))

        assert one.ask({"do": "hold"}) == ""
        lines(one, "1001", "hold")
        wait_until_heard(everybody, TONES, {})
        assert one.ask({"do": "hold"}) == "console.why.on_hold"
        assert one.ask({"do": "retrieve"}) == ""
        assert one.ask({"do": "mute", "on": True}) == ""
        wait_until_heard(everybody, TONES, {"1001": {"caller"}})
        assert one.ask({"do": "mute", "on": False}) == ""

        assert one.ask({"do": "consult", "number": "1004"}) == ""
        lines(one, "1001", "connected", "hold")
        lines(four, "1004", "connected")
        wait_until_heard(everybody, TONES, mutual("1001", "1004"))
        assert one.ask({"do": "conference"}) == ""
        (line,) = lines(one, "1001", "connected")
        wait_until_heard(everybody, TONES, mutual("caller", "1001", "1004"))
        (other,) = [each for each in line["members"] if each["device_id"] == "1004"]
        assert one.ask({"do": "drop", "connection_id": other["connection_id"]}) == ""
        lines(four, "1004")
        wait_until_heard(everybody, TONES, mutual("caller", "1001"))

        four.ask({"do": "finish"})
        assert four.ask({"do": "ready"}) == ""
        assert one.ask({"do": "transfer", "number": "queue:complaints"}) == ""
        (line,) = lines(four, "1004", "connected")
        wait_until_heard(everybody, TONES, mutual("caller", "1004"))
        queued = [record for kind, record in house.journal() if kind == "queue.queued"]
        assert [record["queue_id"] for record in queued] == ["general", "complaints"]
        assert queued[0]["call_id"] == queued[1]["call_id"] == line["call_id"]

        assert four.ask({"do": "transfer", "number": "1001"}) == ""
        lines(one, "1001", "connected")
        wait_until_heard(everybody, TONES, mutual("caller", "1001"))
        assert one.ask({"do": "hang_up"}) == ""
        assert call.wait(30) in (0, 1, 255), call.output.read_text()
        lines(one, "1001")


def test_calls_out_are_for_who_may_make_them(floor: Floor, tmp_path: Path) -> None:
    with console(floor, "1001") as page, echoing(tmp_path, floor.outside_port):
        assert page.ask({"do": "dial", "number": ABROAD}) == "dial.not_allowed"
        assert page.ask({"do": "dial", "number": OUTSIDE}) == ""
        (line,) = page.read_until(
            lambda e: [x for x in me(e, "1001")["calls"] if x["customer"]], "somebody answered"
        )
        assert (line["number"], line["kind"]) == (OUTSIDE, "outbound")
        wait_until_heard(
            [floor.phones["1001"]], TONES, {"1001": {"1001"}}
        )  # their own voice comes back


def test_who_has_no_telephone_is_told_so(floor: Floor) -> None:
    with watching(floor.house.web_port, "/console/live", floor.house.sign_in("1013")) as page:
        page.ask({"do": "takeover"})
        assert page.ask({"do": "sign_in"}) == ""
        assert page.ask({"do": "dial", "number": "1001"}) == "console.why.no_phone"
        assert me(page.entities, "1013")["can"]["dial"] == "no_phone"
        page.ask({"do": "sign_out"})


@contextmanager
def echoing(folder: Path, port: int) -> Iterator[None]:
    """An exchange that takes every call and sends back what it hears."""
    with (folder / "uas.txt").open("wb") as out:
        process = subprocess.Popen(
            [
                "sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1",
                "-mp", str(free_port()), "-rtp_echo", "-nostdin",
            ],
            stdout=out, stderr=out, cwd=folder, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)
