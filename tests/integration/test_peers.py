"""The switch against SIPp and baresip: what callers, telephones and strangers really do."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cti.call.events import (
    CallCleared,
    CallStarted,
    DeviceUnregistered,
    Established,
    Held,
    MediaReported,
    Retrieved,
)
from cti.call.model import Cause, Direction, Party
from cti.kernel.identifiers import DeviceId
from cti.sip.access.antechamber import OverloadRules
from cti.sip.access.registrar import Binding
from cti.sip.events import Endpoint
from cti.trace.records import Direction as Wire
from tests.support.audio import had_tone
from tests.support.baresip import telephone
from tests.support.live_switch import (
    MUSIC,
    NUMBER,
    LiveSwitch,
    all_registered,
    answer_and_play,
    leave_alone,
    play,
    ring_the_agent,
)
from tests.support.reactor import begin, pause, until
from tests.support.sipp import Cue
from tests.support.sipp_scenarios import (
    CALL,
    CUE,
    HANG_UP,
    OFFER,
    answer_200,
    pause_for,
    receive,
    run_sipp,
    send,
)

INVITE = CALL[0]
CANCEL = send("CANCEL", 1, answered=False, transaction="INVITE")
EACH = 4
"""Seconds for which a telephone registers that is to run out."""
REFUSED_ACK = send("ACK", 1, transaction="INVITE")


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
        caller = switch.switch.calls[call_id].member_of(Party.CALLER)
        assert caller is not None
        leg = caller.leg
        assert leg is not None
        assert leg.session is not None
        switch.service.endpoint.ring(leg.session)

    async def scene(switch: LiveSwitch) -> None:
        steps = (
            INVITE,
            receive(100, optional=True),
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
            receive(100, optional=True),
            receive(200, target=True),
            CANCEL,
            receive(200),
            send("ACK", 1),
        )
        await run_sipp(tmp_path, switch.port, (*crossing, *HANG_UP))
        cleared = await switch.heard_of(CallCleared)
        assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.CALLER)

    play(tmp_path, answer_and_play, scene)


def said_by(switch: LiveSwitch) -> list[str]:
    """How each message begins that the switch sends, and the method of each that it reads."""
    said: list[str] = []

    def tap(direction: Wire, _local: Endpoint, _remote: Endpoint, data: bytes) -> None:
        line = data.partition(b"\r\n")[0].decode()
        said.append(line if direction is Wire.OUT else line.partition(" ")[0])

    switch.service.endpoint.tap = tap
    return said


@pytest.mark.needs("sipp")
def test_the_200_is_repeated_until_its_ack_comes(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        said = said_by(switch)
        deaf = (*CALL[:4], CUE, send("ACK", 1), CUE, *HANG_UP)
        over = begin(run_sipp(tmp_path, switch.port, deaf, cue=(cue := Cue())))
        await until(lambda: said.count("SIP/2.0 200 OK") == 3)
        cue.give()
        await until(lambda: "ACK" in said)
        enough = said.count("SIP/2.0 200 OK")
        await pause(2.2)
        assert said.count("SIP/2.0 200 OK") == enough, "it is not repeated any more"
        cue.give()
        await over

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_a_caller_without_an_offer_answers_ours_in_the_ack(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        late = (
            send("INVITE", 1, answered=False),
            receive(100, optional=True),
            receive(200, target=True),
            send("ACK", 1, body=OFFER.format(port=6000)),
            pause_for(0.6),
        )
        messages = await run_sipp(tmp_path, switch.port, (*late, *HANG_UP))
        assert "telephone-event/8000" in messages, "our offer stood in the 200"
        figures = await switch.heard_of(MediaReported)
        assert figures.packets_sent > 10

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
def test_who_is_no_trunk_of_ours_is_asked_for_credentials(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        steps = (INVITE, receive(401), REFUSED_ACK)
        await run_sipp(tmp_path, switch.port, steps, source="127.0.0.2")
        assert not switch.events

    play(tmp_path, answer_and_play, scene)


@pytest.mark.needs("sipp")
def test_one_call_too_many_is_told_when_to_come_again(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        (tmp_path / "first").mkdir()
        staying = (*CALL, receive("BYE"), answer_200())
        first: Awaitable[str] = begin(run_sipp(tmp_path / "first", switch.port, staying))
        await switch.heard_of(Established)
        refused = (INVITE, receive(100, optional=True), receive(503), REFUSED_ACK)
        messages = await run_sipp(tmp_path, switch.port, refused)
        assert "Retry-After:" in messages
        (call,) = switch.calls.calls()
        switch.calls.clear(call.id)
        await first
        await switch.quiet()
        assert len(switch.told(CallCleared)) == 1

    play(tmp_path, answer_and_play, scene, max_calls=1)


@pytest.mark.needs("sipp")
def test_two_hundred_calls_in_two_seconds(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        steps = (*CALL, pause_for(2.0), *HANG_UP)
        await run_sipp(tmp_path, switch.port, steps, calls=200, rate=100)
        await switch.quiet()
        assert len(switch.told(Established)) == len(switch.told(CallCleared)) == 200

    # A house that is given too little of the processors refuses some, as it should; not this one.
    patient = OverloadRules(burst=60.0, patience=60.0)
    play(tmp_path, answer_and_play, scene, overload=patient)


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


@pytest.mark.needs("baresip")
def test_two_telephones_of_two_laws_talk_hold_and_part(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        async with (
            telephone(tmp_path / "1001", "1001", switch.port, 1000.0, codecs="pcma") as agent,
            telephone(tmp_path / "1002", "1002", switch.port, 600.0, codecs="pcmu") as caller,
        ):
            await all_registered(switch, ["1001", "1002"])
            caller.do("dial", f"sip:{NUMBER}@127.0.0.1:{switch.port}")
            await switch.heard_of(Established, 2)
            await agent.hears(600.0)
            await caller.hears(1000.0)
            agent.do("hold")
            held = await switch.heard_of(Held)
            await caller.hears(MUSIC)
            agent.do("resume")
            await switch.heard_of(Retrieved)
            await caller.hears(1000.0, caller.position())
            assert switch.told(CallStarted)[0].direction is Direction.INTERNAL
            assert held.party is Party.AGENT
            caller.do("hangup")
            cleared = await switch.heard_of(CallCleared)
            assert (cleared.cause, cleared.cleared_by) == (Cause.NORMAL, Party.CALLER)
            await until(lambda: "terminated" in agent.output or "closed" in agent.output)
        assert not had_tone(agent.heard(), MUSIC)
        figures = {each.party: each for each in switch.told(MediaReported)}
        assert min(each.packets_received for each in figures.values()) >= 75

    play(tmp_path, ring_the_agent, scene)


@pytest.mark.needs("baresip")
def test_a_wrong_secret_registers_nobody(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        async with telephone(
            tmp_path / "1001", "1001", switch.port, 600.0, secret="guess"
        ) as phone:
            await until(lambda: "403" in phone.output)
            assert not switch.calls.registered(DeviceId("1001"))
            assert not switch.events

    play(tmp_path, ring_the_agent, scene)


def renewed(before: Sequence[Binding], now: Sequence[Binding]) -> bool:
    """Whether both telephones registered again since."""
    past = {each.uri: each.sequence for each in before}
    return len(now) == 2 and all(each.sequence > past[each.uri] for each in now)


async def registered_again(contacts: Callable[[], Sequence[Binding]]) -> list[Sequence[Binding]]:
    """Two telephones in their order, before and after both registered again.

    One that was so late that it had run out is a new one: such a round tells nothing.
    """
    while True:
        await until(lambda: len(contacts()) == 2)
        before = contacts()
        await until(partial(lambda then: renewed(then, contacts()), before))
        after = contacts()
        ends = {each.uri: each.expires for each in before}
        if all(each.expires - EACH < ends[each.uri] for each in after):
            return [before, after]


@pytest.mark.needs("baresip")
def test_every_telephone_of_an_extension_rings_and_the_dead_run_out(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        endpoint = switch.service.endpoint
        async with (
            telephone(
                tmp_path / "old", "1001", switch.port, 1000.0, interval=EACH, answers="manual"
            ) as old,
            telephone(tmp_path / "2", "1002", switch.port, 600.0) as caller,
        ):
            await all_registered(switch, ["1001", "1002"])
            async with telephone(
                tmp_path / "new", "1001", switch.port, 1200.0, interval=EACH
            ) as new:
                await until(lambda: len(endpoint.contacts("1001")) == 2)
                caller.do("dial", f"sip:{NUMBER}@127.0.0.1:{switch.port}")
                await switch.heard_of(Established, 2)
                await until(lambda: "audio tx" in new.output)
                await until(lambda: "Incoming call" in old.output)
                assert "audio tx" not in old.output
                caller.do("hangup")
                await switch.quiet()
                before, after = await registered_again(lambda: endpoint.contacts("1001"))
                assert [each.uri for each in after] == [each.uri for each in before], (
                    "neither came first by it"
                )
            await until(lambda: len(endpoint.contacts("1001")) == 1)
            old.process.kill()
            await until(lambda: not switch.calls.registered(DeviceId("1001")))
            await switch.heard_of(DeviceUnregistered)

    play(tmp_path, ring_the_agent, scene, minimum_expires=2)
