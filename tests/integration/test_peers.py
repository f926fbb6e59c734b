"""The switch against SIPp and baresip: what callers, telephones and strangers really do."""

from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from cti.call.events import (
    CallCleared,
    ConnectionCleared,
    Established,
)
from cti.call.model import Cause, Party
from tests.support.live_switch import (
    Entry,
    LiveSwitch,
    answer_and_play,
    leave_alone,
)
from tests.support.reactor import begin, pause, run_in_reactor
from tests.support.sipp_scenarios import (
    CALL,
    HANG_UP,
    OFFER,
    answer_200,
    pause_for,
    receive,
    run_sipp,
    send,
)

Scene = Callable[[LiveSwitch], Coroutine[Any, Any, None]]
INVITE = CALL[0]
CANCEL = send("CANCEL", 1, answered=False, transaction="INVITE")
REFUSED_ACK = send("ACK", 1, transaction="INVITE")


def play(folder: Path, entry: Entry, scene: Scene, *, seconds: float = 25.0, **given: int) -> None:
    """Run the scene on a switch of its own."""

    async def main() -> None:
        switch = LiveSwitch(folder, entry, **given)
        await switch.start()
        try:
            await scene(switch)
        finally:
            await switch.stop()

    run_in_reactor(main, timeout=seconds)


@pytest.mark.needs("sipp")
def test_a_caller_cancels_while_it_rings(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        ringing = (INVITE, receive(100), pause_for(0.1))
        await run_sipp(
            tmp_path, switch.port, (*ringing, CANCEL, receive(200), receive(487), REFUSED_ACK)
        )
        cleared = await switch.heard_of(CallCleared)
        assert (cleared.cause, cleared.cleared_by) == (Cause.CANCELLED, Party.CALLER)
        assert not switch.told(Established)

    play(tmp_path, leave_alone, scene)


@pytest.mark.needs("sipp")
def test_a_bye_before_the_answer_ends_the_call(tmp_path: Path) -> None:
    def ring_only(switch: LiveSwitch, call_id: Any) -> None:
        leg = switch.switch.calls[call_id].leg_of(Party.CALLER)
        assert leg is not None
        assert leg.session is not None
        switch.service.endpoint.ring(leg.session)

    async def scene(switch: LiveSwitch) -> None:
        steps = (
            INVITE,
            receive(100),
            receive(180, target=True),
            send("BYE", 2),
            receive(200),
            receive(487),
        )
        await run_sipp(tmp_path, switch.port, (*steps, REFUSED_ACK))
        assert (await switch.heard_of(CallCleared)).cleared_by is Party.CALLER

    play(tmp_path, ring_only, scene)


@pytest.mark.needs("sipp")
def test_a_cancel_that_crosses_the_200_changes_nothing(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        crossing = (
            INVITE,
            receive(100),
            receive(200, target=True),
            CANCEL,
            receive(200),
            send("ACK", 1),
        )
        await run_sipp(tmp_path, switch.port, (*crossing, *HANG_UP))
        cleared = await switch.heard_of(CallCleared)
        assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.CALLER)

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_the_200_is_repeated_until_its_ack_comes(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        deaf = (*CALL[:4], pause_for(1.8), send("ACK", 1), pause_for(2.2))
        messages = await run_sipp(tmp_path, switch.port, (*deaf, *HANG_UP))
        assert messages.count("SIP/2.0 200 OK") == 4, "three times to the INVITE, once to the BYE"

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_a_caller_without_an_offer_answers_ours_in_the_ack(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        late = (
            send("INVITE", 1, answered=False),
            receive(100),
            receive(200, target=True),
            send("ACK", 1, body=OFFER.format(port=6000)),
            pause_for(0.6),
        )
        messages = await run_sipp(tmp_path, switch.port, (*late, *HANG_UP))
        assert "telephone-event/8000" in messages, "our offer stood in the 200"
        cleared = await switch.heard_of(ConnectionCleared)
        assert cleared.packets_sent > 10

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_keys_by_info_are_collected(tmp_path: Path) -> None:
    kind = ("Content-Type: application/dtmf-relay",)
    keys = [
        step
        for number, key in enumerate("5#", 2)
        for step in (
            send("INFO", number, headers=kind, body=f"Signal={key}\nDuration=160"),
            receive(200),
        )
    ]

    async def scene(switch: LiveSwitch) -> None:
        await run_sipp(tmp_path, switch.port, (*CALL, *keys, *HANG_UP))
        assert switch.keys == ["5", "#"]

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_who_is_no_trunk_of_ours_is_refused(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        steps = (INVITE, receive(403), REFUSED_ACK)
        await run_sipp(tmp_path, switch.port, steps, source="127.0.0.2")
        assert not switch.events

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_one_call_too_many_is_told_when_to_come_again(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        (tmp_path / "first").mkdir()
        staying = (*CALL, pause_for(2.0), *HANG_UP)
        first: Awaitable[str] = begin(run_sipp(tmp_path / "first", switch.port, staying))
        await switch.heard_of(Established)
        refused = (INVITE, receive(100), receive(503), REFUSED_ACK)
        messages = await run_sipp(tmp_path, switch.port, refused)
        assert "Retry-After:" in messages
        await first
        await switch.quiet()
        assert len(switch.told(CallCleared)) == 1

    play(tmp_path, answer_and_play, scene, max_calls=1)


@pytest.mark.needs("sipp")
def test_two_hundred_calls_in_two_seconds(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        steps = (*CALL, pause_for(2.0), *HANG_UP)
        messages = await run_sipp(tmp_path, switch.port, steps, calls=200, rate=100)
        await switch.quiet()
        assert len(switch.told(Established)) == len(switch.told(CallCleared)) == 200
        del messages

    play(tmp_path, answer_and_play, scene, seconds=40)


@pytest.mark.needs("sipp")
def test_a_switch_that_stops_says_goodbye(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        call = begin(run_sipp(tmp_path, switch.port, (*CALL, receive("BYE"), answer_200())))
        await switch.heard_of(Established)
        await pause(0.2)
        await switch.calls.shut_down()
        await call
        assert switch.told(CallCleared)[0].cause is Cause.INTERRUPTED

    play(tmp_path, answer_and_play, scene)
