"""Two or more SIP user agents in virtual time, over a link that loses, doubles and delays.

Everything follows from the seed, so a failure can be played again.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TypeVar

from cti.sip.access.digest import Account, account
from cti.sip.events import (
    Endpoint,
    Report,
    Resolve,
    SendDatagram,
    StartTimer,
    StopTimer,
    Transport,
)
from cti.sip.session.session_timer import Terms
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import Output, UserAgent

R = TypeVar("R")


class KnownAccounts:
    """Accounts of a fixed list of names; the password of ``1001`` is ``secret-1001``."""

    def __init__(self, *names: str, realm: str = "hotline") -> None:
        self._accounts = {name: account(name, realm, f"secret-{name}") for name in names}

    def find(self, username: str) -> Account | None:
        return self._accounts.get(username)


def counting_entropy(seed: int = 0) -> Callable[[int], str]:
    """Tokens that differ and can be foretold."""
    source = random.Random(seed)
    return lambda size: source.randbytes(size).hex()


class Peer:
    """A user agent on the link, what it reported, and what its timers wait for."""

    def __init__(self, link: "LossyLink", endpoint: Endpoint, user_agent: UserAgent) -> None:
        self.endpoint = endpoint
        self.user_agent = user_agent
        self.reports: list[Report] = []
        self.on_report: Callable[[Report], None] = lambda _: None
        self.timers: dict[str, int] = {}
        self._link = link

    def perform(self, output: Output) -> None:
        """Carry out what the user agent says; reports go to `on_report` after all actions."""
        reports: list[Report] = []
        for item in output:
            match item:
                case SendDatagram(data, destination):
                    self._link.send(data, self.endpoint, destination)
                case StartTimer(key, seconds):
                    self._start(key, seconds)
                case StopTimer(key):
                    self._stop(key)
                case Resolve(key, uri):
                    self._link.at(self._link.now, partial(self._resolve, key, uri))
                case report:
                    reports.append(report)
        for each in reports:
            self.reports.append(each)
            self.on_report(each)

    def receive(self, data: bytes, source: Endpoint) -> None:
        self.perform(self.user_agent.datagram_received(data, source, self._link.now))

    def fail(self, destination: Endpoint) -> None:
        """Nothing reaches that destination."""
        self.perform(self.user_agent.transport_failed(destination, self._link.now))

    def begin_anew(self, user_agent: UserAgent) -> None:
        """Another process takes the place: what the last one waited for is forgotten."""
        for key in tuple(self.timers):
            self._stop(key)
        self.user_agent = user_agent

    def told(self, kind: type[R]) -> list[R]:
        """The reports of that class, in order."""
        return [each for each in self.reports if isinstance(each, kind)]

    def _resolve(self, key: str, uri: str) -> None:
        found = self._link.names.get(uri, ())
        self.perform(self.user_agent.resolved(key, found, self._link.now))

    def _start(self, key: str, seconds: float) -> None:
        self._stop(key)
        token = self._link.at(self._link.now + seconds, lambda: self._fire(key, token))
        self.timers[key] = token

    def _stop(self, key: str) -> None:
        if (token := self.timers.pop(key, None)) is not None:
            self._link.forget(token)

    def _fire(self, key: str, token: int) -> None:
        if self.timers.get(key) == token:
            del self.timers[key]
            self.perform(self.user_agent.timer_fired(key, self._link.now))


class LossyLink:
    """Carries datagrams between peers; `loss` and `double` are probabilities."""

    def __init__(
        self,
        seed: int = 0,
        *,
        loss: float = 0.0,
        double: float = 0.0,
        delay: tuple[float, float] = (0.001, 0.001),
    ) -> None:
        self.now = 0.0
        self.log: list[tuple[float, Endpoint, Endpoint, bytes]] = []
        self._random = random.Random(seed)
        self.loss, self.double, self._delay = loss, double, delay
        self.drops: Callable[[bytes], bool] = lambda _: False
        """Which datagrams never arrive."""
        self.names: dict[str, tuple[Endpoint, ...]] = {}
        """Where URIs with a name lead."""
        self.refused: set[Transport] = set()
        """Reliable transports that nobody takes anything by."""
        self._peers: dict[Endpoint, Peer] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._tokens = count(1)
        self._forgotten: set[int] = set()

    def peer(
        self,
        host: str,
        *,
        trunks: tuple[str, ...] = (),
        accounts: tuple[str, ...] = (),
        user: str = "hotline",
        terms: Terms | None = None,
    ) -> Peer:
        """A user agent at that address that trusts these hosts and knows these accounts."""
        endpoint = Endpoint(host, 5060)
        settings = UserAgentSettings(
            host,
            5060,
            contact_user=user,
            trunks=dict.fromkeys(trunks, "carrier"),
            house_key=host.encode(),
        )
        if terms is not None:
            settings = replace(settings, session_terms=terms)
        entropy = counting_entropy(len(self._peers))
        peer = Peer(self, endpoint, UserAgent(settings, KnownAccounts(*accounts), entropy))
        self._peers[endpoint] = peer
        return peer

    def restart(self, peer: Peer, *accounts: str) -> None:
        """Have the peer's process end without a word, and another begin that knows nothing."""
        entropy = counting_entropy(next(self._tokens) + 1_000_000)
        settings = peer.user_agent.settings
        peer.begin_anew(UserAgent(settings, KnownAccounts(*accounts), entropy))

    def unplug(self, peer: Peer) -> None:
        """Nothing reaches that peer any more, and it does nothing by itself."""
        del self._peers[peer.endpoint]
        peer.timers.clear()

    def at(self, when: float, act: Callable[[], None]) -> int:
        """Do that at that instant."""
        token = next(self._tokens)
        heapq.heappush(self._agenda, (when, token, act))
        return token

    def forget(self, token: int) -> None:
        """Do not do that after all; no time passes for it."""
        self._forgotten.add(token)

    def send(self, data: bytes, source: Endpoint, destination: Endpoint) -> None:
        """Carry a datagram, or lose it, or carry it twice; each copy with a delay of its own.

        What goes by a reliable transport arrives once and in order, or its sender is told.
        """
        self.log.append((self.now, source, destination, data))
        if destination.transport.reliable:
            source = replace(source, transport=destination.transport)
            self.at(self.now + self._delay[1], lambda: self._hand_over(data, source, destination))
            return
        copies = 0 if self._random.random() < self.loss else 1
        copies += self._random.random() < self.double
        for _ in range(copies):
            arrival = self.now + self._random.uniform(*self._delay)
            self.at(arrival, lambda: self._arrive(data, source, destination))

    def run(self, until: float = 1e6) -> None:
        """Let time pass until that instant, or until nothing is left to happen."""
        while self._agenda and self._agenda[0][0] <= until:
            when, token, act = heapq.heappop(self._agenda)
            if token not in self._forgotten:
                self.now = when
                act()
        if until < 1e6:
            self.now = until

    def sent(self, source: Peer) -> list[str]:
        """First lines of what that peer sent, in order."""
        lines = (
            data.partition(b"\r\n")[0] for _, who, _, data in self.log if who == source.endpoint
        )
        return [_short(line.decode()) for line in lines]

    def _arrive(self, data: bytes, source: Endpoint, destination: Endpoint) -> None:
        place = _place(destination)
        if place in self._peers and not self.drops(data):
            self._peers[place].receive(data, source)

    def _hand_over(self, data: bytes, source: Endpoint, destination: Endpoint) -> None:
        sender = self._peers.get(_place(source))
        if sender is None:
            return
        reached = self._peers.get(_place(destination))
        if reached is None or destination.transport in self.refused:
            sender.fail(destination)
        else:
            reached.receive(data, source)


def _place(endpoint: Endpoint) -> Endpoint:
    return Endpoint(endpoint.host, endpoint.port)


def _short(line: str) -> str:
    """``INVITE`` or ``200``."""
    first, second, *_ = line.split(" ")
    return second if first == "SIP/2.0" else first
