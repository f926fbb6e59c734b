"""Names into endpoints: the conversations of `cti.sip.locating`, held with name servers.

``/etc/hosts`` goes before any name server; answers are kept as long as their records allow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from socket import AF_INET6, inet_ntop
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger
from twisted.names import client, dns
from twisted.names.error import AuthoritativeDomainError, DomainError, ResolverError
from twisted.names.hosts import searchFileForAll
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath

from cti.kernel.clock import Clock
from cti.kernel.identifiers import Entropy
from cti.sip.events import Endpoint, Transport
from cti.sip.locating import Kind, Naptr, Question, Record, Srv, is_address, locate

LIMIT = 5.0
"""Seconds a URI may take; an attempt to call waits for it."""
QUERY_TIMEOUT = (1, 2)
"""Seconds until a question is asked again, and once more."""
LONGEST_KEPT = 3600.0
"""Seconds; an answer is not believed for longer, whatever its records say."""
NEGATIVE_KEPT = 30.0
"""Seconds an answer is believed that there is no such record."""
MOST_KEPT = 1000
HOSTS = "/etc/hosts"
SERVERS = "/etc/resolv.conf"

_TYPES = {Kind.NAPTR: dns.NAPTR, Kind.SRV: dns.SRV, Kind.A: dns.A, Kind.AAAA: dns.AAAA}
_NO_ANSWER = (
    DomainError,
    AuthoritativeDomainError,
    ResolverError,
    dns.DNSQueryTimeoutError,
    CannotListenError,
    OSError,
)


class NameServers(Protocol):
    """What of `twisted.names.client.Resolver` is used here."""

    def query(self, query: dns.Query) -> Deferred[Any]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and the instant until which it is good."""

    records: tuple[Record, ...]
    until: float


class Resolver:
    """Finds the endpoints of SIP URIs; `servers` are (address, port) pairs, else the system's."""

    log = Logger()

    def __init__(
        self,
        reactor: Clock,
        entropy: Entropy,
        *,
        servers: Sequence[tuple[str, int]] = (),
        hosts: str = HOSTS,
        families: Sequence[Kind] = (Kind.A,),
    ) -> None:
        self._reactor, self._entropy = reactor, entropy
        self._servers, self._hosts, self._families = list(servers), FilePath(hosts), families
        self._client: NameServers | None = None
        self._asked: list[tuple[str, int]] = []
        self._kept: dict[Question, Kept] = {}

    def endpoints(
        self, uri: str, transports: Sequence[Transport]
    ) -> Deferred[tuple[Endpoint, ...]]:
        """Where the URI leads, by these transports; nowhere when it takes too long."""
        found = Deferred.fromCoroutine(self._converse(uri, transports))
        found.addTimeout(LIMIT, self._reactor)  # type: ignore[arg-type]  # it needs callLater alone
        return found.addErrback(self._nowhere, uri)

    async def _converse(self, uri: str, transports: Sequence[Transport]) -> tuple[Endpoint, ...]:
        conversation = locate(uri, self._entropy, transports=transports, families=self._families)
        try:
            question = next(conversation)
            while True:
                question = conversation.send(await self._answer(question))
        except StopIteration as end:
            found: tuple[Endpoint, ...] = end.value
            return found

    async def _answer(self, question: Question) -> Sequence[Record]:
        now = self._reactor.seconds()
        kept = self._kept.get(question)
        if kept is not None and kept.until > now:
            return kept.records
        if listed := self._listed(question):
            return listed
        try:
            answers, _, _ = await self._name_servers().query(
                dns.Query(question.name.encode("idna"), _TYPES[question.kind], dns.IN)
            )
        except dns.DNSQueryTimeoutError:
            self.log.warn("no name server answers for {name}", name=question.name)
            return ()
        except (*_NO_ANSWER, UnicodeError):
            answers = []
        fitting = [each for each in answers if each.type == _TYPES[question.kind]]
        records = tuple(_record(each.payload) for each in fitting)
        seconds = min((float(each.ttl) for each in fitting), default=NEGATIVE_KEPT)
        self._keep(question, Kept(records, now + min(seconds, LONGEST_KEPT)))
        return records

    def _listed(self, question: Question) -> list[str]:
        """The addresses in the hosts file."""
        if question.kind not in (Kind.A, Kind.AAAA):
            return []
        try:
            addresses = searchFileForAll(self._hosts, question.name.encode("ascii", "replace"))
        except OSError:
            return []
        colon = question.kind is Kind.AAAA
        return [each for each in addresses if is_address(each) and (":" in each) == colon]

    def _name_servers(self) -> NameServers:
        """A client of the servers that are to be asked now; the system's list may change."""
        servers = self._servers or listed_servers(SERVERS)
        if self._client is None or servers != self._asked:
            self._asked = servers
            self._client = client.Resolver(None, list(servers), QUERY_TIMEOUT, self._reactor)
        return self._client

    def _keep(self, question: Question, answer: Kept) -> None:
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[question] = answer

    def _nowhere(self, failure: Failure, uri: str) -> tuple[Endpoint, ...]:
        self.log.warn("{uri} leads nowhere: {error}", uri=uri, error=failure.value)
        return ()


def listed_servers(path: str) -> list[tuple[str, int]]:
    """The name servers of a resolv.conf(5); this machine when it names none."""
    try:
        lines = FilePath(path).getContent().decode("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    named = [each[1] for each in words if len(each) > 1 and each[0] == "nameserver"]
    return [(each, dns.PORT) for each in named if is_address(each)] or [("127.0.0.1", dns.PORT)]


def _record(payload: Any) -> Record:
    match payload:
        case dns.Record_NAPTR():
            return Naptr(
                payload.order,
                payload.preference,
                payload.flags.string.decode("ascii", "replace"),
                payload.service.string.decode("ascii", "replace"),
                _name(payload.replacement),
            )
        case dns.Record_SRV():
            return Srv(payload.priority, payload.weight, payload.port, _name(payload.target))
    return str(payload.dottedQuad() if payload.TYPE == dns.A else _address(payload))


def _address(payload: Any) -> str:
    return inet_ntop(AF_INET6, payload.address)


def _name(name: dns.Name) -> str:
    return name.name.decode("ascii", "replace").rstrip(".")
