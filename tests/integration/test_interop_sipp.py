"""The switch and SIPp by TCP: a caller that holds by re-INVITE and comes back by UPDATE."""

from pathlib import Path

import pytest

from cti.call.events import CallCleared, Established, Held, Retrieved
from cti.call.model import Party
from tests.support.baresip import telephone
from tests.support.live_switch import LiveSwitch, all_registered, play, ring_the_agent
from tests.support.reactor import begin
from tests.support.sipp import Cue
from tests.support.sipp_scenarios import (
    CALL,
    CUE,
    HANG_UP,
    OFFER,
    pause_for,
    receive,
    run_sipp,
    send,
)

HOLDING = OFFER.format(port=6000) + "\na=sendonly"
TALKING = OFFER.format(port=6000) + "\na=sendrecv"


WAITS = {"u1": (CUE, CUE, CUE), "t1": (pause_for(1.5), pause_for(0.3), pause_for(0.3))}
"""What it waits for before each step, by transport: over TCP no cue reaches it."""


@pytest.mark.needs("sipp")
@pytest.mark.needs("baresip")
@pytest.mark.parametrize("transport", ["t1", "u1"])
def test_a_caller_holds_by_invite_and_comes_back_by_update(transport: str, tmp_path: Path) -> None:
    before_hold, before_update, before_end = WAITS[transport]
    steps = (
        *CALL,
        before_hold,
        send("INVITE", 2, body=HOLDING),
        receive(100, optional=True),
        receive(200),
        send("ACK", 2),
        before_update,
        send("UPDATE", 3, body=TALKING),
        receive(200),
        before_end,
        *HANG_UP,
    )

    async def scene(switch: LiveSwitch) -> None:
        async with telephone(tmp_path / "1001", "1001", switch.port, 1000.0):
            await all_registered(switch, ["1001"])
            cue = Cue()
            played = begin(run_sipp(tmp_path, switch.port, steps, transport=transport, cue=cue))
            await switch.heard_of(Established, 2)
            cue.give()
            assert (await switch.heard_of(Held)).party is Party.CALLER
            cue.give()
            await switch.heard_of(Retrieved)
            cue.give()
            said = await played
            assert "a=recvonly" in said
            assert (await switch.heard_of(CallCleared)).cleared_by is Party.CALLER

    play(tmp_path, ring_the_agent, scene)
