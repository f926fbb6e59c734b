"""The switch and sipsak: is it there, who may register, and does it bear being shouted at."""

import re
from pathlib import Path

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from cti.call.events import DeviceRegistered, DeviceUnregistered
from cti.sip.access import conduct
from cti.sip.events import Transport
from cti.trunks.settings import TrunksSettings
from tests.support.datagrams import accounted_for, dropped
from tests.support.live_switch import CARRIER, HOST, NUMBER, LiveSwitch, leave_alone, play
from tests.support.reactor import reactor, until

GONE = "sip:1001@127.0.0.1:9"
BURST, RATION = 80, 100.0
FLOOD = 4 * round(RATION)
"""Requests at once: less than one stranger may send, and far more."""
NOBODY = TrunksSettings()


async def sipsak(switch: LiveSwitch, user: str, *options: str) -> tuple[int, str]:
    """Its exit status, and what it printed, messages included."""
    name = f"{user}@" if user else ""
    out, errors, code = await getProcessOutputAndValue(
        "sipsak", ["-s", f"sip:{name}{HOST}:{switch.port}", "-vv", *options], reactor=reactor()
    )
    return code, (out + errors).decode(errors="replace")


async def register(switch: LiveSwitch, contact: str, secret: str, expires: int) -> tuple[int, str]:
    told = ("-x", str(expires), "-u", "1001", "-a", secret)
    return await sipsak(switch, "1001", "-U", "-i", "-C", contact, *told)


async def shout(switch: LiveSwitch, times: int) -> None:
    """OPTIONS so many times, as fast as it can, without waiting for an answer."""
    await sipsak(switch, "", "-F", "-e", str(times))


async def all_come(switch: LiveSwitch, shouted: int) -> None:
    """It is clear of so many requests what became of them."""
    await until(lambda: accounted_for(switch.service.endpoint) >= shouted)


@pytest.mark.needs("sipsak")
def test_sipsak_asks_what_we_can_by_udp_and_tcp(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        for options in ((), ("-E", "tcp")):
            code, said = await sipsak(switch, NUMBER, *options)
            assert code == 0, said
            assert "SIP/2.0 200 OK" in said
            allowed = re.search(r"^Allow: (.*)$", said, re.MULTILINE)
            assert allowed is not None, said
            assert {"INVITE", "OPTIONS", "BYE"} <= {*allowed[1].strip().split(", ")}

    play(tmp_path, leave_alone, scene)


@pytest.mark.needs("sipsak")
def test_sipsak_registers_by_the_only_digest_it_knows_and_takes_it_back(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        code, said = await register(switch, GONE, "guess", 60)
        assert code != 0
        assert "403 Forbidden" in said
        assert not switch.service.endpoint.contacts("1001")
        code, said = await register(switch, GONE, "secret-1001", 60)
        assert code == 0, said
        (binding,) = switch.service.endpoint.contacts("1001")
        assert (binding.uri, binding.destination.transport) == (GONE, Transport.UDP)
        await switch.heard_of(DeviceRegistered)
        code, said = await register(switch, "*", "secret-1001", 0)
        assert code == 0, said
        await switch.heard_of(DeviceUnregistered)
        assert not switch.service.endpoint.contacts("1001")

    play(tmp_path, leave_alone, scene)


@pytest.mark.needs("sipsak")
def test_a_monitor_that_asks_many_times_at_once_is_answered_every_time(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        await shout(switch, BURST)
        counters = switch.service.endpoint.counters
        await all_come(switch, BURST)
        assert counters["received"] == counters["sent"] == BURST - dropped(switch.port)
        assert counters["failed"] == counters["malformed"] == 0

    play(tmp_path, leave_alone, scene, trunks=NOBODY)


@pytest.mark.needs("sipsak")
@pytest.mark.parametrize("trunks", [NOBODY, CARRIER], ids=["stranger", "trunk"])
def test_a_flood_of_requests_is_rationed_and_costs_nobody_an_answer(
    tmp_path: Path, trunks: TrunksSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So small that a machine that has little time for us still reads more than is allowed.
    monkeypatch.setattr(conduct, "RATION", RATION)

    async def scene(switch: LiveSwitch) -> None:
        endpoint = switch.service.endpoint
        counters, door = endpoint.counters, endpoint.user_agent.door
        shouted = 0
        while not door.unheard:
            await shout(switch, FLOOD)
            shouted += FLOOD
            await all_come(switch, shouted)
        assert BURST < counters["received"] < shouted
        assert counters["sent"] == counters["received"]
        code, said = await sipsak(switch, "")
        assert code == 0, said
        code, said = await register(switch, GONE, "secret-1001", 60)
        assert code == 0, said
        assert not len(door.bans)
        assert counters["failed"] == counters["malformed"] == 0

    play(tmp_path, leave_alone, scene, trunks=trunks)
