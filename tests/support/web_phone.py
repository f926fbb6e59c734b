"""A telephone by SIP over WebSocket (RFC 7118) whose sound is aiortc's, in the test's reactor."""

from typing import Any
from urllib.parse import urlsplit

import numpy as np
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from cti.sip.access.digest import authorization, strongest
from tests.support.audio import has_tone
from tests.support.house import House
from tests.support.peer_process import PeerProcess
from tests.support.reactor import pause, reactor, until
from tests.support.sip_messages import request_bytes, response_bytes
from tests.support.web_socket_phone import WebSocketPhone

HOST = "aiortc.invalid"
ENOUGH = 2000
"""Samples by which sound is judged."""


class WebPhone:
    """Registers, is rung, answers and hangs up; `secret` is the demo's."""

    def __init__(self, house: House, number: str, frequency: float) -> None:
        self._number, self._address = number, urlsplit(house.web)
        self._contact = f"<sip:{number}@{HOST};transport=ws>"
        self._wire = WebSocketPhone(self._address.netloc)
        self._peer = PeerProcess("tests.support.aiortc_peer", frequency)
        self._invite, self._tag = b"", "aiortc"

    async def register(self) -> None:
        """Connect, and prove who it is."""
        host, port = str(self._address.hostname), int(self._address.port or 80)
        await connectProtocol(TCP4ClientEndpoint(reactor(), host, port), self._wire)
        await until(lambda: self._wire.opened)
        self._wire.say(self._register(1))
        challenged = await self._heard(b"SIP/2.0 401 ")
        challenge = strongest(headers(challenged, "WWW-Authenticate"))
        assert challenge is not None
        secret = f"demo-{self._number}"
        uri = f"sip:{host}"
        proof = authorization(challenge, self._number, secret, "REGISTER", uri, "aiortc")
        self._wire.say(self._register(2, proof))
        await self._heard(b"SIP/2.0 200 ")

    async def rung(self) -> None:
        """Return when somebody calls."""
        self._invite = await self._heard(b"INVITE ")
        self._wire.say(response_bytes(self._invite, 180, self._tag, {"Contact": self._contact}))

    async def answer(self) -> None:
        """Take the call."""
        offered = self._invite.partition(b"\r\n\r\n")[2].decode()
        said = await self._peer.ask("answer", sdp=offered)
        changes: dict[str, str | None] = {"Contact": self._contact}
        body = said["sdp"].encode()
        self._wire.say(response_bytes(self._invite, 200, self._tag, changes, body))
        await self._heard(b"ACK ")

    async def hears(self, frequency: float) -> dict[str, Any]:
        """Return when that tone is heard; the peer's report then."""
        while True:
            report: dict[str, Any] = await self._peer.ask("report")
            last = np.array(report["last"], np.int16)
            if len(last) >= ENOUGH and has_tone(last[-ENOUGH:], frequency):
                return report
            await pause(0.1)

    async def hang_up(self) -> None:
        """Say BYE, and wait for the answer."""
        (caller,), (called,) = headers(self._invite, "From"), headers(self._invite, "To")
        (contact,) = headers(self._invite, "Contact")
        uri = contact.partition("<")[2].partition(">")[0]
        bye = {
            "Via": f"SIP/2.0/WS {HOST};branch=z9hG4bK-bye",
            "From": f"{called};tag={self._tag}",
            "To": caller,
            "Call-ID": headers(self._invite, "Call-ID")[0],
            "CSeq": "1 BYE",
            "Contact": self._contact,
        }
        self._wire.heard.clear()
        self._wire.say(request_bytes("BYE", dict(bye), uri=uri))
        await self._heard(b"SIP/2.0 200 ")

    async def close(self) -> None:
        """Leave."""
        await self._peer.close()
        self._wire.leave()
        await until(lambda: self._wire.over)

    def _register(self, number: int, proof: str = "") -> bytes:
        host = self._address.hostname
        changes = {
            "Via": f"SIP/2.0/WS {HOST};branch=z9hG4bK-{number}",
            "From": f"<sip:{self._number}@{host}>;tag=me",
            "To": f"<sip:{self._number}@{host}>",
            "CSeq": f"{number} REGISTER",
            "Contact": self._contact,
            "Authorization": proof or None,
        }
        return request_bytes("REGISTER", changes, uri=f"sip:{host}")

    async def _heard(self, start: bytes) -> bytes:
        """The newest message that begins so."""

        def found() -> list[bytes]:
            return [each for each in self._wire.heard if each.startswith(start)]

        await until(found)
        return found()[-1]


def headers(message: bytes, name: str) -> list[str]:
    """Every value of that header."""
    lines = message.decode().partition("\r\n\r\n")[0].split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
