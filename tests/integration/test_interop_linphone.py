"""The switch and linphone: registering, calling, keys, being called, hold and its music."""

from pathlib import Path

import pytest

from cti.call.events import (
    CallCleared,
    Delivered,
    Established,
    Held,
    MediaReported,
    Retrieved,
)
from cti.call.model import Cause, Party
from cti.sip.events import Transport
from tests.support.linphone import Linphone, running_linphone
from tests.support.live_switch import (
    MUSIC,
    NUMBER,
    PROMPT,
    LiveSwitch,
    all_registered,
    answer_and_play,
    play,
    ring_the_agent,
)
from tests.support.reactor import until

AGENT_SAYS, CALLER_SAYS = 1000.0, 600.0


async def leave(phone: Linphone) -> None:
    """Unregister and end, while the switch still listens."""
    phone.do("quit")
    await until(lambda: phone.process.poll() is not None)


@pytest.mark.needs("linphone")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_linphone_registers_calls_hears_and_presses_keys(transport: str, tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        with running_linphone(
            tmp_path / "1001", "1001", switch.port, CALLER_SAYS, transport=transport
        ) as phone:
            await all_registered(switch, ["1001"])
            (binding,) = switch.service.endpoint.contacts("1001")
            assert binding.destination.transport is Transport[transport.upper()]
            phone.do(f"call sip:{NUMBER}@127.0.0.1:{switch.port}")
            await switch.heard_of(Established)
            await until(lambda: "Media streams established" in phone.output)
            phone.do("5")
            await until(lambda: switch.keys == ["5"])
            phone.do("#")
            await until(lambda: switch.keys == ["5", "#"])
            await phone.hears(PROMPT)
            phone.do("terminate")
            cleared = await switch.heard_of(CallCleared)
            assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.CALLER)
            await leave(phone)
        assert (await switch.heard_of(MediaReported)).packets_received > 50
        assert not switch.service.endpoint.contacts("1001")

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("linphone")
def test_linphone_is_called_holds_and_hangs_up(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        with (
            running_linphone(
                tmp_path / "1001", "1001", switch.port, AGENT_SAYS, transport="tcp"
            ) as agent,
            running_linphone(tmp_path / "1002", "1002", switch.port, CALLER_SAYS) as caller,
        ):
            await all_registered(switch, ["1001", "1002"])
            caller.do(f"call sip:{NUMBER}@127.0.0.1:{switch.port}")
            await switch.heard_of(Delivered, 2)
            await until(lambda: "new incoming call" in agent.output)
            agent.do("answer")
            await switch.heard_of(Established, 2)
            await agent.hears(CALLER_SAYS)
            await caller.hears(AGENT_SAYS)
            agent.do("pause 1")
            assert (await switch.heard_of(Held)).party is Party.AGENT
            await until(lambda: "is now paused" in agent.output)
            await caller.hears(MUSIC)
            agent.do("resume 1")
            await switch.heard_of(Retrieved)
            agent.do("terminate")
            cleared = await switch.heard_of(CallCleared)
            assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.AGENT)
            await until(lambda: "ended" in caller.output)
            for phone in (agent, caller):
                await leave(phone)

    play(tmp_path, ring_the_agent, scene)
