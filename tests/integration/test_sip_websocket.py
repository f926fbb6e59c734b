"""A browser's telephone against the house: SIP over WebSocket on the loopback (RFC 7118)."""

from typing import Any

import pytest
from sipmessage import Address
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.web.resource import Resource
from twisted.web.server import Site

from cti.sip import sdp
from cti.sip.access.digest import Algorithm, authorization, strongest
from cti.sip.events import (
    BindingAdded,
    BindingRemoved,
    Ended,
    Invitation,
    Report,
    SessionAccepted,
    SessionEnded,
    Transport,
)
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from cti.transport.websocket import LARGEST_MESSAGE
from cti.web.http import HotlineRequest
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import reactor, run_in_reactor, until
from tests.support.sip_messages import OFFER, Changes, request_bytes, response_bytes
from tests.support.web_socket_phone import WebSocketPhone

HOST = "127.0.0.1"
SECRET = "secret-1001"
CONTACT = "<sip:1001@df7jal23ls0d.invalid;transport=ws>"


class House:
    """An endpoint and the web site it is mounted on."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.endpoint = SipEndpoint(
            reactor(),
            UserAgentSettings(HOST, 0, trunks={HOST: "local"}),
            KnownAccounts("1001"),
            counting_entropy(),
            self.reports.append,
        )
        self.endpoint.start(HOST)
        root = Resource()
        root.putChild(b"sip", self.endpoint.web_socket(secure=False))
        site = Site(root, requestFactory=HotlineRequest, reactor=reactor())
        self._port = reactor().listenTCP(0, site, interface=HOST)

    @property
    def address(self) -> str:
        return f"{HOST}:{self._port.getHost().port}"

    async def phone(self, **opening: str) -> WebSocketPhone:
        phone = WebSocketPhone(self.address, **opening)
        way = TCP4ClientEndpoint(reactor(), HOST, self._port.getHost().port)
        await connectProtocol(way, phone)
        await until(lambda: phone.opened or phone.refused)
        return phone

    async def stop(self) -> None:
        await self.endpoint.stop()
        await self._port.stopListening()


def register(sequence: int, **more: str) -> bytes:
    changes: Changes = {
        "Via": f"SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-{sequence}",
        "From": f"<sip:1001@{HOST}>;tag=me",
        "To": f"<sip:1001@{HOST}>",
        "CSeq": f"{sequence} REGISTER",
        "Contact": CONTACT,
        "Content-Length": None,
        **more,
    }
    return request_bytes("REGISTER", changes, uri=f"sip:{HOST}")


def header(message: bytes, name: str) -> list[str]:
    lines = message.decode().split("\r\n\r\n")[0].split("\r\n")
    return [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]


async def registered(phone: WebSocketPhone) -> None:
    phone.say(register(1))
    await until(lambda: phone.heard)
    challenges = header(phone.heard[0], "WWW-Authenticate")
    md5 = strongest([each for each in challenges if "MD5" in each])
    assert md5 is not None
    assert md5.algorithm is Algorithm.MD5
    proof = authorization(md5, "1001", SECRET, "REGISTER", f"sip:{HOST}", "cn")
    phone.say(register(2, Authorization=proof), pieces=3)
    await until(lambda: len(phone.heard) > 1)
    assert phone.heard[1].startswith(b"SIP/2.0 200 ")


def test_a_browser_registers_with_md5_is_called_and_leaves_without_a_word() -> None:
    async def main() -> tuple[House, WebSocketPhone]:
        house = House()
        phone = await house.phone(origin=f"http://{house.address}")
        await registered(phone)
        (binding,) = house.endpoint.contacts("1001")
        assert binding.destination.transport is Transport.WS
        me = Address.parse(f"<sip:95588@{HOST}>")
        house.endpoint.invite(
            Invitation(
                binding.uri,
                me,
                Address.parse(f"<sip:1001@{HOST}>"),
                sdp.offer(HOST, 40000),
                binding.destination,
            )
        )
        await until(lambda: len(phone.heard) == 3)
        phone.say(response_bytes(phone.heard[2], 200, changes={"Contact": CONTACT}, body=OFFER))
        await until(lambda: len(phone.heard) == 4)
        assert [type(each) for each in house.reports] == [BindingAdded, SessionAccepted]
        phone.leave()
        await until(lambda: BindingRemoved("1001") in house.reports)
        assert house.endpoint.connections == 0
        await house.endpoint.stop()
        await house.stop()
        return house, phone

    house, phone = run_in_reactor(main)
    invite, ack = phone.heard[2:4]
    assert invite.startswith(f"INVITE {CONTACT[1:-1]} SIP/2.0".encode())
    assert header(invite, "Via")[0].startswith("SIP/2.0/WS ")
    assert ";transport=ws>" in header(invite, "Contact")[0]
    assert ack.startswith(b"ACK ")
    (ended,) = [each for each in house.reports if isinstance(each, SessionEnded)]
    assert ended.why is Ended.LOCAL


@pytest.mark.parametrize(
    ("opening", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"subprotocol": ""}, 400),
        ({"subprotocol": "xmpp"}, 400),
    ],
)
def test_who_does_not_belong_here_is_refused(opening: dict[str, str], status: int) -> None:
    async def main() -> WebSocketPhone:
        house = House()
        phone = await house.phone(**opening)
        phone.leave()
        await until(lambda: phone.over)
        await house.stop()
        return phone

    assert run_in_reactor(main).refused == status


def test_a_call_from_the_trunks_address_is_no_trunks_call_by_websocket() -> None:
    async def main() -> WebSocketPhone:
        house = House()
        phone = await house.phone()
        via = "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-7"
        phone.say(request_bytes("INVITE", {"Via": via}, OFFER))
        await until(lambda: phone.heard)
        await house.stop()
        await until(lambda: phone.over)
        return phone

    assert run_in_reactor(main).heard[-1].split()[1] in (b"401", b"403")


def test_a_ping_is_answered_and_an_endless_message_ends_it() -> None:
    async def main() -> tuple[WebSocketPhone, Any]:
        house = House()
        phone = await house.phone()
        phone.ping()
        await until(lambda: phone.pongs)
        phone.say(b"x" * (LARGEST_MESSAGE + 1))
        await until(lambda: phone.over)
        await house.stop()
        return phone, house.endpoint.counters

    phone, counters = run_in_reactor(main)
    assert phone.subprotocol == "sip"
    assert counters["broken"] == 1
