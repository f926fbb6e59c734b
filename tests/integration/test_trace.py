"""`hotline trace` beside a running house: SIPp calls, and what went over the wire is drawn."""

import re
import signal
from pathlib import Path

import pytest

from tests.support.command_line import run_to_its_end
from tests.support.house import House, running_house
from tests.support.pcap import Track
from tests.support.sipp import place_call

LADDER = """\
caller +8613800138000 hotline
127.0.0.1:* 127.0.0.1:*
│── INVITE (1) ────────────────────>│
│ PCMA keys │
│ · alerting │
│<── 200 OK (1 INVITE) ─────────────│
│ PCMA keys │
│ · established │
│── ACK (1) ───────────────────────>│
│── INFO (2) ──────────────────────>│
│<── 200 OK (2 INFO) ───────────────│
│── BYE (3) ───────────────────────>│
│<── 200 OK (3 BYE) ────────────────│
│ · left: normal │
│ · RTP out/in/lost: * │
│ │ · call over: normal"""
"""Blanks and times are taken together, ports and figures left out."""


def trace(house: House, *arguments: str) -> str:
    ended = run_to_its_end(house, "trace", *arguments)
    assert ended.status == 0, ended.text
    return ended.text


def plain(ladder: str) -> str:
    """Without the title, and without what differs from one call to the next.

    100 is said only where the answer takes its time, and how often a message was said where that
    is longer.
    """
    lines = [line for line in ladder.splitlines()[2:] if "100 Trying" not in line]
    text = "\n".join(re.sub(r"^ *[0-9]+\.[0-9]{3} ", "", line) for line in lines)
    text = re.sub(
        r" x\d+ (─+)", lambda often: f" {often[1]}{'─' * (len(often[0]) - len(often[1]) - 1)}", text
    )
    text = re.sub(r"(?<=127\.0\.0\.1:)\d+|\d+/\d+/\d+", "*", text)
    return "\n".join(re.sub(r" +", " ", line).strip() for line in text.splitlines())


@pytest.mark.needs("sipp")
def test_a_call_as_a_ladder_even_after_a_crash(tmp_path: Path, prompts: Path) -> None:
    media = Track().silence(3.0).write(tmp_path / "caller.pcap")
    with running_house(tmp_path / "house", prompts) as house:
        call = place_call(tmp_path, house.sip_port, media, stay=1, infos="7")
        assert call.wait(30) == 0, call.output.read_text()
        house.wait_until(
            lambda: "call over" in trace(house, "13800138000"), 5, "the end of the call"
        )
        running = trace(house, "13800138000")
        assert plain(running) == LADDER
        house.stop(signal.SIGKILL)
    assert trace(house, "13800138000") == running
    assert trace(house, "95588") == running
    call_id = running.split()[1]
    assert trace(house, call_id) == running
    messages = trace(house, call_id, "--messages")
    assert "application/dtmf-relay" in messages
    assert "Signal" not in messages
    ring = (house.var / "trace.ring").read_bytes()
    assert b"INFO sip:" in ring
    assert b"Signal" not in ring
