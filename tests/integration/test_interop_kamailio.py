"""A Kamailio between telephones and the house: digest, Record-Route, TCP, hold, BYE, CANCEL."""

from pathlib import Path

import pytest

from cti.call.events import (
    CallCleared,
    CallStarted,
    Established,
    Failed,
    Held,
    Retrieved,
)
from cti.call.model import Cause, Party
from cti.kernel.secret import Secret
from cti.sip.events import Transport
from cti.trunks.events import TrunkRegistered
from cti.trunks.numbers import Form
from cti.trunks.settings import Account, Gateway, Trunk, TrunksSettings
from tests.support.baresip import telephone
from tests.support.kamailio import OFFICE, Carrier, running_kamailio
from tests.support.live_switch import (
    HOST,
    MUSIC,
    NUMBER,
    LiveSwitch,
    all_registered,
    answer_and_play,
    leave_alone,
    play,
    ring_the_agent,
)
from tests.support.reactor import pause, until

AWAY = "13800138000"
"""A telephone that is registered with the exchange, not with the house."""
AWAY_SAYS, AGENT_SAYS = 600.0, 1000.0


def line_to(exchange: Carrier, transport: Transport) -> TrunksSettings:
    """A trunk that registers with the exchange and calls by it."""
    registrar = f"sip:{HOST}:{exchange.port};transport={transport.value.lower()}"
    account = Account(registrar, HOST, NUMBER, Secret(f"secret-{NUMBER}"))
    gateway = Gateway(HOST, exchange.port, transport)
    return TrunksSettings(
        {"office": Trunk("office", (gateway,), account=account, form=Form.NATIONAL)}
    )


@pytest.mark.needs("kamailio")
@pytest.mark.needs("baresip")
@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
def test_a_call_through_the_exchange_is_held_taken_back_and_ended_by_the_caller(
    transport: Transport, tmp_path: Path
) -> None:
    async def scene(switch: LiveSwitch) -> None:
        await switch.heard_of(TrunkRegistered)
        async with (
            telephone(tmp_path / AWAY, AWAY, exchange.port, AWAY_SAYS) as caller,
            telephone(tmp_path / "1001", "1001", switch.port, AGENT_SAYS) as agent,
        ):
            await all_registered(switch, ["1001"])
            await until(lambda: caller.registered)
            caller.do("dial", f"sip:{NUMBER}@{HOST}:{exchange.port}")
            await switch.heard_of(Established, 2)
            await agent.hears(AWAY_SAYS)
            await caller.hears(AGENT_SAYS)
            caller.do("hold")
            assert (await switch.heard_of(Held)).party is Party.CALLER
            await agent.hears(MUSIC)
            caller.do("resume")
            await switch.heard_of(Retrieved)
            await agent.hears(AWAY_SAYS, agent.position())
            caller.do("hangup")
            cleared = await switch.heard_of(CallCleared)
        assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.CALLER)
        started = switch.told(CallStarted)[0]
        assert (started.trunk, started.called, started.calling) == ("office", NUMBER, f"+86{AWAY}")
        methods = [line.split()[0] for line in exchange.passed_on]
        assert methods == ["ACK", "INVITE", "ACK", "INVITE", "ACK", "BYE"]

    with running_kamailio(tmp_path, OFFICE) as exchange:
        play(tmp_path, ring_the_agent, scene, trunks=line_to(exchange, transport))


@pytest.mark.needs("kamailio")
@pytest.mark.needs("baresip")
def test_the_house_calls_through_the_exchange_by_tcp_and_says_goodbye_there(
    tmp_path: Path,
) -> None:
    async def scene(switch: LiveSwitch) -> None:
        await switch.heard_of(TrunkRegistered)
        async with telephone(tmp_path / AWAY, AWAY, exchange.port, AWAY_SAYS) as away:
            await until(lambda: away.registered)
            call = switch.calls.originate(AWAY, lambda _: None)
            await switch.heard_of(Established)
            await pause(0.2)
            switch.calls.clear(call)
            await switch.quiet()
            await until(lambda: "terminated" in away.output or "closed" in away.output)
            assert exchange.passed_on == [f"{each} of {NUMBER} by tcp" for each in ("ACK", "BYE")]
            switch.calls.originate(AWAY, lambda _: None)
            await switch.heard_of(Established, 2)
            away.do("hangup")
            cleared = await switch.heard_of(CallCleared, 2)
            assert cleared.cleared_by is Party.CALLED
            assert exchange.passed_on[-1] == f"BYE of {AWAY} by udp"

    with running_kamailio(tmp_path, OFFICE) as exchange:
        play(tmp_path, leave_alone, scene, trunks=line_to(exchange, Transport.TCP))


@pytest.mark.needs("kamailio")
@pytest.mark.needs("baresip")
def test_a_call_through_the_exchange_is_given_up_from_either_side(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        await switch.heard_of(TrunkRegistered)
        async with telephone(
            tmp_path / AWAY, AWAY, exchange.port, AWAY_SAYS, answers="manual"
        ) as away:
            await until(lambda: away.registered)
            call = switch.calls.originate(AWAY, lambda _: None)
            await until(lambda: "Incoming call" in away.output)
            switch.calls.clear(call)
            await switch.quiet()
            await until(lambda: exchange.passed_on == [f"CANCEL of {NUMBER} by tcp"])
            away.do("dial", f"sip:{NUMBER}@{HOST}:{exchange.port}")
            await switch.heard_of(CallStarted, 2)
            away.do("hangup")
            cleared = await switch.heard_of(CallCleared, 2)
            assert (cleared.cause, cleared.cleared_by) == (Cause.CANCELLED, Party.CALLER)
            assert exchange.passed_on[-1] == f"CANCEL of {AWAY} by udp"

    with running_kamailio(tmp_path, OFFICE) as exchange:
        play(tmp_path, leave_alone, scene, trunks=line_to(exchange, Transport.TCP))


@pytest.mark.needs("kamailio")
def test_whom_the_exchange_does_not_know_is_said_not_to_be_there(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        await switch.heard_of(TrunkRegistered)
        switch.calls.originate(AWAY, lambda _: None)
        assert (await switch.heard_of(Failed)).cause is Cause.NOT_OBTAINABLE
        await switch.quiet()

    with running_kamailio(tmp_path, OFFICE) as exchange:
        play(tmp_path, answer_and_play, scene, trunks=line_to(exchange, Transport.TCP))
