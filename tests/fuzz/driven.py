"""A user agent with its output judged, its timers in virtual time and its tables weighed."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from cti.sip.access.bans import BanRules
from cti.sip.access.doorkeeper import DoorRules
from cti.sip.events import (
    Endpoint,
    RequestFailed,
    Resolve,
    SendDatagram,
    SessionId,
    StartTimer,
    StopTimer,
)
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import Output, UserAgent
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import TRUNK

STRANGER = Endpoint("203.0.113.5", 1)
ACCOUNT = "1001"
MOST_STEPS = 10_000
"""Timers of one agent until it must have come to rest."""
REMEMBERED = (
    "_tallies", "_homes", "_windows", "_bans", "_known", "_unknown", "_sources", "_conduct",
    "_records",
)  # fmt: skip
"""Tables that keep what they learned of addresses and names, up to `MOST_REMEMBERED`."""
MOST_REMEMBERED = 20_000
OPEN_DOOR = DoorRules(each=1e9, strangers=1e9, bans=BanRules(points=1e9))
"""Everything is read, so that what lies behind the door is tried."""


class Driven:
    """One user agent, and what it waits for."""

    def __init__(self, door: DoorRules = OPEN_DOOR) -> None:
        trunks = {TRUNK.host: "carrier"}
        settings = UserAgentSettings("192.0.2.9", 5060, trunks=trunks, door=door)
        self.agent = UserAgent(settings, KnownAccounts(ACCOUNT), counting_entropy())
        self.timers: dict[str, float] = {}
        self.now = 1.0
        self.sent: list[bytes] = []

    def receive(self, data: bytes, source: Endpoint = TRUNK) -> Output:
        """Take a datagram."""
        return self.judge(self.agent.datagram_received(data, source, self.now))

    def judge(self, output: Output) -> Output:
        """Nothing of ours failed, nothing of theirs ends a line of ours; timers are kept."""
        for each in output:
            match each:
                case SendDatagram(data, _):
                    _check_lines(data)
                    self.sent.append(data)
                case StartTimer(key, seconds):
                    self.timers[key] = self.now + seconds
                case StopTimer(key):
                    self.timers.pop(key, None)
                case Resolve(key, _):
                    self.judge(self.agent.resolved(key, (), self.now))
                case RequestFailed(error):
                    raise error
        return output

    def settle(self) -> None:
        """Leave every call, and let time pass until nothing is waited for."""
        for session in self.agent.sessions:
            self.judge(self.agent.end(SessionId(session)))
        for _ in range(MOST_STEPS):
            if not self.timers:
                return
            key = min(self.timers, key=lambda each: self.timers[each])
            self.now = max(self.now, self.timers.pop(key))
            self.judge(self.agent.timer_fired(key, self.now))
        raise AssertionError("the user agent comes to no rest")


def tables(thing: object) -> dict[str, int]:
    """The size of every collection that can be reached from it through objects of the switch."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    waiting = [("", thing)]
    while waiting:
        name, each = waiting.pop()
        if id(each) in seen or (is_dataclass(each) and name.endswith("_settings")):
            continue
        seen.add(id(each))
        if isinstance(each, dict | list | set | bytearray):
            found[name] = found.get(name, 0) + len(each)
            inner = each.values() if isinstance(each, dict) else each
            waiting += [(name, value) for value in inner if _is_ours(value)]
        elif _is_ours(each):
            waiting += [(f"{type(each).__name__}.{key}", value) for key, value in _held(each)]
    return found


def _is_ours(thing: object) -> bool:
    return type(thing).__module__.startswith("cti.")


def _held(thing: object) -> Iterator[tuple[str, object]]:
    if hasattr(thing, "__dict__"):
        yield from vars(thing).items()
    if is_dataclass(thing):
        for field in fields(thing):
            yield field.name, getattr(thing, field.name, None)


def _check_lines(data: bytes) -> None:
    head = data.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert b"\r" not in line, line
        assert b"\n" not in line, line
