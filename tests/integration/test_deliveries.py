"""What is told leaves the house: to a real mail server, and to a real program by signed HTTP."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from cti.kernel.secret import Secret
from tests.support.certificates import authority
from tests.support.reactor import reactor, run_in_reactor, until
from tickets.delivery.model import Channel, Outgoing, Purpose, Undelivered
from tickets.delivery.settings import WebhookSettings
from tickets.delivery.webhook import SAID, WebhookCarrier

KEY = Secret("0123456789abcdef")
ALARM = Outgoing(Channel.WEBHOOK, "alarms", "breach", '{"event": "ticket.breach"}', Purpose.ALARM)


@dataclass
class Program(Resource):
    """A program of the bank's: notes what it gets and answers as it is told."""

    status: int = 200
    answer: bytes = b"taken"
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    isLeaf = True

    def __post_init__(self) -> None:
        super().__init__()

    def render_POST(self, request: Request) -> bytes:
        assert request.content is not None
        names = ("hotline-timestamp", "hotline-signature", "idempotency-key", "content-type")
        headers = {name: request.getHeader(name) or "" for name in names}
        self.got.append((headers, request.content.read()))
        request.setResponseCode(self.status)
        if self.location:
            request.setHeader(b"location", self.location.encode())
        return self.answer


@contextmanager
def served(program: Program) -> Iterator[str]:
    """Where the program is."""
    port = reactor().listenTCP(0, Site(program), interface="127.0.0.1")
    try:
        yield f"http://127.0.0.1:{port.getHost().port}/hook"
    finally:
        port.stopListening()


def carry(program: Program, outgoing: Outgoing = ALARM) -> str:
    async def carried() -> str:
        with served(program) as url:
            carrier = WebhookCarrier(WebhookSettings(url, KEY), reactor())
            return await carrier.carry(outgoing, "20261123-7")

    return run_in_reactor(carried, timeout=20)


def test_a_program_can_tell_that_the_message_is_ours() -> None:
    program = Program()
    assert carry(program) == "200 taken"
    ((headers, body),) = program.got
    signed = headers["hotline-timestamp"].encode() + b"." + body
    digest = hmac.new(KEY.reveal().encode(), signed, sha256).hexdigest()
    assert headers["hotline-signature"] == f"v1={digest}"
    assert headers["idempotency-key"] == "20261123-7"
    assert json.loads(body) == {
        "delivery": "20261123-7",
        "channel": "webhook",
        "purpose": "alarm",
        "to": "alarms",
        "ticket": None,
        "alarm": {"event": "ticket.breach"},
    }


def test_a_short_message_goes_to_the_gateway() -> None:
    program = Program()
    carry(
        program, Outgoing(Channel.SMS, "13800138000", "", "您的工单已受理", Purpose.ACKNOWLEDGEMENT)
    )
    record = json.loads(program.got[0][1])
    assert (record["to"], record["text"]) == ("13800138000", "您的工单已受理")


@pytest.mark.parametrize(
    ("status", "temporary"), [(500, True), (503, True), (429, True), (400, False), (404, False)]
)
def test_a_refusal_says_whether_to_come_again(status: int, temporary: bool) -> None:
    with pytest.raises(Undelivered) as caught:
        carry(Program(status, b"no"))
    assert caught.value.temporary is temporary
    assert caught.value.why == f"{status} no"


def test_a_redirect_is_not_followed() -> None:
    elsewhere = Program()

    async def carried() -> str:
        with served(elsewhere) as other, served(Program(302, b"", other)) as url:
            return await WebhookCarrier(WebhookSettings(url, KEY), reactor()).carry(ALARM, "7")

    with pytest.raises(Undelivered) as caught:
        run_in_reactor(carried, timeout=20)
    assert not caught.value.temporary
    assert elsewhere.got == []


def test_an_answer_without_end_is_cut_short() -> None:
    assert carry(Program(answer=b"x" * 5_000_000)) == f"200 {'x' * SAID}"


def test_nobody_there_is_no_end() -> None:
    async def carried() -> str:
        with served(Program()) as url:
            pass
        return await WebhookCarrier(WebhookSettings(url, KEY), reactor()).carry(ALARM, "7")

    with pytest.raises(Undelivered) as caught:
        run_in_reactor(carried, timeout=20)
    assert caught.value.temporary


@pytest.mark.parametrize("trusted", [True, False])
def test_https_is_verified(tmp_path: Path, trusted: bool) -> None:
    signer = authority(tmp_path)
    certificate, key = signer.sign("localhost")
    program = Program()

    async def carried() -> str:
        context = DefaultOpenSSLContextFactory(str(key), str(certificate))
        port = reactor().listenSSL(0, Site(program), context, interface="127.0.0.1")
        url = f"https://localhost:{port.getHost().port}/hook"
        settings = WebhookSettings(url, KEY, signer.path if trusted else None)
        try:
            return await WebhookCarrier(settings, reactor()).carry(ALARM, "7")
        finally:
            port.stopListening()
            await until(lambda: not any("TLS" in repr(each) for each in reactor().getReaders()))

    if trusted:
        assert run_in_reactor(carried, timeout=20) == "200 taken"
        return
    with pytest.raises(Undelivered) as caught:
        run_in_reactor(carried, timeout=20)
    assert caught.value.temporary
    assert program.got == []
