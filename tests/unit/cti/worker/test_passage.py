"""The short way does what the long way does, octet by octet, whatever comes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.model import Codec, LegStatistics, MediaTarget, Tracks
from cti.media.player import Player
from cti.media.rtp import RtpPacket
from cti.media.session import Session
from cti.media.source_lock import Source
from cti.media.telephone_event import press_steps
from cti.worker.desk import DiskDesk
from cti.worker.hearing import Hearing
from cti.worker.leg import Leg, Play
from cti.worker.recording import Recording
from tests.support.audio import read_wave
from tests.support.disks import DirectDisk
from tests.support.rtp_phone import Ear

BEGAN = 1000.0
SOUND = b"\x2a" * 160
FAR = (("192.0.2.1", 4000), ("192.0.2.2", 4000))
TARGETS = tuple(MediaTarget(*far, Codec.PCMA, 101) for far in FAR)
STRANGER = ("198.51.100.9", 9)


class House:
    """Two legs that hear each other, and what left for their far sides."""

    def __init__(self, *, short: bool, now: float = BEGAN) -> None:
        self.short = short
        self.now = now
        self.taken = 0
        """Packets that went the short way."""
        self.sent: list[tuple[int, bytes, Source]] = []
        self.reports: list[bytes] = []
        self.fails = False
        self.ear = Ear()
        self.hearing = Hearing()
        self.legs = tuple(self._leg(number) for number in range(2))
        self.hear(together=True)
        # Each far side's stream: SSRC, sequence and timestamp of what comes next.
        self.streams = [[70 + n, 65_500, 2**32 - 4000] for n in range(2)]

    def _leg(self, number: int) -> Leg:
        def transmit(data: bytes, destination: Source) -> bool:
            self.sent.append((number, data, destination))
            return not self.fails

        session = Session(ssrc=number, sequence=65_530, timestamp=2**32 - 500)
        leg = Leg(
            ConnectionId(f"leg{number}"),
            CallId("call"),
            session,
            transmit,
            self.ear,
            lambda data, _destination: self.reports.append(data),
        )
        self.hearing.add(leg)
        leg.configure(TARGETS[number], self.now)
        return leg

    def hear(self, *, together: bool) -> None:
        one, two = self.legs
        self.hearing.hear(one, [two] if together else [], self.now)
        self.hearing.hear(two, [one] if together else [], self.now)

    def configure(self, number: int, **changes: object) -> None:
        leg = self.legs[number]
        leg.configure(replace(TARGETS[number], **changes), self.now)  # type: ignore[arg-type]
        self.hearing.configured(leg)

    def datagram(self, number: int, data: bytes, source: Source) -> None:
        leg = self.legs[number]
        if not self.short:
            leg.passage = None
        before = leg.passage
        leg.datagram(data, source, self.now)
        self.taken += before is not None

    def say(
        self, number: int, payload: bytes = SOUND, kind: int = 8, *, marker: bool = False
    ) -> None:
        ssrc, sequence, timestamp = self.streams[number]
        packet = RtpPacket(kind, sequence % 2**16, timestamp % 2**32, ssrc, payload, marker=marker)
        self.streams[number][1] += 1
        self.streams[number][2] += len(payload)
        self.datagram(number, bytes(packet), FAR[number])

    def tick(self) -> None:
        self.now += 0.02
        for leg in self.legs:
            leg.tick(self.now)
            leg.look_after(self.now)

    @property
    def seen(self) -> tuple[LegStatistics, ...]:
        return tuple(leg.statistics() for leg in self.legs)


@dataclass(frozen=True)
class Step:
    """Something that happens at one of the legs."""

    name: str
    act: Callable[[House, int], None]

    def __repr__(self) -> str:
        return self.name


def _move(place: int, by: int) -> Callable[[House, int], None]:
    def act(house: House, number: int) -> None:
        house.streams[number][place] += by
        house.say(number)

    return act


def _talk(house: House, _number: int) -> None:
    for _ in range(4):
        house.say(0)
        house.say(1, b"\x55" * 160)
        house.tick()


def _key(house: House, number: int) -> None:
    stamp = house.streams[number][2]
    for step in press_steps("5"):
        if step.payload is not None:
            house.streams[number][2] = stamp
            house.say(number, step.payload, 101, marker=step.first)
            house.tick()
    house.streams[number][2] = stamp + 1600


def _play(house: House, number: int) -> None:
    player = Player([b"\x11" * 400], Codec.PCMA)
    house.legs[number].start_play(Play(1, player, Codec.PCMA, barge_in=True))


def _fail(house: House, number: int) -> None:
    house.fails = True
    house.say(number)
    house.fails = False


def _conceal(house: House, number: int) -> None:
    house.legs[number].mask(not house.legs[number].masked, house.now)


def _stray(house: House, number: int) -> None:
    house.datagram(number, bytes(RtpPacket(8, 1, 2, 3, bytes(160))), FAR[number])
    house.datagram(number, bytes(RtpPacket(8, 1, 2, 70 + number, bytes(160))), STRANGER)
    house.datagram(number, b"\x80\x08", FAR[number])
    house.datagram(number, bytes(RtpPacket(13, 1, 2, 70 + number, b"\x20")), FAR[number])


def _be_quiet(house: House, _number: int) -> None:
    for _ in range(30):
        house.tick()


STEPS = [
    *[Step("talk", _talk)] * 6,
    Step("loss", _move(1, 1)),
    Step("many lost", _move(1, 4000)),
    Step("late", _move(1, -3)),
    Step("pause", _move(2, 900)),
    Step("clock back", _move(2, -20_000)),
    Step("clock jumps", _move(2, 3_000_000)),
    Step("ssrc", _move(0, 100)),
    Step("marker", lambda house, number: house.say(number, marker=True)),
    Step("other law", lambda house, number: house.say(number, kind=0)),
    Step("short packet", lambda house, number: house.say(number, b"\x2a" * 80)),
    Step("long packet", lambda house, number: house.say(number, b"\x2a" * 240)),
    Step("empty packet", lambda house, number: house.say(number, b"")),
    Step("key", _key),
    Step("stray", _stray),
    Step("press", lambda house, number: house.legs[number].press("12")),
    Step("play", _play),
    Step("fail", _fail),
    Step("mask", _conceal),
    Step("hold", lambda house, number: house.configure(number, sending=False)),
    Step("resume", lambda house, number: house.configure(number)),
    Step("mu-law", lambda house, number: house.configure(number, codec=Codec.PCMU)),
    Step("no events", lambda house, number: house.configure(number, events=None)),
    Step("moved", lambda house, number: house.configure(number, port=4002)),
    Step("part", lambda house, _number: house.hear(together=False)),
    Step("meet", lambda house, _number: house.hear(together=True)),
    Step("tick", lambda house, _number: house.tick()),
    Step("quiet", _be_quiet),
]
WALKS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(WALKS)
def test_both_ways_send_and_count_the_same(walk: list[tuple[Step, int]]) -> None:
    short, long = House(short=True), House(short=False)
    for step, number in [(STEPS[0], 0), *walk, (STEPS[0], 0)]:
        for house in (short, long):
            step.act(house, number)
        assert short.sent == long.sent, step
        assert short.seen == long.seen, step
        assert short.reports == long.reports, step
        assert short.ear.told == long.ear.told
    assert long.taken == 0


@settings(max_examples=20, deadline=None)
@given(WALKS)
def test_both_ways_record_the_same(
    tmp_path_factory: pytest.TempPathFactory, walk: list[tuple[Step, int]]
) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    sounds = []
    for short in (True, False):
        house = House(short=short)
        path: Path = folder / f"{short}.wav"
        recording = Recording(path, Tracks.BOTH, house.now, DiskDesk(DirectDisk()))
        house.legs[0].record(recording, house.now)
        for step, number in [(STEPS[0], 0), *walk, (STEPS[0], 0)]:
            step.act(house, number)
        recording.close(house.now)
        sounds.append(read_wave(path).tolist())
    assert sounds[0] == sounds[1]


def test_a_conversation_goes_the_short_way() -> None:
    house = House(short=True)
    for _ in range(25):
        _talk(house, 0)
    assert house.taken >= 190
    assert [leg.resting for leg in house.legs] == [True, True]


def test_a_far_side_that_falls_silent_is_filled_for() -> None:
    house = House(short=True)
    for _ in range(5):
        _talk(house, 0)
    before = len(house.sent)
    for _ in range(100):
        house.say(0)
        house.tick()
    to_one = [data for number, data, _ in house.sent[before:] if number == 0]
    assert 70 <= len(to_one) <= 80
