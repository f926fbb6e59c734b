"""Many browsers in one light process: checks, a DTLS handshake, and the same tone from each.

`python -m tests.support.raw_browser FREQUENCY` reads a JSON object per line and answers with one:
``offer`` opens another browser and gives its description, ``accept`` takes the answer to it,
``press`` presses a key, ``silence`` stops its checks, ``report`` tells what a browser heard.
"""

import json
import os
import selectors
import socket
import sys
import time
from secrets import token_bytes, token_hex
from typing import Any

import numpy as np

from cti.media.g711 import FRAME_SAMPLES, decode, encode
from cti.media.model import Codec
from cti.media.rtp import RtpPacket
from cti.media.srtp import Srtp, is_control
from cti.media.stun import Kind, Name, StunMessage, request
from cti.media.telephone_event import press_steps
from cti.sip import sdp
from cti.sip.sdp import DtlsIdentity, SessionDescription, Setup
from cti.worker.dtls import Certificate, Handshake
from tests.support.audio import tone

HOST = "127.0.0.1"
TICK = 0.02
CHECK_TICKS = 125
"""Ticks between checks when connected: 2.5 s."""
PRIORITY = (1853824767).to_bytes(4, "big")
EVENTS = 101
KEPT_FRAMES = 50


class RawBrowser:
    """One browser: a socket, a handshake and a stream."""

    def __init__(self, certificate: Certificate, frames: list[bytes]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self._certificate, self._frames = certificate, frames
        self._own = DtlsIdentity(
            certificate.fingerprint, Setup.ACTPASS, token_hex(4), token_hex(16)
        )
        self._far: DtlsIdentity | None = None
        self._to = ("", 0)
        self._handshake: Handshake | None = None
        self._srtp = Srtp()
        self._ssrc = int.from_bytes(token_bytes(4), "big")
        self._ticks = self._sequence = 0
        self._keys: list[bytes] = []
        self._stamp = 0
        self.silent = False
        self.received = 0
        self.reports = 0
        self.checked = 0
        self.refused = 0
        self.heard: list[bytes] = []

    def offer(self) -> str:
        """A browser's description, its address hidden as browsers do."""
        port = self.socket.getsockname()[1]
        described = sdp.offer(HOST, port, security=self._own)
        return str(described).replace(f"{HOST} {port} typ", f"4f3c.local {port} typ")

    def accept(self, text: str) -> None:
        """Begin checks towards the answer's address."""
        answer = SessionDescription.parse(text.encode())
        audio = answer.audio
        assert audio is not None
        self._to = (answer.host_of(audio), audio.port)
        values = {name: value or "" for name, value in audio.attributes}
        self._far = DtlsIdentity(
            values["fingerprint"], Setup.PASSIVE, values["ice-ufrag"], values["ice-pwd"]
        )
        self._handshake = Handshake(self._certificate, values["fingerprint"], active=True)

    def press(self, key: str) -> None:
        """Press a key in what follows."""
        self._stamp = self._ticks * FRAME_SAMPLES
        self._keys += [step.payload for step in press_steps(key) if step.payload is not None]

    def tick(self) -> None:
        """What is due in these 20 ms."""
        if self._far is None:
            return
        self._ticks += 1
        interval = CHECK_TICKS if self.checked else 5
        if self._ticks % interval == 1 and not self.silent:
            self._check()
        if self._srtp.ready:
            self._speak()
        elif self._handshake is not None and self._ticks % 10 == 0:
            self._say(self._handshake.say_again())

    def take(self) -> None:
        """Everything that came."""
        while True:
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            if data[0] < 4:
                self._checked(StunMessage.parse(data))
            elif 20 <= data[0] < 64:
                self._shake_hands(data)
            elif is_control(data):
                self.reports += self._srtp.unwrap_control(data) is not None
            else:
                self._hear(self._srtp.unwrap(data))

    def _check(self) -> None:
        assert self._far is not None
        asked = request(
            token_bytes(12),
            f"{self._far.fragment}:{self._own.fragment}",
            (Name.PRIORITY, PRIORITY),
            (Name.ICE_CONTROLLING, bytes(8)),
            (Name.USE_CANDIDATE, b""),
        )
        self._send(asked.encode(self._far.password))

    def _checked(self, answer: StunMessage) -> None:
        assert self._far is not None
        if answer.kind is not Kind.SUCCESS or not answer.authentic(self._far.password):
            self.refused += 1
            return
        if not self.checked and self._handshake is not None:
            self._say(self._handshake.start())
        self.checked += 1

    def _shake_hands(self, data: bytes) -> None:
        handshake = self._handshake
        assert handshake is not None
        self._say(handshake.receive(data))
        if handshake.keys is not None:
            self._srtp.send_with(handshake.keys.ours)
            self._srtp.receive_with(handshake.keys.theirs)

    def _say(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._send(datagram)

    def _speak(self) -> None:
        self._sequence += 1
        if self._keys:
            kind, payload, stamp = EVENTS, self._keys.pop(0), self._stamp
        else:
            kind, stamp = Codec.PCMA.value, self._ticks * FRAME_SAMPLES
            payload = self._frames[self._ticks % len(self._frames)]
        packet = RtpPacket(kind, self._sequence % 2**16, stamp, self._ssrc, payload)
        protected = self._srtp.wrap(bytes(packet))
        assert protected is not None
        self._send(protected)

    def _hear(self, data: bytes | None) -> None:
        if data is not None:
            self.received += 1
            self.heard = [*self.heard[1 - KEPT_FRAMES :], data]

    def _send(self, data: bytes) -> None:
        self.socket.sendto(data, self._to)

    def report(self) -> dict[str, Any]:
        """What it saw, and the last second it heard."""
        frames = [decode(RtpPacket.parse(data).payload, Codec.PCMA) for data in self.heard]
        last = np.concatenate(frames) if frames else np.zeros(0, np.int16)
        return {
            "received": self.received,
            "reports": self.reports,
            "checked": self.checked,
            "refused": self.refused + self._srtp.refused,
            "last": last.tolist(),
        }


class Browsers:
    """All of them, and whoever tells them what to do."""

    def __init__(self, frequency: float) -> None:
        sound = encode(tone(frequency, 1.0), Codec.PCMA)
        self._frames = [
            sound[place : place + FRAME_SAMPLES] for place in range(0, len(sound), FRAME_SAMPLES)
        ]
        self._certificate = Certificate(time.time())
        self._all: list[RawBrowser] = []
        self._selector = selectors.DefaultSelector()
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ)
        self._line = b""

    def run(self) -> None:
        """Until told to close."""
        due = time.monotonic()
        while True:
            if self._selector.select(max(0.0, due - time.monotonic())) and self._told():
                return
            if time.monotonic() >= due:
                due += TICK
                # What came waits for the tick: whoever sends it pays for no waking of ours.
                for browser in self._all:
                    browser.take()
                    browser.tick()

    def _told(self) -> bool:
        data = os.read(0, 1 << 16)
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if said["do"] == "close":
                return True
            sys.stdout.write(json.dumps(self._do(said)) + "\n")
            sys.stdout.flush()
        return not data

    def _do(self, said: dict[str, Any]) -> dict[str, Any]:
        match said:
            case {"do": "offer"}:
                browser = RawBrowser(self._certificate, self._frames)
                self._all.append(browser)
                return {"browser": len(self._all) - 1, "sdp": browser.offer()}
            case {"do": "accept", "browser": number, "sdp": text}:
                self._all[number].accept(text)
            case {"do": "press", "browser": number, "key": key}:
                self._all[number].press(key)
            case {"do": "silence", "browser": number}:
                self._all[number].silent = True
            case {"do": "report", "browser": number}:
                reporting: RawBrowser = self._all[number]
                return reporting.report()
        return {}


if __name__ == "__main__":
    Browsers(float(sys.argv[1])).run()
