"""The jitter buffer: whatever the network does, sound goes on, in order, and not too late."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cti.media.jitter_buffer import CAPACITY, Gap, JitterBuffer, Sound
from cti.media.model import Codec
from cti.media.rtp import RtpPacket

TICK = 0.02
BEGAN = 500.0


@dataclass
class Player:
    """Takes 20 ms at each tick and keeps what it was given."""

    buffer: JitterBuffer
    now: float = BEGAN

    def __post_init__(self) -> None:
        self.played: list[int] = []
        """First octets of the packets played: their numbers."""
        self.gaps: list[Gap] = []

    def tick(self) -> int:
        """The ticks of sound and gaps it was given, 160 or more."""
        filled = 0
        while filled < 160:
            taken = self.buffer.take(self.now)
            if isinstance(taken, Sound):
                self.played.append(int.from_bytes(taken.payload[:2], "big"))
                filled += len(taken.payload)
            else:
                assert 0 < taken.ticks <= 160
                self.gaps.append(taken)
                filled += taken.ticks
        self.now += TICK
        return filled


def _packet(number: int, ticks: int = 160, *, ssrc: int = 7, start: int = 2**32 - 800) -> RtpPacket:
    payload = number.to_bytes(2, "big") + bytes(ticks - 2)
    timestamp = (start + number * ticks) % 2**32
    return RtpPacket(8, number % 2**16, timestamp, ssrc, payload)


def _run(
    arrivals: list[tuple[float, RtpPacket]], seconds: float, buffer: JitterBuffer | None = None
) -> Player:
    """Packets come at their times (seconds since it began), the player ticks meanwhile."""
    player = Player(buffer or JitterBuffer())
    waiting = sorted(arrivals, key=lambda each: each[0])
    while player.now < BEGAN + seconds:
        while waiting and BEGAN + waiting[0][0] <= player.now:
            at, packet = waiting.pop(0)
            player.buffer.put(packet, Codec.PCMA, BEGAN + at)
        player.tick()
    return player


@pytest.mark.parametrize("ticks", [80, 160, 240, 320, 480])
def test_packets_of_every_length_are_played_whole_and_in_order(ticks: int) -> None:
    count = 16000 // ticks
    arrivals = [(n * ticks / 8000 + ticks / 8000, _packet(n, ticks)) for n in range(count)]
    player = _run(arrivals, 3)
    assert player.played == list(range(count))
    assert (player.buffer.late, player.buffer.lost) == (0, 0)


def test_the_first_packet_waits_20_ms_where_nothing_jitters() -> None:
    player = _run([(n * TICK, _packet(n)) for n in range(5)], 0.02)
    assert not player.played
    player = _run([(n * TICK, _packet(n)) for n in range(5)], 0.06)
    assert player.played[0] == 0


def test_what_is_missing_between_others_is_a_gap_of_its_length() -> None:
    arrivals = [(n * TICK, _packet(n)) for n in range(50) if n not in (20, 30, 31)]
    player = _run(arrivals, 1.2)
    assert player.played == [n for n in range(50) if n not in (20, 30, 31)]
    assert player.buffer.lost == 3


def test_packets_out_of_order_are_put_in_order() -> None:
    arrivals = [(n * TICK + (0.03 if n % 5 == 0 else 0), _packet(n)) for n in range(100)]
    player = _run(arrivals, 3)
    assert player.played[-80:] == list(range(20, 100))


def test_jitter_makes_sound_wait_longer_and_calm_makes_it_wait_less() -> None:
    buffer = JitterBuffer()
    _run([(n * TICK + (0.08 if n % 10 == 0 else 0), _packet(n)) for n in range(200)], 4.5, buffer)
    assert 0.07 < buffer.wait <= 0.1
    player = Player(buffer, BEGAN + 5)
    for n in range(1500):
        buffer.put(_packet(300 + n), Codec.PCMA, player.now)
        player.tick()
    assert buffer.wait < 0.03


def test_a_second_late_packet_finds_its_place_taken() -> None:
    arrivals = [(n * TICK, _packet(n)) for n in range(60) if n != 20]
    player = _run([*arrivals, (1.0, _packet(20))], 1.5)
    assert 20 not in player.played
    assert player.buffer.late == 1


def test_a_copy_is_played_once() -> None:
    arrivals = [(n * TICK + late, _packet(n)) for n in range(50) for late in (0, 0.001)]
    assert _run(arrivals, 1.5).played == list(range(50))


@pytest.mark.parametrize("change", [{"ssrc": 8}, {"start": 2**31}])
def test_a_source_that_begins_anew_is_played_from_there(change: dict[str, int]) -> None:
    before = [(n * TICK, _packet(n)) for n in range(50)]
    after = [(1 + n * TICK, _packet(n, **change)) for n in range(50)]
    player = _run([*before, *after], 3)
    assert player.played[-49:] == list(range(1, 50))
    assert len(player.played) >= 97


@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from("sp"), st.integers(1, 60))))
@example([(10, "p", 25)])
@example([(40, "s", 25)])
def test_after_standstills_of_either_end_all_that_comes_is_heard_again(
    standstills: list[tuple[int, str, int]],
) -> None:
    """After so many ticks the sender or the player stands still for so many, and catches up."""
    player, ticks, sent = Player(JitterBuffer()), 0, 0
    for running, who, still in [*standstills, (150, "p", 0)]:
        for doing in [*["sp"] * running, *["p" if who == "s" else ""] * still]:
            ticks += 1
            while "s" in doing and sent < ticks:
                # Who stood still itself reads all that waits for it before it goes on.
                player.buffer.put(_packet(sent), Codec.PCMA, player.now)
                sent += 1
            if "p" in doing:
                player.tick()
            else:
                player.now += TICK
    assert player.played == sorted(player.played)
    heard = [number for number in player.played if number >= sent - 60]
    assert len(heard) >= 60 - CAPACITY // 160, "but for what still waits"


def test_a_pause_is_no_loss() -> None:
    spoken = [*range(50), *range(150, 200)]
    player = _run([(n * TICK, _packet(n)) for n in spoken], 5)
    assert player.played == spoken
    assert player.buffer.lost == 0


def test_a_clock_that_runs_fast_is_followed() -> None:
    """3000 ppm, some fifty times what telephones do: nothing grows without bound."""
    arrivals = [(n * TICK * 0.997, _packet(n)) for n in range(3000)]
    player = Player(JitterBuffer())
    hurried = 0
    for _ in range(3000):
        while arrivals and BEGAN + arrivals[0][0] <= player.now:
            player.buffer.put(arrivals.pop(0)[1], Codec.PCMA, player.now)
        player.tick()
        if player.buffer.hurry:
            player.buffer.hurry = False
            hurried += 1
            player.tick()
            player.now -= TICK
    assert hurried >= 5
    assert player.buffer.depth <= 800
    assert player.buffer.late == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.floats(0, 8),
            st.sampled_from([80, 160, 320]),
            st.sampled_from([7, 7, 7, 8]),
            st.integers(0, 2**32 - 1) | st.just(100),
        ),
        max_size=60,
    )
)
def test_whatever_comes_sound_goes_on_in_order_and_bounded(
    packets: list[tuple[int, float, int, int, int]],
) -> None:
    buffer = JitterBuffer()
    arrivals = sorted(
        ((at, _packet(n, ticks, ssrc=ssrc, start=start)) for n, at, ticks, ssrc, start in packets),
        key=lambda each: each[0],
    )
    now, place = BEGAN, -1
    for _ in range(420):
        while arrivals and BEGAN + arrivals[0][0] <= now:
            at, packet = arrivals.pop(0)
            buffer.put(packet, Codec.PCMA, BEGAN + at)
            assert buffer.depth <= CAPACITY
        for _ in range(2):  # more than one may be asked for in a tick
            taken = buffer.take(now)
            if isinstance(taken, Sound):
                assert taken.place > place
                place = taken.place
        now += TICK
    assert buffer.depth <= CAPACITY


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.06), st.booleans()), max_size=200))
def test_loss_jitter_and_copies_cost_only_what_was_lost_or_late(
    fates: list[tuple[bool, float, bool]],
) -> None:
    arrivals = []
    for number, (lost, delay, twice) in enumerate(fates):
        if not lost:
            arrivals.append((number * TICK + delay, _packet(number)))
            if twice:
                arrivals.append((number * TICK + delay + 0.01, _packet(number)))
    player = _run(arrivals, len(fates) * TICK + 1)
    came = sum(not lost for lost, _, _ in fates)
    assert player.played == sorted(set(player.played))
    assert came - player.buffer.late <= len(player.played) <= came
