"""Several legs who hear each other: whatever happened before, who should be heard is heard soon.

A telephone may stand still and send all at once, begin another stream, jump in time, fall silent,
move behind its network or change its codec, while others come into the room and leave it; none of
that may leave one voice out of it for good.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.coding import Decoder
from cti.media.g711 import FRAME_SAMPLES, Samples, encode
from cti.media.player import Player
from cti.media.port import Codec, MediaTarget, PlayOutcome
from cti.media.rtp import RtpPacket
from cti.media.session import Session
from cti.media.source_lock import Source
from cti.worker.hearing import Hearing
from cti.worker.leg import Leg, Play
from tests.support.audio import tone
from tests.support.examples import examples
from tests.support.rtp_phone import Ear
from tests.support.who_hears_whom import tones_in

BEGAN, TICK = 1000.0, 0.02
TONES = {"caller": 560.0, "agent": 1000.0, "supervisor": 1580.0}
NAMES = tuple(TONES)
SETTLED, LISTENED = 60, 20
"""Ticks until what changed must have come through, and those that are listened to."""
LOOK = 50
"""Ticks between two looks after a leg."""
FAR = "192.0.2.1"


class Party:
    """A leg, the telephone that says a tone into it, and the packets that telephone got."""

    def __init__(self, name: str, number: int) -> None:
        self.name, self.got = name, list[RtpPacket]()
        self.silent = self.stalled = False
        self._held: list[bytes] = []
        self._voice = {each: encode(tone(TONES[name], 1.0, -12.0), each) for each in LAWS}
        self._codec, self._ssrc, self._sequence, self._stamp = Codec.PCMA, number + 100, 7, 90
        self._said, self._port = 0, 4000 + number
        self.leg: Leg = Leg(
            ConnectionId(name),
            CallId("call"),
            Session(ssrc=number, sequence=0, timestamp=0),
            self._transmit,
            Ear(),
        )

    def agree(self, now: float, *, sending: bool = True, events: bool = True) -> None:
        """What signalling says by now."""
        kind = 101 if events else None
        self.leg.configure(MediaTarget(FAR, self._port, self._codec, kind, sending), now)

    def live(self, now: float) -> None:
        """Its next 20 ms."""
        if self.silent:
            return
        place = self._said % 50 * FRAME_SAMPLES
        sound = self._voice[self._codec][place : place + FRAME_SAMPLES]
        header = self._codec.value, self._sequence % 2**16, self._stamp % 2**32, self._ssrc
        self._held.append(bytes(RtpPacket(*header, sound)))
        self._said, self._sequence = self._said + 1, self._sequence + 1
        self._stamp += FRAME_SAMPLES
        if not self.stalled:
            held, self._held = self._held, []
            for data in held:
                self.leg.datagram(data, self.at, now)

    @property
    def at(self) -> Source:
        """Where it sends from."""
        return FAR, self._port

    def begin_anew(self) -> None:
        """Another stream, as after a change of what it plays."""
        self._ssrc, self._sequence, self._stamp = self._ssrc + 1, 60_000, 2**32 - 800

    def jump(self, ticks: int) -> None:
        """Its clock jumps."""
        self._stamp += ticks

    def move(self, now: float) -> None:
        """It sends from elsewhere, and says so."""
        self._port += 10
        self.agree(now)

    def change_codec(self, now: float) -> None:
        """It speaks the other law, as was agreed."""
        self._codec = Codec.PCMU if self._codec is Codec.PCMA else Codec.PCMA
        self.agree(now)

    def heard(self, since: int) -> Samples:
        """What its telephone heard from that packet on."""
        decoders = {codec: Decoder(codec) for codec in LAWS}
        frames = [
            decoders[Codec(each.payload_type)].decode(each.payload)
            for each in self.got[since:]
            if each.payload_type != 101
        ]
        return np.concatenate(frames) if frames else np.zeros(0, np.int16)

    def _transmit(self, data: bytes, _destination: Source) -> bool:
        self.got.append(RtpPacket.parse(data))
        return True


LAWS = (Codec.PCMA, Codec.PCMU)


@dataclass
class Room:
    """The legs of one call, and the time."""

    hearing: Hearing = field(default_factory=Hearing)
    ticks: int = 0

    def __post_init__(self) -> None:
        self.parties = {name: Party(name, number) for number, name in enumerate(NAMES)}
        for party in self.parties.values():
            self.hearing.add(party.leg)
            party.agree(self.now)

    @property
    def now(self) -> float:
        return BEGAN + self.ticks * TICK

    def hear(self, name: str, sources: Sequence[str]) -> None:
        known = [self.parties[each].leg for each in sources]
        self.hearing.hear(self.parties[name].leg, known, self.now)

    def configured(self, name: str) -> None:
        self.hearing.configured(self.parties[name].leg)

    def live(self, ticks: int, *, standing: bool = False) -> None:
        """So many times 20 ms; the house does nothing meanwhile where it is `standing`."""
        for _ in range(ticks):
            self.ticks += 1
            for party in self.parties.values():
                party.stalled = party.stalled or standing
            for party in self.parties.values():
                party.live(self.now)
            if not standing:
                self._tick()
        for party in self.parties.values():
            party.stalled = party.stalled and not standing

    def _tick(self) -> None:
        for mixed in tuple(self.hearing.mixes):
            mixed.tick(self.now, _fails)
        for party in self.parties.values():
            party.leg.tick(self.now)
            if self.ticks % LOOK == 0:
                party.leg.look_after(self.now)

    def heard(self) -> dict[str, set[str]]:
        """Whom each hears by now."""
        self.live(SETTLED)
        begun = {name: len(party.got) for name, party in self.parties.items()}
        self.live(LISTENED)
        return {
            name: tones_in(party.heard(begun[name]), TONES, strict=False)
            for name, party in self.parties.items()
        }


def _fails(leg: Leg) -> None:
    raise AssertionError(leg.name)


Happening = Callable[[Room, Party], None]


def _hears(count: int) -> Happening:
    def happen(room: Room, party: Party) -> None:
        others = [name for name in NAMES if name != party.name]
        room.hear(party.name, others[:count])

    return happen


def _hears_last(room: Room, party: Party) -> None:
    room.hear(party.name, [name for name in NAMES if name != party.name][1:])


def _stands_still(room: Room, party: Party) -> None:
    party.stalled = True
    room.live(40)
    party.stalled = False


def _falls_silent(ticks: int) -> Happening:
    def happen(room: Room, party: Party) -> None:
        party.silent = True
        room.live(ticks)
        party.silent = False

    return happen


def _jumps(ticks: int) -> Happening:
    return lambda _room, party: party.jump(ticks)


def _agrees(*, sending: bool, events: bool) -> Happening:
    def happen(room: Room, party: Party) -> None:
        party.agree(room.now, sending=sending, events=events)
        room.configured(party.name)

    return happen


def _moves(room: Room, party: Party) -> None:
    party.move(room.now)
    room.configured(party.name)


def _changes_codec(room: Room, party: Party) -> None:
    party.change_codec(room.now)
    room.configured(party.name)


def _plays(room: Room, party: Party) -> None:
    sound = bytes(range(160)) * 500
    party.leg.start_play(Play(1, Player([sound], Codec.PCMA), Codec.PCMA, barge_in=False))
    room.live(3)


HAPPENINGS: dict[str, Happening] = {
    "hears nobody": _hears(0),
    "hears one": _hears(1),
    "hears the other": _hears_last,
    "hears both": _hears(2),
    "stands still": _stands_still,
    "house stands still": lambda room, _: room.live(40, standing=True),
    "pauses": _falls_silent(7),
    "is silent for long": _falls_silent(90),
    "begins anew": lambda _, party: party.begin_anew(),
    "jumps ahead": _jumps(4_000),
    "jumps far ahead": _jumps(400_000),
    "jumps back": _jumps(-2_000),
    "jumps far back": _jumps(-400_000),
    "is on hold": _agrees(sending=False, events=True),
    "is back": _agrees(sending=True, events=True),
    "keys by tones": _agrees(sending=True, events=False),
    "moves": _moves,
    "changes codec": _changes_codec,
    "is masked": lambda room, party: party.leg.mask(True, room.now),
    "is unmasked": lambda room, party: party.leg.mask(False, room.now),
    "is played to": _plays,
    "is keyed to": lambda _, party: party.leg.press("5"),
    "a while": lambda room, _: room.live(13),
}


def _live(happened: Sequence[tuple[str, str]]) -> Room:
    room = Room()
    for name, what in happened:
        HAPPENINGS[what](room, room.parties[name])
        room.live(2)
    return room


def _settle(room: Room) -> None:
    """Nothing is left that would keep anybody silent."""
    for party in room.parties.values():
        party.agree(room.now)
        room.configured(party.name)
        party.leg.mask(False, room.now)
        party.leg.end_play(PlayOutcome.STOPPED)


LIVES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(HAPPENINGS))), max_size=8)


def _roles() -> Iterator[tuple[str, dict[str, set[str]]]]:
    """Who hears whom as a supervisor listens, whispers and barges in."""
    talk = {"caller": {"agent"}, "agent": {"caller"}}
    yield "listens", talk | {"supervisor": {"caller", "agent"}}
    whispered = {"agent": {"caller", "supervisor"}}
    yield "whispers", talk | whispered | {"supervisor": {"caller", "agent"}}
    yield "barges in", {name: set(NAMES) - {name} for name in NAMES}


@settings(max_examples=examples(60), deadline=None)
@given(LIVES, LIVES)
def test_whatever_happened_everybody_is_heard_again(
    before: list[tuple[str, str]], between: list[tuple[str, str]]
) -> None:
    room = _live(before)
    for place, (_, wanted) in enumerate(_roles()):
        _settle(room)
        for name, sources in wanted.items():
            room.hear(name, sorted(sources))
        assert room.heard() == wanted
        if place == 0:
            for name, what in between:
                HAPPENINGS[what](room, room.parties[name])
