"""`hotline trace` on a file that nobody writes any more."""

from pathlib import Path

import pytest

from config.cli.trace import message_lines
from config.main import main
from cti.sip.events import Endpoint
from cti.trace.records import Direction, Leg, Message, encode
from cti.trace.ring import LEAST
from cti.trace.ring_file import RingFile
from cti.trace.summary import Summary
from tests.support.sip_messages import HOUSE, TRUNK, request_bytes, response_bytes

INVITE = request_bytes("INVITE")
AT = 1_764_000_000.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two calls of one caller in a trace, the second refused."""
    ring = RingFile(tmp_path / "var" / "trace.ring", LEAST)
    second = INVITE.replace(b"call-1", b"call-2")
    for record in (
        Message(AT, Direction.IN, HOUSE, TRUNK, INVITE),
        Leg(AT, "20251124-1", "20251124-1.1", "caller", "13800138000", "call-1@192.0.2.1"),
        Message(AT + 60, Direction.IN, HOUSE, TRUNK, second),
        Message(AT + 61, Direction.OUT, HOUSE, TRUNK, response_bytes(second, 503)),
    ):
        ring.append(encode(record))
    ring.close()
    file = tmp_path / "hotline.yaml"
    file.write_text("time_zone: UTC\n")
    return file


def test_the_last_call_of_a_number_and_how_many_there_are(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "trace", "13800138000", "--language", "en"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Call call-2@192.0.2.1  2025-11-24 16:01:00 +0000\n")
    assert "1.000" in said.out
    assert "\x1b" not in said.out
    assert "1 more: 20251124-1 (--all shows each)" in said.err


def test_without_a_call_the_last_are_listed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "trace"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "20251124-1  2025-11-24 16:00:00 +0000  13800138000 -> 95588",
        "call-2@192.0.2.1  2025-11-24 16:01:00 +0000  13800138000 -> 95588",
    ]
    assert main(["--config", str(config), "trace", "--follow"]) == 2
    assert "CALL: is needed" in capsys.readouterr().err


def test_every_call(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "trace", "13800138000", "--all", "--language", "zh"]) == 0
    said = capsys.readouterr()
    assert said.out.count("通话 ") == 2
    assert said.err == ""


def test_messages_whole(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "trace", "20251124-1", "--messages"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("--- 0.000 s  192.0.2.1:5060 -> 192.0.2.9:5060  UDP\nINVITE sip:95588")


def test_a_capture(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "call.pcap"
    arguments = ["trace", "call-2", "--pcap", str(out)]
    assert main(["--config", str(config), *arguments]) == 0
    assert out.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    assert capsys.readouterr().out == f"2 messages in {out}\n"
    nowhere = tmp_path / "none" / "call.pcap"
    assert main(["--config", str(config), *arguments[:-1], str(nowhere)]) == 1
    assert capsys.readouterr().err == f"{nowhere}: No such file or directory\n"


def test_what_is_not_there_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "trace", "4711"]) == 1
    assert "no call in the trace is named 4711" in capsys.readouterr().err
    (config.parent / "var" / "trace.ring").unlink()
    assert main(["--config", str(config), "trace", "4711"]) == 1
    assert "trace.ring: No such file" in capsys.readouterr().err


def test_no_message_commands_the_terminal() -> None:
    data = request_bytes("INVITE", {"Subject": "\x1b[2Jgone"})
    summary = Summary(Message(AT, Direction.OUT, HOUSE, Endpoint("::1", 5060), data))
    lines = message_lines(summary, AT)
    assert lines[0] == "--- 0.000 s  192.0.2.9:5060 -> ::1:5060  UDP"
    assert all(line.isprintable() for line in lines)
