"""Legs' sockets on the real network stack: who gets through, and how packets are waited for."""

import socket
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from cti.media.source_lock import Source
from cti.worker.poller import PAUSE, Poller
from cti.worker.sockets import LegSocket

HOST = "127.0.0.1"


class Scene:
    """A leg's socket, what it handed on, and others that send to it."""

    def __init__(self, bind: str = HOST) -> None:
        # A port that was asked for, as legs' are: one the kernel chose it takes back with the peer.
        with udp(bind) as free:
            port = free.getsockname()[1]
        sock = udp(bind, port)
        sock.setblocking(False)
        self.leg = LegSocket(sock)
        self.got: list[tuple[bytes, Source]] = []
        self.leg.receive = lambda data, source: self.got.append((data, source))
        self.phone, self.stranger = udp(), udp()

    @property
    def phone_at(self) -> Source:
        host, port = self.phone.getsockname()
        return host, port

    def say(self, sock: socket.socket, data: bytes) -> None:
        sock.sendto(data, (HOST, self.leg.port))

    def heard(self) -> list[bytes]:
        """What was handed on since it was asked last."""
        for _ in range(10):
            self.leg.read()
        got, self.got[:] = [data for data, _ in self.got], []
        return got

    def close(self) -> None:
        self.leg.close()
        self.phone.close()
        self.stranger.close()


def udp(host: str = HOST, port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    sock.settimeout(60)
    return sock


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def test_who_is_joined_alone_is_heard_and_answered(scene: Scene) -> None:
    scene.say(scene.stranger, b"before")
    scene.leg.join(scene.phone_at)
    scene.say(scene.phone, b"one")
    scene.say(scene.stranger, b"two")
    # What had come before is handed on with its true source: whoever takes it can tell.
    scene.leg.read()
    assert scene.got[0] == (b"before", scene.stranger.getsockname())
    assert scene.heard() == [b"before", b"one"]
    scene.say(scene.stranger, b"three")
    scene.say(scene.phone, b"four")
    assert scene.heard() == [b"four"]
    assert scene.leg.transmit(b"five", scene.phone_at)
    assert scene.phone.recv(100) == b"five"


def test_it_joins_another_and_then_everybody(scene: Scene) -> None:
    scene.leg.join(scene.phone_at)
    scene.leg.join(scene.stranger.getsockname())
    scene.say(scene.phone, b"one")
    scene.say(scene.stranger, b"two")
    assert scene.heard() == [b"two"]
    port = scene.leg.port
    scene.leg.join(None)
    assert scene.leg.port == port
    scene.say(scene.phone, b"three")
    scene.say(scene.stranger, b"four")
    assert scene.heard() == [b"three", b"four"]


def test_a_far_side_without_an_ear_costs_a_count_and_no_packet_to_others(scene: Scene) -> None:
    silent = udp()
    gone = silent.getsockname()
    silent.close()
    scene.leg.join(gone)
    for _ in range(4):
        scene.leg.transmit(b"unheard", gone)
    assert scene.leg.unreachable
    scene.heard()
    scene.leg.transmit(b"unheard", gone)
    assert scene.leg.transmit(b"heard", scene.phone_at)
    assert scene.phone.recv(100) == b"heard"


def test_bound_to_every_address_it_joins_nobody() -> None:
    scene = Scene("0.0.0.0")
    scene.leg.join(scene.phone_at)
    scene.say(scene.stranger, b"one")
    scene.say(scene.phone, b"two")
    assert scene.heard() == [b"one", b"two"]
    scene.close()


class FakeReactor(Clock):
    """A clock that knows who is read from."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[object] = []

    def addReader(self, reader: object) -> None:  # noqa: N802  (Twisted's name)
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:  # noqa: N802  (Twisted's name)
        self.readers.remove(reader)


def test_who_was_woken_looks_until_nothing_has_come(scene: Scene) -> None:
    reactor = FakeReactor()
    poller = Poller(reactor)
    poller.add(scene.leg)
    assert reactor.readers == [poller]
    for _ in range(3):
        scene.say(scene.phone, b"sound")
    poller.doRead()
    assert len(scene.got) == 3
    assert not reactor.readers
    scene.say(scene.phone, b"sound")
    assert len(scene.got) == 3
    reactor.advance(PAUSE)
    assert len(scene.got) == 4
    assert not reactor.readers
    reactor.advance(PAUSE)
    assert reactor.readers == [poller]
    assert not reactor.getDelayedCalls()


@pytest.mark.parametrize("looking", [False, True])
def test_without_sockets_it_waits_for_nothing(looking: bool, scene: Scene) -> None:
    reactor = FakeReactor()
    poller = Poller(reactor)
    poller.add(scene.leg)
    if looking:
        scene.say(scene.phone, b"sound")
        poller.doRead()
    poller.remove(scene.leg)
    assert not reactor.readers
    assert not reactor.getDelayedCalls()
    assert poller.fileno() == -1


def test_a_leg_closed_by_a_packet_before_its_own_is_left_alone(scene: Scene) -> None:
    other, reactor = Scene(), FakeReactor()
    poller = Poller(reactor)
    poller.add(scene.leg, other.leg)
    ended = []

    def end(this: LegSocket, that: LegSocket) -> None:
        ended.append(this)
        poller.remove(that)
        that.close()

    scene.leg.receive = lambda _data, _source: end(scene.leg, other.leg)
    other.leg.receive = lambda _data, _source: end(other.leg, scene.leg)
    scene.say(scene.phone, b"sound")
    other.say(other.phone, b"sound")
    poller.doRead()
    assert len(ended) == 1
    other.close()
