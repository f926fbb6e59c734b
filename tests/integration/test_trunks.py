"""Trunks over real sockets: a carrier that others wrote, gateways that fall silent, limits."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from cti.call.events import CallStarted, Established
from cti.kernel.identifiers import CallId
from cti.kernel.secret import Secret
from cti.trunks.events import TrunkDown, TrunkRegistered, TrunkUp
from cti.trunks.settings import Account, Gateway, Limits, Probing, Trunk, TrunksSettings
from tests.support.house import free_port, is_free
from tests.support.kamailio import SECRET, running_kamailio
from tests.support.live_switch import HOST, NUMBER, LiveSwitch, answer_and_play, play
from tests.support.reactor import reactor, until

RULES = Probing(every=0.3, suspect=0.2, failures=2, successes=2)
PATIENCE = 0.4


def lines_by(*trunks: Trunk) -> TrunksSettings:
    return TrunksSettings({each.name: each for each in trunks}, (), RULES, PATIENCE)


class World:
    """A gateway that answers every call and OPTIONS, played by SIPp on its own port."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.port = port or free_port()
        self._messages = folder / f"gateway-{self.port}.txt"
        self._folder = folder

    @contextmanager
    def answering(self) -> Iterator[None]:
        """It is there inside, and nobody is there after."""
        media = str(free_port())
        process = subprocess.Popen(
            ["sipp", "-sn", "uas", "-i", HOST, "-p", str(self.port), "-mp", media, "-aa",
             "-nostdin", "-trace_msg", "-message_file", str(self._messages), "-message_overwrite",
             "false"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder,
        )  # fmt: skip
        try:
            while is_free(self.port, socket.SOCK_DGRAM):
                assert process.poll() is None
                time.sleep(0.01)
            yield
        finally:
            process.kill()
            process.wait()

    @property
    def taken(self) -> int:
        """Calls that were answered here."""
        text = self._messages.read_text(errors="replace") if self._messages.exists() else ""
        return len(re.findall(r"^ACK ", text, re.MULTILINE))


def left_alone(_switch: LiveSwitch, _call_id: CallId) -> None:
    """No caller is expected."""


async def place_call(switch: LiveSwitch) -> None:
    """The house calls somebody outside, and ends the call once it is answered."""
    before = len(switch.told(Established))
    call_id = switch.calls.originate("13800138000", lambda _call_id: None)
    await switch.heard_of(Established, before + 1)
    switch.calls.clear(call_id)
    await switch.quiet()


@pytest.mark.needs("sipp")
def test_calls_go_by_the_next_gateway_and_by_the_first_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    first, second = World(tmp_path), World(tmp_path)
    gateways = (Gateway(HOST, first.port), Gateway(HOST, second.port, priority=1))
    trunk = Trunk("carrier", gateways, presented=("01066668888",))

    async def scene(switch: LiveSwitch) -> None:
        with second.answering():
            with first.answering():
                await place_call(switch)
            await until(lambda: (first.taken, second.taken) == (1, 0))
            await place_call(switch)
            await until(lambda: (first.taken, second.taken) == (1, 1))
            down = await switch.heard_of(TrunkDown)
            assert (down.gateway, down.left) == (str(gateways[0]), 1)
            await place_call(switch)
            await until(lambda: (first.taken, second.taken) == (1, 2))
            with first.answering():
                assert (await switch.heard_of(TrunkUp)).gateway == str(gateways[0])
                await place_call(switch)
                await until(lambda: (first.taken, second.taken) == (2, 2))

    play(tmp_path, left_alone, scene, trunks=lines_by(trunk))


@pytest.mark.needs("kamailio")
@pytest.mark.needs("sipp")
def test_a_carrier_that_wants_us_to_register(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        assert (await switch.heard_of(TrunkRegistered)).trunk == "carrier"
        with world.answering():
            await place_call(switch)
        await until(lambda: world.taken == 1)
        out, _, code = await getProcessOutputAndValue(
            "sipp",
            ["-sn", "uac", f"{HOST}:{carrier.port}", "-s", NUMBER, "-i", HOST, "-p",
             str(carrier.gateway_port), "-m", "1", "-d", "300", "-nostdin", "-timeout", "60",
             "-timeout_error"],
            path=str(tmp_path), reactor=reactor(),
        )  # fmt: skip
        assert code == 0, out.decode(errors="replace")[-2000:]
        started = switch.told(CallStarted)[-1]
        assert (started.trunk, started.called) == ("carrier", NUMBER)

    with running_kamailio(tmp_path) as carrier:
        world = World(tmp_path, carrier.gateway_port)
        account = Account(f"sip:{HOST}:{carrier.port}", "carrier.test", NUMBER, Secret(SECRET))
        trunk = Trunk("carrier", (Gateway(HOST, carrier.port),), account=account)
        play(tmp_path, answer_and_play, scene, trunks=lines_by(trunk))


@pytest.mark.needs("sipp")
def test_a_trunk_brings_no_more_calls_than_it_may(tmp_path: Path) -> None:
    messages = tmp_path / "caller.txt"

    async def scene(switch: LiveSwitch) -> None:
        over = getProcessOutputAndValue(
            "sipp",
            ["-sn", "uac", f"{HOST}:{switch.port}", "-s", NUMBER, "-i", HOST, "-m", "5", "-r",
             "50", "-d", "60000", "-nostdin", "-timeout", "60", "-trace_msg", "-message_file",
             str(messages)],
            path=str(tmp_path), reactor=reactor(),
        )  # fmt: skip
        await until(lambda: switch.service.trunks.view()[0]["refused"] == 3)
        await switch.heard_of(Established, 2)
        for call in switch.calls.calls():
            switch.calls.clear(call.id)
        await over
        await switch.quiet()
        assert len(switch.told(CallStarted)) == 2
        (seen,) = switch.service.trunks.view()
        assert (seen["incoming"], seen["refused"]) == (0, 3)

    trunk = Trunk("carrier", trusted=(HOST,), limits=Limits(incoming=2))
    play(tmp_path, answer_and_play, scene, trunks=lines_by(trunk))
    text = messages.read_text(errors="replace")
    assert "SIP/2.0 503 " in text
    assert "Retry-After:" in text
