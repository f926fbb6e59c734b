"""Jobs as they travel, and recordings that do not disturb each other."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cti.recording.verify import State, verify
from cti.worker.writer_process import Job, Said, Scribes, Unframing, framed

PLAIN = st.tuples(st.integers(0, 2), st.integers(0, 9), st.binary(max_size=300), st.floats(0, 9))


@given(st.lists(PLAIN, max_size=8), st.integers(1, 64))
def test_jobs_arrive_whole_however_they_are_cut(jobs: list[tuple[Any, ...]], piece: int) -> None:
    octets = b"".join(map(framed, jobs))
    messages, found = Unframing(), list[tuple[Any, ...]]()
    for at in range(0, len(octets), piece):
        found += messages.feed(octets[at : at + piece])
    assert found == jobs


def test_one_that_cannot_be_opened_disturbs_no_other(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    said: list[tuple[Any, ...]] = []
    scribes = Scribes(None, said.append)
    bad, good = str(tmp_path / "file" / "a.wav"), str(tmp_path / "b.wav")
    for number, path in enumerate((bad, good)):
        scribes.take((Job.BEGIN, number, path, "both", 0.0))
    for number in range(2):
        scribes.take((Job.WRITE, number, [], 1.0))
        scribes.take((Job.END, number, [], 2.0))
    (stopped, failed, whole) = said
    assert (stopped[:2], stopped[3]) == ((Said.STOPPED, 0), "")
    assert failed == (Said.ENDED, 0, 0.0, "")
    assert whole[:3] == (Said.ENDED, 1, 2.0)
    assert verify(Path(good), whole[3]).state is State.WHOLE


def test_a_mistake_of_ours_comes_with_its_trace(tmp_path: Path) -> None:
    said: list[tuple[Any, ...]] = []
    scribes = Scribes(None, said.append)
    scribes.take((Job.BEGIN, 0, str(tmp_path / "a.wav"), "both", 0.0))
    scribes.take((Job.WRITE, 0, [(99,)], 1.0))
    ((kind, number, _, trace),) = said
    assert (kind, number) == (Said.STOPPED, 0)
    assert "ValueError" in trace
    scribes.take((Job.END, 0, [], 2.0))
    assert said[1][:2] == (Said.ENDED, 0)


def test_those_a_dead_worker_left_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    scribes = Scribes(None, lambda _: None)
    scribes.take((Job.BEGIN, 0, str(path), "both", 0.0))
    scribes.take((Job.WRITE, 0, [], 1.5))
    scribes.abandon()
    verdict = verify(path)
    assert (verdict.state, verdict.why, verdict.seconds) == (State.WHOLE, "crash", 1.5)
