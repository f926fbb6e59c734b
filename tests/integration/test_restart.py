"""The whole house is killed, or restarted in place, in mid-call: nobody in a call notices."""

import json
import os
import signal
import sqlite3
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cti.recording.verify import State, verify
from tests.support.audio import (
    RATE,
    Samples,
    growing_wave,
    has_tone,
    read_wave,
    tone,
    write_wave,
)
from tests.support.baresip import running_baresip
from tests.support.cued_caller import calling_in
from tests.support.house import House, running_house
from tests.support.live import watching
from tests.support.patience import ample
from tests.support.telephones import telephone
from tests.support.wire import Wire, tapping, udp_ports

CALLER, AGENT = 600.0, 1000.0
PART, PARTS = RATE // 4, 9
"""Samples of sound that are judged as one, and how many of them."""
KEPT = "SELECT state FROM kept_calls"
HALF_A_SECOND, LOOK = 25, 0.05
"""Packets of sound, and seconds between two looks."""
ONE_WORKER = {"agents": {"after_call_limit": 2}, "media": {"workers": 1, "orphan_time": 40}}


def happened(house: House, kind: str, **said: Any) -> list[dict[str, Any]]:
    """The events of that kind that say that."""
    return [
        event for each, event in house.journal() if each == kind and said.items() <= event.items()
    ]


def until(house: House, kind: str, count: int = 1, **said: Any) -> None:
    """Wait for so many events of that kind."""
    house.wait_until(
        lambda: len(happened(house, kind, **said)) >= count, 30, f"{count} {kind} {said}"
    )


def state_of(house: House, agent: str) -> str:
    """The agent's state as the journal has it."""
    return str(happened(house, "agent.state_changed", agent_id=agent)[-1]["state"])


def kept(house: House, legs: int) -> None:
    """Wait until so many telephones in calls are written down, for the next server to take up."""

    def written() -> bool:
        with sqlite3.connect(house.var / "hotline.sqlite") as database:
            states = [json.loads(state) for (state,) in database.execute(KEPT)]
        return sum(len(state["legs"]) for state in states) == legs

    house.wait_until(written, 10, f"{legs} telephones in calls are kept")


def kill(house: House) -> None:
    """End the server as a crash does; what it started lives on."""
    house.process.kill()
    house.process.wait()


def goes_on(wire: Wire, ports: set[int]) -> None:
    """Wait until, from now on, half a second of sound passed to and from the caller and the agent.

    However late it passes where somebody stood still: what is lost never does.
    """
    now, patience = time.time(), time.monotonic() + ample()
    while any(wire.since(flow, now) < HALF_A_SECOND for flow in wire.flows(ports)):
        assert time.monotonic() < patience, wire.flows(ports)
        time.sleep(LOOK)


def records(house: House) -> list[dict[str, Any]]:
    """Every call record."""
    with sqlite3.connect(house.var / "hotline.sqlite") as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM call_record ORDER BY started")
        return [dict(row) for row in rows]


def both_heard(sound: Samples) -> bool:
    """Whether for as long as is looked at, wherever that is, both are heard all the time."""
    parts = [sound[at : at + PART] for at in range(0, len(sound) - PART + 1, PART)]
    heard = [has_tone(each[:, 0], CALLER) and has_tone(each[:, 1], AGENT) for each in parts]
    return any(all(heard[at : at + PARTS]) for at in range(len(heard) - PARTS + 1))


def check_recording(house: House, record: dict[str, Any], seconds: float, late: float) -> None:
    """It is sealed to its end, and as long as the call, but for so many seconds."""
    path = house.var / "recordings" / record["recording"]
    verdict = verify(path, record["recording_digest"])
    assert (verdict.state, verdict.witnessed, verdict.late) == (State.WHOLE, True, None)
    sound = read_wave(path)
    assert len(sound) / RATE == pytest.approx(seconds, abs=late)


def between(first: dict[str, Any], last: dict[str, Any]) -> float:
    """Seconds from one event to another."""
    instants = [datetime.fromisoformat(each["at"]) for each in (first, last)]
    return (instants[1] - instants[0]).total_seconds()


@pytest.mark.needs("sipp", "baresip")
def test_a_conversation_outlives_the_server(tmp_path: Path, prompts: Path) -> None:
    with (
        running_house(tmp_path / "house", prompts, ONE_WORKER) as house,
        running_baresip(tmp_path / "phone", "1001", house.sip_port, AGENT) as phone,
        ExitStack() as stack,
    ):
        house.wait_until(lambda: phone.registered, 10, "the phone registers")
        token = house.sign_in("1001")
        house.post("/api/v1/agent/state", {"state": "ready"}, token)
        caller = calling_in(tmp_path, house.sip_port, CALLER, calling="13800138000")
        call = stack.enter_context(caller)
        until(house, "queue.answered")
        (worker,) = media_workers(house)
        ports = udp_ports(worker)
        with tapping() as wire:
            house.wait_until(lambda: len(wire.flows(ports)) == 4, 10, "both speak and are heard")
            kept(house, 2)
            kill(house)
            killed = time.time()
            goes_on(wire, ports)
            house.start()
            started = time.time()
            goes_on(wire, ports)
        for flow in wire.flows(ports):
            assert wire.longest_gap(flow) < started - killed
        with watching(house.web_port, "/console/live", token) as console:
            console.say({"do": "hold"})
            console.read_until(lambda seen: seen["agent/1001"]["state"] == "hold", "held")
            console.say({"do": "retrieve"})
            console.read_until(lambda seen: seen["agent/1001"]["state"] == "busy", "retrieved")
            (begun,) = happened(house, "call.recording_started")
            path = house.var / "recordings" / begun["file"]
            since = len(growing_wave(path))
            house.wait_until(lambda: both_heard(growing_wave(path)[since:]), 10, "they talk on")
            console.say({"do": "hang_up"})
            until(house, "agent.wrapped_up")
        assert call.process.wait(60) == 0, call.output.read_text()
        (resumed,) = happened(house, "call.resumed")
        assert len(resumed["connections"]) == 2
        (record,) = records(house)
        assert (record["outcome"], record["cleared_by"], record["open"]) == (
            "answered",
            "agent",
            0,
        )
        (answered,) = happened(house, "call.established", party="agent")
        (over,) = happened(house, "call.cleared")
        (wrapped,) = happened(house, "agent.wrapped_up")
        assert wrapped["talked"] + wrapped["held"] == pytest.approx(
            between(answered, over), abs=0.1
        )
        assert wrapped["held"] > 0
        (begun,) = happened(house, "call.established", party="caller")
        check_recording(house, record, between(begun, over), (started - killed) / 2)
        assert both_heard(read_wave(path)[since:])
        states = [each["state"] for each in happened(house, "agent.state_changed")]
        assert states[:7] == [
            "not_ready", "ready", "reserved", "busy", "hold", "busy", "working_after_call",
        ]  # fmt: skip


@pytest.mark.needs("baresip")
def test_a_server_restarts_in_place_and_its_agent_transfers(tmp_path: Path, prompts: Path) -> None:
    voice = write_wave(tmp_path / "voice.wav", tone(CALLER, 60.0, -12.0))
    with ExitStack() as stack:
        house = stack.enter_context(running_house(tmp_path / "house", prompts, ONE_WORKER))
        phone = stack.enter_context(
            running_baresip(tmp_path / "phone", "1001", house.sip_port, AGENT)
        )
        stack.enter_context(telephone(house, "phone", "1002", "--phone-only"))
        house.wait_until(lambda: phone.registered, 10, "the phone registers")
        until(house, "device.registered", device_id="1002")
        token = house.sign_in("1001")
        house.post("/api/v1/agent/state", {"state": "ready"}, token)
        words = ("95588", "--keys", "1 0", "--pause", "0.5", "--talk-for", "60")
        with telephone(house, "call", *words, "--say", str(voice)):
            until(house, "queue.answered")
            kept(house, 2)
            settings = house.config.read_text()
            house.config.write_text(yaml.safe_dump({**yaml.safe_load(settings), "sipp": {}}))
            house.process.send_signal(signal.SIGHUP)
            house.wait_until(lambda: "Not restarted" in house.log(), 10, "the mistake is told")
            assert "hotline.yaml" in house.log().split("Not restarted")[1]
            assert not happened(house, "call.resumed")
            house.config.write_text(settings)
            house.process.send_signal(signal.SIGHUP)
            until(house, "call.resumed")
            assert state_of(house, "1001") == "busy"
            before = phone.position()
            house.wait_until(
                lambda: has_tone(phone.heard(before), CALLER), 10, "the caller is heard on"
            )
            phone.do("transfer", f"sip:1002@127.0.0.1:{house.sip_port}")
            until(house, "call.established", device_id="1002")
            until(house, "agent.state_changed", state="working_after_call")
        until(house, "call.cleared")
        (record,) = records(house)
        assert record["outcome"] == "answered"
        assert len(happened(house, "call.resumed")) == 1


def test_who_waited_waits_on_at_their_place(tmp_path: Path, prompts: Path) -> None:
    with ExitStack() as stack:
        house = stack.enter_context(running_house(tmp_path / "house", prompts, ONE_WORKER))
        for number in ("13900000001", "13900000002"):
            words = (number, "--keys", "1 0", "--pause", "0.5", "--talk-for", "60")
            dial(stack, house, *words)
            until(house, "queue.queued", int(number[-1]))
        dial(stack, house, "13900000003", "--keys", "2", "--pause", "0.5", "--talk-for", "60")
        until(house, "ivr.choice_made", 5)
        kept(house, 3)
        kill(house)
        house.start()
        until(house, "call.resumed", 3)
        until(house, "ivr.flow_entered", 4)
        first, second = (each["call_id"] for each in happened(house, "queue.queued"))
        stack.enter_context(telephone(house, "phone", "1001", "--answer-after", "0.2"))
        until(house, "queue.answered", call_id=first)
        assert not happened(house, "queue.offered", call_id=second)
        (answered,) = happened(house, "queue.answered")
        queued = happened(house, "queue.queued")
        assert answered["waited"] == pytest.approx(between(queued[0], answered), abs=0.01)
        assert len(queued) == 2, "they wait on: nobody queues anew"
        with watching(house.web_port, "/console/live", house.sign_in("1001")) as console:
            assert console.entities["card/1001"]["call_id"] == first
            console.say({"do": "hang_up"})
            until(house, "queue.answered", call_id=second)


def dial(stack: ExitStack, house: House, number: str, *words: str) -> None:
    """Somebody of that number calls and stays."""
    stack.enter_context(telephone(house, "call", "95588", *words, "--from", number))


def test_calls_end_with_their_worker_while_nobody_is_there(tmp_path: Path, prompts: Path) -> None:
    two = {"agents": {"after_call_limit": 30}, "media": {"workers": 2, "orphan_time": 40}}
    with ExitStack() as stack:
        house = stack.enter_context(running_house(tmp_path / "house", prompts, two))
        for extension in ("1001", "1002"):
            stack.enter_context(telephone(house, "phone", extension, "--answer-after", "0.2"))
        until(house, "agent.state_changed", 2, state="ready")
        for number in ("13900000001", "13900000002"):
            dial(stack, house, number, "--keys", "1 0", "--pause", "0.5", "--talk-for", "60")
        until(house, "queue.answered", 2)
        kept(house, 4)
        workers = media_workers(house)
        kill(house)
        os.kill(workers[0], signal.SIGKILL)
        house.start()
        until(house, "call.cleared")
        until(house, "call.resumed")
        (over,) = happened(house, "call.cleared")
        (resumed,) = happened(house, "call.resumed")
        assert over["cause"] == "interrupted"
        assert resumed["call_id"] != over["call_id"]
        until(house, "agent.state_changed", state="working_after_call")
        assert sorted((state_of(house, "1001"), state_of(house, "1002"))) == [
            "busy",
            "working_after_call",
        ]


def media_workers(house: House) -> list[int]:
    """Process numbers of the server's media workers."""
    children = Path(f"/proc/{house.process.pid}/task/{house.process.pid}/children").read_text()
    return [
        int(child)
        for child in children.split()
        if b"cti.worker" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
