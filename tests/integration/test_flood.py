"""A real house under a flood: calls sound on, callers get through, operators see and lift bans."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from benchmarks.measures.flood import FLOODER, Stream
from benchmarks.phones import Exchange, Telephone, Unanswered
from config.main import main
from cti.sip.access.bans import GRACE
from cti.transport.operator_port import ask
from tests.support.datagrams import dropped
from tests.support.house import House, running_house
from tests.support.patience import ample

HOST, NUMBER, NOBODYS = "127.0.0.1", "95588", "4711"
CALLS, SECONDS, RATE, SOURCES = 5, GRACE + 1.5, 5000, 20
MOST_LINES = 10
MOST_GROWTH = 40_000
"""KiB: what the trace, the calls and the door may keep."""
STRANGER = "127.66.0.1"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, prompts: Path) -> Iterator[House]:
    """One house for the story that these tests tell in order."""
    with running_house(tmp_path_factory.mktemp("flooded"), prompts) as running:
        yield running


def caller(house: House, exchange: Exchange, name: str, stream: Stream | None = None) -> Telephone:
    """Somebody who calls by the trunk and is answered."""
    phone = Telephone(exchange, (HOST, house.sip_port), name)
    if stream is not None:
        exchange.add(phone.sound, stream.take)
    call = phone.dial(NUMBER)
    exchange.run_until(partial(getattr, call, "answered"), "the caller is answered")
    return phone


def memory(house: House) -> int:
    """KiB of the server that lie in memory (proc(5))."""
    status = Path(f"/proc/{house.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def started(house: House) -> int:
    return sum(kind == "call.started" for kind, _ in house.journal())


def test_calls_sound_on_and_callers_get_through_while_strangers_flood(house: House) -> None:
    exchange, streams = Exchange(), [Stream() for _ in range(CALLS)]
    phones = [caller(house, exchange, f"70{n}", stream) for n, stream in enumerate(streams)]
    lines, before = house.log().count("\n"), memory(house)
    command = [sys.executable, "-m", FLOODER, HOST, str(house.sip_port)]
    options = [f"--rate={RATE}", f"--seconds={SECONDS}", f"--sources={SOURCES}"]
    flooder = subprocess.Popen([*command, *options], stdout=subprocess.PIPE)
    try:
        exchange.run_for(SECONDS / 2)
        phones.append(caller(house, exchange, "80"))
        sent = int(flooder.communicate(timeout=ample())[0])
    finally:
        flooder.kill()
        flooder.wait()
    exchange.run_for(0.2)
    until = time.clock_gettime_ns(time.CLOCK_REALTIME)
    assert sent > RATE * SECONDS / 2, "that was no flood"
    assert max(stream.lost(until) for stream in streams) < 1.0
    assert house.log().count("\n") - lines <= MOST_LINES * SECONDS
    assert memory(house) - before < MOST_GROWTH
    for phone in phones:
        assert phone.call is not None, "the house hung up"
        phone.hang_up()
    exchange.run_for(0.3)
    for phone in phones:
        phone.close()
    health = json.loads(house.get("/health"))
    assert health["well"]
    assert health["door"]["unheard"] + dropped(house.sip_port) > sent / 2


def test_a_flood_and_a_number_nobody_has_leave_nothing_behind(house: House) -> None:
    house.wait_until(lambda: started(house) == CALLS + 1, 5.0, "the calls are written down")
    exchange = Exchange()
    phone = Telephone(exchange, (HOST, house.sip_port), "81")
    phone.dial(NOBODYS)
    with pytest.raises(Unanswered, match="404"):
        exchange.run_for(5.0)
    phone.close()
    assert started(house) == CALLS + 1
    assert json.loads(house.get("/health"))["load"] == {"calls": 0, "sessions": 0, "legs": 0}


def test_operators_see_the_bans_and_lift_and_give_them(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    def bans(*words: str) -> tuple[int, str]:
        status = main(["--config", str(house.config), "bans", *words, "--language", "en"])
        return status, capsys.readouterr().out

    status, table = bans()
    assert status == 0
    assert table.count("127.66.") == SOURCES
    assert bans("lift", STRANGER) == (0, f"{STRANGER} is listened to again.\n")
    assert bans("lift", STRANGER) == (3, f"{STRANGER} was not banned.\n")
    assert bans("add", "203.0.113.9", "--for", "1d")[0] == 0
    with pytest.raises(ValueError, match="no such order"):
        ask(house.var, {"do": "dance"})


def test_bans_outlive_the_server(house: House) -> None:
    seen = ask(house.var, {"do": "list"})
    assert house.stop() == 0
    with pytest.raises(FileNotFoundError):
        ask(house.var, {"do": "list"})
    house.start()
    again = {each["host"]: each for each in ask(house.var, {"do": "list"})["bans"]}
    assert STRANGER not in again
    assert again["203.0.113.9"]["why"] == "operator"
    assert again.keys() <= {each["host"] for each in seen["bans"]}
