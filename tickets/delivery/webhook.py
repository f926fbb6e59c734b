"""Webhooks: messages brought to the bank's own programs by HTTP POST, signed (`signing`).

The body is a JSON object: ``delivery`` (the id, the same at each attempt), ``channel``,
``purpose``, ``to``, ``ticket``, and ``text``, or ``alarm`` with the object that `composing` makes.
Any answer of 2xx is the proof of delivery. 408, 425, 429 and 5xx, no answer, and a broken
connection are tried again; any other answer is a refusal, redirects too: they are not followed,
since what is sent is meant for the one address that the bank wrote down. HTTPS is verified.
"""

import json
from io import BytesIO
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.defer import TimeoutError as NoAnswer
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse
from zope.interface import implementer

from cti.kernel.errors import ConfigurationError
from tickets.delivery.model import Channel, Outgoing, Undelivered
from tickets.delivery.settings import WebhookSettings
from tickets.delivery.signing import signed_headers

CONNECT_WITHIN = 10.0
ANSWER_WITHIN = 30.0
"""Seconds for all of an attempt."""
BUSY = frozenset({408, 425, 429})
SAID = 200
"""Octets kept of an answer."""
PEM_END = "-----END CERTIFICATE-----"


class WebhookCarrier:
    """A carrier to one program."""

    def __init__(self, settings: WebhookSettings, reactor: Any) -> None:
        """ConfigurationError when the file of trusted certificates cannot be read."""
        self._settings, self._reactor = settings, reactor
        self._agent = Agent(reactor, _policy(settings), connectTimeout=CONNECT_WITHIN)

    def carry(self, outgoing: Outgoing, delivery_id: str) -> Deferred[str]:
        """See `Carrier`."""
        carried = Deferred.fromCoroutine(self._post(_body(outgoing, delivery_id), delivery_id))
        carried.addTimeout(ANSWER_WITHIN, self._reactor)
        return carried.addErrback(_undelivered)

    async def _post(self, body: bytes, delivery_id: str) -> str:
        now = int(self._reactor.seconds())
        headers = Headers({"Content-Type": ["application/json"], "User-Agent": ["Hotline"]})
        for name, value in signed_headers(self._settings.key, body, now, delivery_id).items():
            headers.addRawHeader(name, value)
        url = self._settings.url.encode("ascii")
        response: IResponse = await self._agent.request(b"POST", url, headers, _Octets(body))
        said = f"{response.code} {await _beginning(response)}".strip()
        if 200 <= response.code < 300:
            return said
        raise Undelivered(said, temporary=response.code >= 500 or response.code in BUSY)


def _body(outgoing: Outgoing, delivery_id: str) -> bytes:
    program = outgoing.channel is Channel.WEBHOOK
    what = {"alarm": json.loads(outgoing.body)} if program else {"text": outgoing.body}
    record = {
        "delivery": delivery_id,
        "channel": outgoing.channel.value,
        "purpose": outgoing.purpose.value,
        "to": outgoing.to,
        "ticket": outgoing.number,
    }
    return json.dumps(record | what, ensure_ascii=False).encode()


def _policy(settings: WebhookSettings) -> BrowserLikePolicyForHTTPS:
    if settings.trusted is None:
        return BrowserLikePolicyForHTTPS()
    try:
        parts = settings.trusted.read_text("ascii").split(PEM_END)[:-1]
        certificates = [Certificate.loadPEM((part + PEM_END).encode()) for part in parts]
    except (OSError, ValueError) as error:
        raise ConfigurationError("cannot be read", file=str(settings.trusted)) from error
    if not certificates:
        raise ConfigurationError("holds no certificate (PEM)", file=str(settings.trusted))
    return BrowserLikePolicyForHTTPS(trustRootFromCertificates(certificates))


def _undelivered(failure: Failure) -> Failure:
    """Whatever went wrong on the way may go well another time."""
    if failure.check(Undelivered):
        return failure
    if failure.check(NoAnswer, CancelledError):
        raise Undelivered(f"no answer within {ANSWER_WITHIN:g} s", temporary=True)
    why = failure.value
    for reason in getattr(why, "reasons", ()):
        why = reason.value
    raise Undelivered(f"{type(why).__name__}: {why}", temporary=True)


def _beginning(response: IResponse) -> Deferred[str]:
    begun: Deferred[str] = Deferred()
    response.deliverBody(_Reader(begun))
    return begun


class _Reader(Protocol):
    """Takes what an answer begins with, and hangs up when it is longer than anybody reads."""

    def __init__(self, begun: Deferred[str]) -> None:
        self._begun: Deferred[str] | None = begun
        self._read = BytesIO()

    def dataReceived(self, data: bytes) -> None:
        """Enough is enough."""
        self._read.write(data)
        if self._read.tell() > SAID:
            self._done()
            self.transport.loseConnection()  # type: ignore[union-attr]  # there while data comes

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: ARG002  (Twisted's signature)
        """The answer is over, or broken off, which changes nothing of its status."""
        self._done()

    def _done(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.callback(self._read.getvalue()[:SAID].decode("utf-8", "replace"))


@implementer(IBodyProducer)
class _Octets:
    """A body that is there as a whole."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.length = len(octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:  # noqa: N802  (Twisted's name)
        """All of it."""
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It is written already."""

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It is written already."""

    def stopProducing(self) -> None:  # noqa: N802  (Twisted's name)
        """It is written already."""
