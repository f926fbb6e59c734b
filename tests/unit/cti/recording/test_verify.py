"""Whatever is changed in a recording or its chain is found, and where."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.recording.keys import KeyRing
from cti.recording.marks import Mark, MarkKind
from cti.recording.repair import close_after_crash
from cti.recording.store import chain_path, file_of, open_sound
from cti.recording.verify import State, verify
from cti.recording.writer import RecordingWriter
from tests.support.audio import read_wave
from tests.support.recordings import RING, abandon, begin, record, second_of

FORMS = pytest.mark.parametrize("ring", [None, RING], ids=["plain", "encrypted"])
SHARED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FORMS
def test_a_closed_recording_is_whole(tmp_path: Path, ring: KeyRing | None) -> None:
    held = record(tmp_path / "a.wav", ring)
    verdict = verify(tmp_path / "a.wav", held.digest)
    assert verdict.state is State.WHOLE
    assert verdict.witnessed
    assert verdict.seconds == held.seconds == pytest.approx(0.3)
    assert verdict.marks == (Mark(MarkKind.GAP, 810, 700, 0),)


@FORMS
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@SHARED
def test_any_octet_that_changes_is_found_where_it_is(
    tmp_path: Path, ring: KeyRing | None, place: float, flip: int
) -> None:
    held = record(tmp_path / "a.wav", ring)
    found = file_of(tmp_path / "a.wav")
    data = bytearray(found.read_bytes())
    at = int(place * len(data))
    data[at] ^= flip
    found.write_bytes(data)
    for witness in ("", held.digest):
        verdict = verify(tmp_path / "a.wav", witness)
        assert verdict.state is State.CHANGED
        assert verdict.octets is not None
        first, end = verdict.octets
        assert first <= at < end
        assert verdict.since == verdict.seconds
        if first > 512:
            assert verdict.since == pytest.approx(0.1 * ((at - first_of(ring)) // size(ring)))


def first_of(ring: KeyRing | None) -> int:
    """Where the sound begins."""
    return 512 if ring else 44


def size(ring: KeyRing | None) -> int:
    """Octets of a tenth of a second on disk."""
    return 3200 + (32 if ring else 0)


@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@SHARED
def test_any_octet_of_the_chain_that_changes_is_found(
    tmp_path: Path, place: float, flip: int
) -> None:
    held = record(tmp_path / "a.wav")
    chain = chain_path(tmp_path / "a.wav")
    data = bytearray(chain.read_bytes())
    data[int(place * len(data))] ^= flip
    chain.write_bytes(data)
    assert verify(tmp_path / "a.wav", held.digest).state is State.CHANGED
    # Without the witness only the end can be taken off unseen, and then it is not called whole.
    assert verify(tmp_path / "a.wav").state in (State.CHANGED, State.CRASHED)


def test_file_and_chain_changed_together_still_show(tmp_path: Path) -> None:
    held = record(tmp_path / "a.wav")
    record(tmp_path / "other.wav", seconds=4)
    for name in ("a.wav", "a.chain"):
        (tmp_path / name).write_bytes((tmp_path / name.replace("a.", "other.")).read_bytes())
    assert verify(tmp_path / "a.wav").state is State.WHOLE
    verdict = verify(tmp_path / "a.wav", held.digest)
    assert (verdict.state, verdict.since) == (State.CHANGED, 0.0)


@FORMS
def test_a_growing_recording_is_unchanged_so_far_and_can_be_read(
    tmp_path: Path, ring: KeyRing | None
) -> None:
    path = tmp_path / "a.wav"
    writer = begin(path, ring, 2)
    assert verify(path).state is State.GROWING
    assert verify(path).seconds == pytest.approx(0.2)
    with open_sound(path, ring) as sound:
        assert sound.read()[44:] == second_of(0) + second_of(1)
    writer.close()


@FORMS
@pytest.mark.parametrize("torn", [b"", b"\x01", b"\x00\x00\x0c\x80" + bytes(500)])
def test_a_crash_is_said_and_its_tail_sealed_as_late(
    tmp_path: Path, ring: KeyRing | None, torn: bytes
) -> None:
    path = tmp_path / "a.wav"
    abandon(begin(path, ring, 3))
    lines = chain_path(path).read_bytes().splitlines(keepends=True)
    # The last second went to the file and not yet to the chain, nor what came after it as a whole.
    chain_path(path).write_bytes(b"".join(lines[:-1]) + lines[-1][:9])
    with file_of(path).open("ab") as file:
        file.write(torn)
    verdict = verify(path)
    assert verdict.state is State.CRASHED
    assert verdict.since == verdict.seconds == pytest.approx(0.2)
    held = close_after_crash(path)
    assert held is not None
    assert held.seconds == pytest.approx(0.3, abs=0.02)
    verdict = verify(path, held.digest)
    assert (verdict.state, verdict.why) == (State.WHOLE, "crash")
    assert verdict.late == pytest.approx(0.2)
    with open_sound(path, ring) as sound:
        assert sound.read()[44:].startswith(second_of(0) + second_of(1) + second_of(2))
    assert close_after_crash(path) == held


def test_what_a_living_process_writes_is_not_closed_for_it(tmp_path: Path) -> None:
    writer = begin(tmp_path / "a.wav")
    assert close_after_crash(tmp_path / "a.wav") is not None
    assert verify(tmp_path / "a.wav").state is State.GROWING
    held = writer.close()
    assert verify(tmp_path / "a.wav", held.digest).state is State.WHOLE


def test_without_its_chain_it_is_unchained_and_with_a_witness_changed(tmp_path: Path) -> None:
    held = record(tmp_path / "a.wav")
    chain_path(tmp_path / "a.wav").unlink()
    assert verify(tmp_path / "a.wav").state is State.UNCHAINED
    assert verify(tmp_path / "a.wav", held.digest).state is State.CHANGED
    assert verify(tmp_path / "nothing.wav").state is State.MISSING
    assert close_after_crash(tmp_path / "a.wav") is None


def test_the_end_taken_off_both_files_shows(tmp_path: Path) -> None:
    held = record(tmp_path / "a.wav")
    lines = chain_path(tmp_path / "a.wav").read_bytes().splitlines(keepends=True)
    chain_path(tmp_path / "a.wav").write_bytes(b"".join(lines[:-2]))
    verdict = verify(tmp_path / "a.wav", held.digest)
    assert verdict.state is State.CHANGED
    assert verdict.since == pytest.approx(0.2)


def test_the_plain_file_is_a_wav_file_at_every_moment(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "new" / "a.wav", 2)
    for number in range(3):
        assert len(read_wave(tmp_path / "new" / "a.wav")) == 800 * number
        writer.append(second_of(number))
    writer.close()
