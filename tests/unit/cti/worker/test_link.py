"""An end of the wire: one send for a turn, nothing lost to a full buffer, one word of the end."""

from typing import Any

import pytest

from cti.worker.link import Link
from cti.worker.messages import Message, Ping, Pong, ShutDown
from tests.support.memory_socket import MemorySocket, WatchingClock


class End:
    """A link with what it handed on."""

    def __init__(self, room: int = 1 << 20) -> None:
        self.clock, self.socket = WatchingClock(), MemorySocket(room)
        self.taken: list[Message] = []
        self.lost = 0
        socket: Any = self.socket
        self.link = Link(self.clock, socket, self.take, self.gone)

    def take(self, _link: Link, message: Message) -> None:
        self.taken.append(message)
        if isinstance(message, Ping):
            self.link.say(Pong())

    def gone(self, _link: Link) -> None:
        self.lost += 1


def test_all_of_a_turn_goes_in_one_send() -> None:
    end = End()
    for number in range(3):
        end.link.say(Ping(number))
    assert not end.socket.sent
    end.clock.advance(0)
    assert len(end.socket.sent) == 1
    assert end.socket.hear() == [Ping(0), Ping(1), Ping(2)]


def test_what_is_answered_goes_at_the_end_of_what_came() -> None:
    end = End()
    end.socket.say(Ping(1), Ping(2))
    end.link.doRead()
    assert len(end.socket.sent) == 1
    assert end.socket.hear() == [Pong(), Pong()]
    assert not end.clock.getDelayedCalls()


def test_nothing_is_lost_to_a_full_buffer() -> None:
    end = End(room=5)
    end.link.say(Ping(1))
    end.clock.advance(0)
    end.link.say(Ping(2))
    end.clock.advance(0)
    assert end.clock.writers == [end.link]
    end.socket.room = 1 << 20
    end.link.doWrite()
    assert end.socket.hear() == [Ping(1), Ping(2)]
    assert not end.clock.writers


def test_closed_it_still_says_what_was_said() -> None:
    end = End(room=5)
    end.link.say(Ping(1))
    end.link.close()
    assert end.socket.hear() == [Ping(1)]
    assert end.socket.closed
    assert not end.clock.readers
    assert not end.clock.getDelayedCalls()
    assert not end.lost
    end.link.say(Ping(2))
    end.clock.advance(0)
    assert end.socket.hear() == []


@pytest.mark.parametrize("last", [b"", b"GET / HTTP/1.1\r\n\r\n"])
def test_it_is_lost_once_when_the_other_side_goes_or_talks_nonsense(last: bytes) -> None:
    end = End()
    end.socket.say(ShutDown())
    end.socket.arrive(last)
    end.link.drain()
    assert end.taken == [ShutDown()]
    assert end.lost == 1
    assert end.socket.closed
    end.link.abort()
    end.link.connectionLost(None)
    assert end.lost == 1


def test_a_mistake_in_one_message_does_not_end_the_others() -> None:
    end = End()
    handed = end.link._take

    def take(link: Link, message: Message) -> None:
        if message == Ping(1):
            raise RuntimeError("ours")
        handed(link, message)

    end.link._take = take
    end.socket.say(Ping(1), Ping(2))
    end.link.doRead()
    assert end.taken == [Ping(2)]
    assert not end.lost
