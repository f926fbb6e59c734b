"""SIPp scenarios written as lists of steps, and SIPp run beside the reactor of a test."""

from collections.abc import Sequence
from pathlib import Path

from twisted.internet.utils import getProcessOutputAndValue

from tests.support.patience import ample
from tests.support.reactor import reactor
from tests.support.sipp import Cue

OFFER = """v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio {port} RTP/AVP 8
a=rtpmap:8 PCMA/8000
a=ptime:20"""
AGAIN = ("Via", "From", "To", "CSeq")
"""What a response repeats of its request (RFC 3261, 8.2.6.2)."""
TO = "<sip:[service]@[remote_ip]:[remote_port]>"


def send(
    method: str,
    sequence: int,
    *,
    answered: bool = True,
    transaction: str = "",
    headers: Sequence[str] = (),
    body: str = "",
) -> str:
    """Send a request; one inside the dialog (`answered`) has the tag of the far side.

    A CANCEL, and the ACK to a refusal, name the method whose `transaction` they belong to.
    """
    uri = "[next_url]" if answered else "sip:[service]@[remote_ip]:[remote_port]"
    branch = f"z9hG4bK-[pid]-[call_number]-{sequence}-{transaction or method}"
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}",
        "From: <sip:13800138000@[local_ip]:[local_port]>;tag=[pid]c[call_number]",
        f"To: {TO}[peer_tag_param]" if answered else f"To: {TO}",
        "Call-ID: [call_id]",
        f"CSeq: {sequence} {method}",
        "Contact: <sip:13800138000@[local_ip]:[local_port]>",
        "Max-Forwards: 70",
        *headers,
        *(["Content-Type: application/sdp"] if body and not headers else []),
        "Content-Length: [len]" if body else "Content-Length: 0",
        "",
        body,
    ]
    again = "" if method == "ACK" else ' retrans="500"'
    return f"<send{again}><![CDATA[\n" + "\n".join(lines) + "\n]]></send>"


def receive(what: int | str, *, optional: bool = False, target: bool = False) -> str:
    """Wait for that response or request; requests that follow go to the `target` it names."""
    kind = "response" if isinstance(what, int) else "request"
    may = ' optional="true"' if optional else ""
    routes = ' rrs="true"' if target else ""
    return f'<recv {kind}="{what}"{may}{routes}/>'


def answer_200() -> str:
    """Answer the request just received."""
    lines = ["SIP/2.0 200 OK", *(f"[last_{name}:]" for name in ("Via", "From", "To", "Call-ID"))]
    lines += ["[last_CSeq:]", "Content-Length: 0", "", ""]
    return "<send><![CDATA[\n" + "\n".join(lines) + "\n]]></send>"


def called() -> str:
    """Wait to be called, and keep what every answer to the INVITE has to say again."""
    kept = "".join(
        f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{name.lower()}"/>'
        for name in AGAIN
    )
    return f'<recv request="INVITE" rrs="true"><action>{kept}</action></recv>'


def respond(code: int, phrase: str, *, headers: Sequence[str] = (), body: str = "") -> str:
    """Answer the INVITE, whatever was received since."""
    again = {name: f"{name}:[${name.lower()}]" for name in AGAIN}
    again["To"] += ";tag=[pid]s[call_number]"
    lines = [
        f"SIP/2.0 {code} {phrase}",
        *again.values(),
        "Call-ID: [call_id]",
        "Contact: <sip:called@[local_ip]:[local_port]>",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        "Content-Length: [len]" if body else "Content-Length: 0",
        "",
        body,
    ]
    return "<send><![CDATA[\n" + "\n".join(lines) + "\n]]></send>"


def pause_for(seconds: float) -> str:
    """Wait so long."""
    return f'<pause milliseconds="{round(seconds * 1000)}"/>'


CALL = (
    send("INVITE", 1, answered=False, body=OFFER.format(port=6000)),
    receive(100, optional=True),
    receive(180, optional=True),
    receive(200, target=True),
    send("ACK", 1),
)
HANG_UP = (send("BYE", 9), receive(200))
CUE = receive("NOTIFY")
"""Wait until the test gives a cue."""


async def run_sipp(
    folder: Path,
    port: int,
    steps: Sequence[str],
    *,
    calls: int = 1,
    rate: int = 10,
    source: str = "127.0.0.1",
    listen: int = 0,
    cue: Cue | None = None,
    transport: str = "u1",
) -> str:
    """Play the scenario; AssertionError with what SIPp said when a call went another way.

    With `listen` it waits at that port to be called; `cue` is what its call waits for at every
    `CUE`. `transport` is SIPp's: ``u1`` is UDP, ``t1``
    TCP, both with one socket.
    """
    scenario = folder / "scenario.xml"
    text = "\n".join(steps)
    scenario.write_text(
        f'<?xml version="1.0" encoding="UTF-8" ?><scenario name="peer">{text}</scenario>'
    )
    options = [
        "-t",
        transport,
        "-sf",
        str(scenario),
        f"127.0.0.1:{port}",
        "-s",
        "95588",
        "-i",
        source,
    ]
    options += ["-m", str(calls), "-r", str(rate), "-nostdin"]
    options += ["-timeout", f"{ample():.0f}", "-timeout_error"]
    options += ["-trace_err", "-error_file", "errors.txt", "-trace_msg", "-message_file", "msg.txt"]
    options += ["-p", str(listen)] if listen else []
    options += cue.options if cue else []
    out, _, code = await getProcessOutputAndValue(
        "sipp", options, path=str(folder), reactor=reactor()
    )
    errors = folder / "errors.txt"
    said = errors.read_text(errors="replace") if errors.exists() else ""
    assert code == 0, f"{said}\n{out.decode(errors='replace')[-2000:]}"
    messages = folder / "msg.txt"
    return messages.read_text(errors="replace") if messages.exists() else ""
