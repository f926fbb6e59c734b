"""SIPp as a caller from the trunk, and an ear on the wire for what it is sent."""

import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, groupby
from pathlib import Path

import numpy as np

from tests.support.audio import Samples
from tests.support.house import free_port
from tests.support.patience import ample

NUMBERS = count(1)
SCENARIOS = Path(__file__).parent.parent / "scenarios"
OUTGOING = 4
IP_HEADERS, UDP_HEADER, RTP_HEADER = 14 + 20, 8, 12


HOST = "127.0.0.1"
AT_CUE = '<recv request="NOTIFY"/>\n'
TO_THE_HOUSE = "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]"
"""Whom to name where the last message was a cue, and the last To that of the cue."""
KEYS = "0123456789*#"
"""By event (RFC 4733, 3.2)."""


@dataclass(slots=True)
class Ear:
    """RTP on its way to one port of the loopback, as (sequence, payload type, payload)."""

    port: int
    packets: list[tuple[int, int, bytes]] = field(default_factory=list)

    def payload(self) -> bytes:
        """G.711 octets in the order of their sequence numbers."""
        first = self.packets[0][0] if self.packets else 0
        ordered = sorted(self.packets, key=lambda packet: (packet[0] - first) & 0xFFFF)
        return b"".join(payload for _, kind, payload in ordered if kind == 8)

    def keys(self, kind: int = 101) -> str:
        """The keys pressed there in turn (RFC 4733), those that differ from the one before."""
        events = [payload[0] for _, each, payload in self.packets if each == kind]
        return "".join(KEYS[event] for event, _ in groupby(events))

    def samples(self) -> Samples:
        """What was sent there, decoded by the words of ITU-T G.711 for A-law."""
        codes = np.frombuffer(self.payload(), np.uint8).astype(np.int32) ^ 0x55
        exponent, mantissa = (codes >> 4) & 7, codes & 15
        low = (mantissa << 4) + 8
        high = ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
        magnitude = np.where(exponent == 0, low, high)
        return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def info_steps(keys: str) -> str:
    """The steps of a scenario that press these keys by INFO (application/dtmf-relay)."""
    template = (SCENARIOS / "info.xml").read_text()
    return "".join(
        '<pause milliseconds="1000"/>\n'
        if key == " "
        else template.replace("@KEY@", key).replace("@CSEQ@", str(number))
        for number, key in enumerate(keys, 2)
    )


@contextmanager
def listening(port: int) -> Iterator[Ear]:
    """Listen on the loopback's wire (needs the right to open packet sockets)."""
    ear = Ear(port)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.bind(("lo", 0x0800))
    wire.settimeout(0.2)
    done = threading.Event()
    thread = threading.Thread(target=_listen, args=(wire, ear, done), daemon=True)
    thread.start()
    try:
        yield ear
    finally:
        done.set()
        thread.join()
        wire.close()


def _listen(wire: socket.socket, ear: Ear, done: threading.Event) -> None:
    while not done.is_set():
        try:
            frame, address = wire.recvfrom(2048)
        except TimeoutError:
            continue
        if address[2] == OUTGOING or frame[23] != socket.IPPROTO_UDP:
            continue
        if struct.unpack_from("!H", frame, IP_HEADERS + 2)[0] != ear.port:
            continue
        rtp = frame[IP_HEADERS + UDP_HEADER :]
        if len(rtp) > RTP_HEADER and rtp[0] == 0x80:
            sequence = struct.unpack_from("!H", rtp, 2)[0]
            ear.packets.append((sequence, rtp[1] & 0x7F, rtp[RTP_HEADER:]))


@dataclass(slots=True)
class Cue:
    """Tells SIPp, in the call of that name and at that port, that it is time for what comes next.

    It is a NOTIFY by the test itself, which the scenario waits for.
    """

    port: int = field(default_factory=free_port)
    call_id: str = field(default_factory=lambda: f"cued-{next(NUMBERS)}")
    given: int = 0

    @property
    def options(self) -> list[str]:
        """Where the call is to be found, for SIPp's command line."""
        return ["-p", str(self.port), "-cid_str", self.call_id]

    def give(self) -> None:
        """It is time."""
        self.given += 1
        lines = (
            f"NOTIFY sip:caller@{HOST}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:9;branch=z9hG4bKcue{self.given}",
            f"From: <sip:cue@{HOST}>;tag=cue",
            f"To: <sip:caller@{HOST}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.given} NOTIFY",
            "Content-Length: 0",
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.sendto("\r\n".join([*lines, "", ""]).encode(), (HOST, self.port))


@dataclass(slots=True)
class SippCall:
    """One call that SIPp places."""

    process: subprocess.Popen[bytes]
    media_port: int
    output: Path
    cue: Cue

    def hang_up(self) -> None:
        """Let whoever waits for it hang up."""
        self.cue.give()

    def wait(self, seconds: float) -> int:
        """SIPp's exit status: 0 when the scenario ran to its end."""
        return self.process.wait(ample(seconds))


def place_call(
    folder: Path,
    server_port: int,
    media: Path,
    *,
    stay: float = 0.0,
    number: str = "95588",
    calling: str = "13800138000",
    media_port: int = 0,
    infos: str = "",
    cued: bool = False,
) -> SippCall:
    """Dial, replay the pcap file `media`, stay so many seconds after the answer, hang up.

    `infos` are keys sent by SIP INFO, a tenth of a second apart; a space is a second's pause.
    Who is `cued` hangs up at a cue.
    """
    text = (SCENARIOS / "caller.xml").read_text()
    text = text.replace("<pause/>", info_steps(infos) + "<pause/>")
    text = text.replace("CSeq: 2 BYE", f"CSeq: {2 + len(infos)} BYE")
    if cued:
        before, _, after = text.partition("<pause/>")
        text = before + AT_CUE + after.replace("[last_To:]", TO_THE_HOUSE)
    scenario = folder / f"caller-{calling}.xml"
    scenario.write_text(text.replace("@CALLING@", calling).replace("@MEDIA@", str(media)))
    port, cue = media_port or free_port(), Cue()
    output = folder / f"sipp-{calling}.txt"
    arguments = [
        "sipp", f"{HOST}:{server_port}", "-sf", str(scenario), "-s", number, "-m", "1",
        "-i", HOST, *cue.options, "-mi", HOST,
        "-mp", str(port), "-d", str(round(stay * 1000)),
        "-nostdin", "-timeout", f"{stay + 2 * ample() + len(infos):.0f}s", "-timeout_error",
    ]  # fmt: skip
    with output.open("wb") as out:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=out, cwd=folder, start_new_session=True
        )
    return SippCall(process, port, output, cue)
