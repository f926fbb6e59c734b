"""What is written from notes is what a recorder that was there would have written."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cti.media.model import Codec, Tracks
from cti.media.recorder import Recorder
from cti.media.rtp import RtpPacket
from cti.recording.repair import CRASH
from cti.recording.verify import State, verify
from cti.worker.notes import Note, replay
from cti.worker.recording import Recording
from cti.worker.scribe import Scribe
from tests.support.audio import read_wave
from tests.support.desks import NotingDesk

STEP = st.tuples(
    st.sampled_from(["heard", "said", "received", "sent", "keyed", "mask", "pause", "mark"]),
    st.booleans(),
    st.integers(0, 3),
)


def _packet(number: int, payload: bytes = b"\xaa" * 160) -> RtpPacket:
    return RtpPacket(8, number, number * 160, 1, payload)


@given(st.lists(STEP, max_size=60), st.sampled_from(Tracks))
def test_notes_tell_all_that_a_recorder_learns(
    steps: list[tuple[str, bool, int]], tracks: Tracks
) -> None:
    desk, there = NotingDesk(), Recorder(tracks, 0.0)
    recording = Recording(Path("a.wav"), tracks, 0.0, desk)
    now = 0.0
    for number, (what, flag, late) in enumerate(steps):
        now = number * 0.02 + late * 0.01
        packet = _packet(number)
        match what:
            case "heard" | "said":
                getattr(recording, what)(bytes(packet), Codec.PCMA.value, now)
                getattr(there, what)(bytes(packet), Codec.PCMA, now)
            case "received" | "sent":
                getattr(recording, what)(packet, Codec.PCMA, now)
                getattr(there, what)(packet, Codec.PCMA, now)
            case "keyed":
                recording.keyed(packet, now)
                there.keyed(packet, now)
            case "mask" | "pause":
                getattr(recording, what)(flag, now)
                getattr(there, what)(flag, now)
            case _:
                recording.mark("here", now)
                there.mark("here", now)
    recording.flush(now)
    later = Recorder(tracks, 0.0)
    replay(desk.notes, later)
    assert later.collect(now) == there.collect(now)
    assert later.finish(now + 1) == there.finish(now + 1)


def test_no_note_tells_which_key_was_pressed() -> None:
    desk = NotingDesk()
    recording = Recording(Path("a.wav"), Tracks.BOTH, 0.0, desk)
    recording.keyed(_packet(1, b"\x07\x0a\x03\x20"), 0.1)
    recording.flush(1.0)
    ((_, octets, _, _),) = desk.notes
    assert RtpPacket.parse(octets).payload == b""


def test_nothing_said_in_secrecy_is_noted() -> None:
    desk = NotingDesk()
    recording = Recording(Path("a.wav"), Tracks.BOTH, 0.0, desk)
    recording.mask(True, 0.0)
    recording.heard(bytes(_packet(1)), 8, 0.02)
    recording.received(_packet(2), Codec.PCMA, 0.04)
    recording.pause(True, 0.05)
    recording.mask(False, 0.06)
    recording.said(bytes(_packet(3)), 8, 0.08)
    recording.pause(False, 0.1)
    recording.heard(bytes(_packet(4)), 8, 0.12)
    recording.flush(1.0)
    sound = [what for _, what, _, _ in desk.notes if isinstance(what, bytes)]
    assert [RtpPacket.parse(each).sequence for each in sound] == [4]


def test_what_nobody_ends_is_closed_as_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    scribe = Scribe(path, Tracks.RECEIVED, 0.0, None)
    scribe.open()
    notes: list[Note] = [(0, bytes(_packet(each)), 8, each * 0.02) for each in range(50)]
    scribe.write(notes, 1.0)
    held = scribe.abandon()
    assert held.seconds == 1.0
    assert len(read_wave(path)) == 8000
    verdict = verify(path, held.digest)
    assert (verdict.state, verdict.why, verdict.witnessed) == (State.WHOLE, CRASH, True)
