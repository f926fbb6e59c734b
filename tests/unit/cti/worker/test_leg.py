"""A leg at work, without socket or reactor: who is heard where, and what is kept."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.coding import WIDEBAND, Decoder, Encoder, keep
from cti.media.g711 import Samples, decode, encode
from cti.media.player import Player
from cti.media.port import Codec, MediaTarget, PlayOutcome, Tracks
from cti.media.rtcp import Goodbye, RtcpPacket, SenderReport, parse_compound
from cti.media.rtp import RtpPacket
from cti.media.session import Session
from cti.media.source_lock import Source
from cti.media.telephone_event import press_steps
from cti.media.tones import tone_frame
from cti.worker.desk import DiskDesk
from cti.worker.hearing import Hearing
from cti.worker.leg import Leg, Play
from cti.worker.recording import Recording
from tests.support.audio import has_tone, level, read_wave, tone
from tests.support.disks import DirectDisk
from tests.support.rtp_phone import Ear

TONE = encode(tone(600, 2), Codec.PCMA)
BEGAN = 1000.0


class Line:
    """A leg, the far side's packets, and what the far side got."""

    def __init__(self, name: str, ssrc: int) -> None:
        self.ear = Ear()
        self.got: list[RtpPacket] = []
        self.open = True
        self.reports: list[tuple[tuple[RtcpPacket, ...], Source]] = []
        self.joined: list[Source | None] = []
        """Whose packets alone were let in, one after the other; None: everybody's."""
        self.at = ("192.0.2.1", 4000)
        """Where the far side sends from."""
        self.leg = Leg(
            ConnectionId(name),
            CallId("call"),
            Session(ssrc=ssrc, sequence=0, timestamp=0),
            self.transmit,
            self.ear,
            lambda data, destination: self.reports.append((parse_compound(data), destination)),
            self.joined.append,
        )
        self.leg.configure(MediaTarget("192.0.2.1", 4000, Codec.PCMA, 101), BEGAN)
        self._ssrc = ssrc + 1000
        self._sequence = 0

    def transmit(self, data: bytes, _destination: Source) -> bool:
        """What left for the far side, if anything leaves."""
        if self.open:
            self.got.append(RtpPacket.parse(data))
        return self.open

    def say(self, now: float) -> None:
        """The far side's next 20 ms of tone."""
        place = self._sequence % 100 * 160
        self.send(TONE[place : place + 160], 8, self._sequence * 160, now)

    def press(self, key: str, now: float) -> None:
        """The far side presses a key: all packets at once."""
        stamp = self._sequence * 160
        for step in press_steps(key):
            if step.payload is not None:
                self.send(step.payload, 101, stamp, now)

    def send(self, payload: bytes, kind: int, timestamp: int, now: float) -> None:
        packet = RtpPacket(kind, self._sequence % 2**16, timestamp % 2**32, self._ssrc, payload)
        self._sequence += 1
        self.leg.datagram(bytes(packet), self.at, now)

    def record(self, path: Path, now: float = BEGAN) -> None:
        self.leg.record(Recording(path, Tracks.BOTH, now, DiskDesk(DirectDisk())), now)

    def close_recording(self, now: float) -> None:
        assert self.leg.recording is not None
        self.leg.recording.close(now)


def _pair() -> tuple[Line, Line]:
    one, two = Line("one", 1), Line("two", 2)
    _bridge(one, two, BEGAN)
    return one, two


def _bridge(one: Line, two: Line, now: float) -> Hearing:
    hearing = Hearing()
    for line in (one, two):
        hearing.add(line.leg)
    hearing.hear(one.leg, [two.leg], now)
    hearing.hear(two.leg, [one.leg], now)
    return hearing


def _fail(leg: Leg) -> None:
    raise AssertionError(leg.name)


def _play(sound: bytes, number: int = 1, *, barge_in: bool = False) -> Play:
    return Play(number, Player([sound], Codec.PCMA), Codec.PCMA, barge_in=barge_in)


def _ticks(count: int, begin: float = BEGAN) -> Iterator[float]:
    return (begin + n * 0.02 for n in range(count))


def test_an_idle_leg_sends_silence() -> None:
    line = Line("one", 1)
    for now in _ticks(3):
        line.leg.tick(now)
    assert [packet.payload for packet in line.got] == [b"\xd5" * 160] * 3


def test_before_configure_nothing_is_sent() -> None:
    line = Line("one", 1)
    bare = Leg(
        ConnectionId("bare"),
        CallId("call"),
        Session(ssrc=1, sequence=0, timestamp=0),
        line.transmit,
        line.ear,
    )
    bare.start_play(_play(TONE))
    bare.tick(BEGAN)
    assert not line.got


def test_bridged_packets_are_sent_in_the_turn_they_came() -> None:
    one, two = _pair()
    one.say(BEGAN)
    one.leg.tick(BEGAN)
    two.leg.tick(BEGAN)
    assert [packet.payload for packet in two.got] == [TONE[:160]]
    assert not one.got


def test_a_bridged_leg_whose_peer_is_quiet_sends_silence_after_a_while() -> None:
    _, two = _pair()
    for now in _ticks(26):
        two.leg.tick(now)
    assert len(two.got) == 1
    assert two.got[0].payload == b"\xd5" * 160


def test_what_plays_goes_before_the_bridge_and_ends_with_it() -> None:
    one, two = _pair()
    two.leg.start_play(_play(TONE[320:640]))
    for now in _ticks(4):
        one.say(now)
        two.leg.tick(now)
    assert [packet.payload for packet in two.got] == [
        TONE[320:480],
        TONE[480:640],
        TONE[480:640],
    ]
    assert two.ear.told == [("play", "two", 1, PlayOutcome.FINISHED)]
    two.leg.start_play(_play(TONE, 2))
    _bridge(one, two, BEGAN + 1)
    assert two.ear.told[1:] == [("play", "two", 2, PlayOutcome.STOPPED)]


def test_a_key_that_went_down_before_the_bridge_stays_with_us() -> None:
    one, two = Line("one", 1), Line("two", 2)
    payloads = [step.payload for step in press_steps("0") if step.payload is not None]
    one.send(payloads[0], 101, 160, BEGAN)
    _bridge(one, two, BEGAN)
    for payload in payloads[1:]:
        one.send(payload, 101, 160, BEGAN)
    assert not two.got
    one.press("5", BEGAN)
    assert {packet.payload[0] for packet in two.got} == {5}


def test_a_key_that_went_down_in_secrecy_stays_with_us() -> None:
    one, two = _pair()
    payloads = [step.payload for step in press_steps("7") if step.payload is not None]
    one.leg.mask(masked=True, now=BEGAN)
    one.send(payloads[0], 101, 160, BEGAN)
    one.leg.mask(masked=False, now=BEGAN)
    for payload in payloads[1:]:
        one.send(payload, 101, 160, BEGAN)
    assert not two.got


def test_only_a_play_that_lets_itself_be_cut_is_cut() -> None:
    line = Line("one", 1)
    line.leg.start_play(_play(TONE, 1))
    line.press("1", BEGAN)
    line.leg.start_play(_play(TONE, 2, barge_in=True))
    line.press("2", BEGAN)
    assert line.ear.told == [
        ("key", "one", "1"),
        ("play", "one", 1, PlayOutcome.STOPPED),
        ("play", "one", 2, PlayOutcome.KEY),
        ("key", "one", "2"),
    ]


@pytest.mark.parametrize("masked", ["one", "two"])
def test_no_key_crosses_a_bridge_with_a_masked_end(masked: str) -> None:
    one, two = _pair()
    (one if masked == "one" else two).leg.mask(True, BEGAN)
    one.press("7", BEGAN)
    assert not two.got
    assert one.ear.told == [("key", "one", "7")]


def test_nothing_said_in_secrecy_crosses_the_bridge() -> None:
    one, two = _pair()
    one.leg.mask(True, BEGAN)
    one.say(BEGAN)
    two.say(BEGAN)
    assert not two.got
    assert len(one.got) == 1


def test_a_masked_leg_is_silent_in_both_recordings(tmp_path: Path) -> None:
    one, two = _pair()
    one.record(tmp_path / "one.wav")
    two.record(tmp_path / "two.wav")
    for number, now in enumerate(_ticks(100)):
        if number == 25:
            one.leg.mask(True, now)
        if number == 75:
            one.leg.mask(False, now)
        one.say(now)
        two.say(now)
    for line in (one, two):
        line.close_recording(BEGAN + 2)
    received, sent = read_wave(tmp_path / "one.wav").T
    for track in (received, sent, read_wave(tmp_path / "two.wav").T[1]):
        assert len(track) == 16_000
        assert has_tone(track[:3800], 600)
        assert level(track[4160:11_840]) == float("-inf")
        assert has_tone(track[12_160:], 600)


def test_a_recording_begun_on_a_masked_leg_is_masked(tmp_path: Path) -> None:
    line = Line("one", 1)
    line.leg.mask(True, BEGAN)
    line.record(tmp_path / "one.wav")
    line.say(BEGAN)
    line.close_recording(BEGAN + 1)
    assert not read_wave(tmp_path / "one.wav").any()


def test_what_waited_in_secrecy_is_not_heard_when_it_ends() -> None:
    one, two = Line("one", 1), Line("two", 2)
    two.leg.configure(MediaTarget("192.0.2.1", 4000, Codec.G722, 101), BEGAN)
    hearing = _bridge(one, two, BEGAN)
    one.leg.mask(True, BEGAN)
    for number, now in enumerate(_ticks(60)):
        if number < 40:
            # The network holds some back, so that sound waits long before it is heard.
            for _ in range(number // 10 * 10 + 10 if number % 10 == 9 else 0):
                one.say(now)
        elif number == 40:
            one.leg.mask(False, now)
        for mix in hearing.mixes:
            mix.tick(now, _fail)
        two.leg.tick(now)
    decoder = Decoder(Codec.G722)
    heard = [decoder.decode(packet.payload) for packet in two.got]
    assert level(np.concatenate(heard)) < -60


def test_a_key_still_held_as_a_tone_stays_secret_to_its_end(tmp_path: Path) -> None:
    one, two = _pair()
    one.leg.configure(MediaTarget("192.0.2.1", 4000, Codec.PCMA, None), BEGAN)
    one.record(tmp_path / "one.wav")
    one.leg.mask(True, BEGAN)
    for number, now in enumerate(_ticks(50)):
        if number < 20:
            key = encode(tone_frame("5", number * 160), Codec.PCMA)
            one.send(key, 8, number * 160, now)
        else:
            one.say(now)
        one.leg.tick(now)
        if one.ear.told:
            one.leg.mask(False, now)
    one.close_recording(BEGAN + 1)
    assert one.ear.told == [("key", "one", "5")]
    received = read_wave(tmp_path / "one.wav").T[0]
    assert not received[:3200].any()
    assert has_tone(received[5600:], 600)
    kept = {packet.payload for packet in two.got}
    assert kept <= {TONE[at : at + 160] for at in range(0, len(TONE), 160)}


def test_what_nobody_listened_to_is_not_heard_when_a_conference_begins() -> None:
    one, two, three = Line("one", 1), Line("two", 2), Line("three", 3)
    hearing = _bridge(one, two, BEGAN)
    hearing.add(three.leg)
    for events in (None, 101):
        one.leg.configure(MediaTarget("192.0.2.1", 4000, Codec.PCMA, events), BEGAN)
        hearing.configured(one.leg)
    for now in _ticks(50):
        one.say(now)
    hearing.hear(two.leg, [one.leg, three.leg], BEGAN + 2)
    for now in _ticks(10, BEGAN + 2):
        for mix in hearing.mixes:
            mix.tick(now, _fail)
        assert two.leg.mixture is not None
        assert not two.leg.mixture.any()


def test_pressed_keys_interrupt_the_bridge_and_no_more() -> None:
    one, two = _pair()
    one.say(BEGAN)
    two.leg.press("3")
    for now in _ticks(12, BEGAN + 0.02):
        two.leg.tick(now)
        one.say(now)
    kinds = [packet.payload_type for packet in two.got]
    assert kinds == [8] + [101] * 8 + [8] * 4
    assert [packet.payload == b"\xd5" * 160 for packet in two.got[-4:]] == [
        True,
        True,
        False,
        False,
    ]
    sequences = [packet.sequence for packet in two.got]
    assert sequences == list(range(13))


def test_malformed_datagrams_are_counted_and_nothing_else() -> None:
    one, two = _pair()
    for data in (b"", b"\x80", bytes(12), b"\x80\xe5" + bytes(10)):
        one.leg.datagram(data, ("192.0.2.1", 4000), BEGAN)
    assert one.leg.malformed == 4
    assert not two.got
    assert not one.ear.told


def test_a_codec_changed_while_playing_is_followed() -> None:
    line = Line("one", 1)
    line.leg.start_play(_play(TONE))
    line.leg.configure(MediaTarget("192.0.2.1", 4000, Codec.PCMU, 101), BEGAN)
    line.leg.tick(BEGAN)
    assert line.got[0].payload_type == 0
    difference = tone(600, 2)[:160].astype(int) - _decoded(line.got[0])
    assert abs(difference).max() < 1500


def test_goodbye_is_said_only_to_whom_was_reported() -> None:
    one, two = Line("one", 1), Line("two", 2)
    one.leg.tick(BEGAN)
    one.leg.report(BEGAN)
    one.leg.leave(BEGAN)
    two.leg.leave(BEGAN)
    report, goodbye = one.reports
    assert isinstance(report[0][0], SenderReport)
    assert goodbye[0][-1] == Goodbye((1,))
    assert {destination for _, destination in one.reports} == {("192.0.2.1", 4001)}
    assert not two.reports


def test_malformed_reports_are_counted_from_whom_is_heard() -> None:
    line = Line("one", 1)
    line.leg.control(b"?", ("192.0.2.1", 4001), BEGAN)
    line.say(BEGAN)
    line.leg.control(b"?", ("192.0.2.1", 4001), BEGAN)
    assert line.leg.malformed == 1


def _decoded(packet: RtpPacket) -> Samples:
    return decode(packet.payload, Codec(packet.payload_type))


# --- G.722: one decoder hears it all ---------------------------------------------------------

WIDE = MediaTarget("192.0.2.1", 4000, Codec.G722, 101)


def _wide_line(name: str = "one", ssrc: int = 1) -> Line:
    line = Line(name, ssrc)
    line.leg.configure(WIDE, BEGAN)
    return line


def _wide_play(*sounds: Samples, repeat: bool = False) -> Play:
    kept = [keep(sound, Codec.G722) for sound in sounds]
    return Play(1, Player(kept, Codec.G722, repeat=repeat), Codec.G722, barge_in=False)


def _heard(line: Line) -> Samples:
    decoder = Decoder(Codec.G722, WIDEBAND)
    sound = [packet.payload for packet in line.got if packet.payload_type == Codec.G722.value]
    return np.concatenate([decoder.decode(payload) for payload in sound])


def _levels(heard: Samples, seconds: float = 0.01) -> list[float]:
    """Levels of its parts in dBFS."""
    size = round(seconds * WIDEBAND)
    return [level(heard[at : at + size]) for at in range(0, len(heard) - size + 1, size)]


def test_music_that_begins_again_is_heard_without_a_burst() -> None:
    line = _wide_line()
    # 0.4 s hold 176 periods: where it begins again nothing is to be heard.
    line.leg.start_play(_wide_play(tone(440, 0.4), repeat=True))
    for now in _ticks(100):
        line.leg.tick(now)
    assert _levels(_heard(line)[800:], 0.025) == pytest.approx([-10.0] * 78, abs=1)


def test_pieces_one_behind_the_other_are_heard_without_a_burst() -> None:
    line = _wide_line()
    sound = tone(440, 2)
    cuts = [0, 1600, 1763, 4000, 9999, 16_000]
    line.leg.start_play(_wide_play(*(sound[begin:end] for begin, end in pairwise(cuts))))
    for now in _ticks(100):
        line.leg.tick(now)
    assert _levels(_heard(line)[800:], 0.025) == pytest.approx([-10.0] * 78, abs=1)


def test_silence_between_plays_and_keys_brings_no_burst() -> None:
    line = _wide_line()
    for number, now in enumerate(_ticks(200)):
        if number % 50 == 10:
            line.leg.start_play(_wide_play(tone(440, 0.4)))
        if number % 50 == 35:
            line.leg.press("5")
        line.leg.tick(now)
    assert max(_levels(_heard(line))) < -9


def test_what_is_mixed_and_what_plays_share_a_coder() -> None:
    line = _wide_line()
    line.leg.mixed = True
    sound = tone(440, 2)
    for number, now in enumerate(_ticks(100)):
        if number % 20 == 10:
            line.leg.start_play(_wide_play(sound[number * 160 :][:1600]))
        line.leg.mixture = sound[number * 160 :][:160]
        line.leg.tick(now)
    assert np.abs(_heard(line)).max() < 11_700


def test_music_after_a_talk_that_was_passed_on_brings_no_burst() -> None:
    one, two = _wide_line(), _wide_line("two", 2)
    _bridge(one, two, BEGAN)
    encoder, sound = Encoder(Codec.G722), tone(440, 1)
    for number, now in enumerate(_ticks(50)):
        payload = encoder.encode(sound[number * 160 :][:160])
        one.send(payload, Codec.G722.value, number * 160, now)
    two.leg.start_play(_wide_play(sound))
    for now in _ticks(50, BEGAN + 1):
        two.leg.tick(now)
    assert len(two.got) == 100
    assert max(_levels(_heard(two))) < -6.5


# --- what did not leave ----------------------------------------------------------------------


@pytest.mark.parametrize("codec", list(Codec))
def test_what_did_not_leave_is_not_counted_as_sent(codec: Codec) -> None:
    line = Line("one", 1)
    line.leg.configure(MediaTarget("192.0.2.1", 4000, codec, 101), BEGAN)
    sound = tone(440, 1)
    kept = Player([keep(sound, codec)], codec)
    line.leg.start_play(Play(1, kept, codec, barge_in=False))
    line.open = False
    for now in _ticks(25):
        line.leg.tick(now)
    line.leg.report(BEGAN + 0.5)
    assert line.leg.statistics().sent == 0
    line.open = True
    for now in _ticks(20, BEGAN + 0.5):
        line.leg.tick(now)
    line.leg.report(BEGAN + 0.9)
    assert line.leg.statistics().sent == len(line.got) == 20
    # The first that leaves begins a talk, for its listener's clock and coder.
    assert [packet.marker for packet in line.got] == [True] + [False] * 19
    first, second = (packets[0] for packets, _ in line.reports)
    assert not isinstance(first, SenderReport)
    assert isinstance(second, SenderReport)
    assert (second.packets, second.octets) == (20, 3200)
    heard = np.concatenate(list(map(Decoder(codec).decode, (each.payload for each in line.got))))
    assert level(heard[800:]) == pytest.approx(-10, abs=0.5)
    assert abs(heard).max() < 12_500


def test_a_far_side_that_was_silent_is_heard_from_the_port_it_has_by_then() -> None:
    line = Line("a", 1)
    for number in range(3):
        line.say(BEGAN + number * 0.02)
    assert line.leg.passage is not None
    assert line.joined[-1] == line.at
    line.leg.look_after(BEGAN + 0.5)
    assert line.joined[-1] == line.at
    line.leg.look_after(BEGAN + 30)
    assert line.leg.passage is None
    assert line.joined[-1] is None
    line.at = ("192.0.2.1", 61_000)
    line.say(BEGAN + 30.1)
    assert line.leg.statistics().received == 4
    assert line.joined[-1] == line.at
