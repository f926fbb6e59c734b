import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import Refused
from cti.recording.writer import Held
from monitoring.errors import RecordingUnusable
from monitoring.recordings import RecordingFolder, parse_head, repair, true_head, true_length
from tests.support.sounds import wav


@given(
    st.integers(0, 2000),
    st.integers(0, 9000),
    st.sampled_from([1, 2]),
    st.sampled_from([b"", struct.pack("<4sI", b"LIST", 3) + b"abc\0"]),
)
def test_whatever_was_saved_plays(frames: int, counted: int, channels: int, extra: bytes) -> None:
    """The header counts anything, the file ends anywhere: afterwards all sound on disk is there."""
    whole = wav(frames, channels, extra=extra)
    start = parse_head(whole).start
    octets = len(whole) - min(3, frames * 2 * channels)
    torn = bytearray(whole[:octets])
    struct.pack_into("<I", torn, start - 4, counted)
    wave_ = true_length(parse_head(bytes(torn)), octets)
    fixed = true_head(bytes(torn), wave_)
    again = parse_head(fixed)
    assert again == wave_
    assert 0 <= octets - start - again.length < again.frame
    assert struct.unpack_from("<I", fixed, 4)[0] == start + again.length - 8


def test_a_torn_file_is_repaired_to_its_last_second(tmp_path: Path) -> None:
    path = tmp_path / "torn.wav"
    whole = wav(8000 * 3)
    torn = whole[:4] + struct.pack("<I", 36) + whole[8:40] + struct.pack("<I", 0) + whole[44:]
    path.write_bytes(torn + b"\x01")
    assert repair(path) == 3.0
    with wave.open(str(path)) as file:
        assert file.getnframes() == 24000
        assert file.readframes(24000) == whole[44:]
    assert path.stat().st_size == len(whole)


def test_a_closed_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "closed.wav"
    path.write_bytes(wav(800))
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert repair(path) == 0.1
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFFxxxxWAVE", b"\0" * 100, wav(1)[:36]])
def test_what_is_no_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingUnusable):
        repair(path)
    assert RecordingFolder(tmp_path).repair("broken.wav") == Held()


def test_nothing_outside_the_folder_is_found(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    (root / "2026").mkdir(parents=True)
    (root / "2026" / "c1.wav").write_bytes(wav(8))
    (tmp_path / "secret.wav").write_bytes(wav(8))
    (root / "link.wav").symlink_to(tmp_path / "secret.wav")
    folder = RecordingFolder(root)
    assert folder.find("2026/c1.wav") == (root / "2026" / "c1.wav").resolve()
    for file in ("", ".", "2026", "../secret.wav", str(tmp_path / "secret.wav"), "link.wav",
                 "2026/../../secret.wav", "missing.wav"):  # fmt: skip
        with pytest.raises(Refused):
            folder.find(file)
