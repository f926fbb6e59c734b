"""Media workers outlive a server that is killed: no sound is lost, and the next server goes on."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.g711 import FRAME_SECONDS
from cti.media.port import Codec
from cti.recording.verify import State, verify
from cti.transport.media_client import MediaWorkers
from cti.transport.media_place import Place
from cti.worker.settings import MediaSettings
from tests.support.audio import has_tone, read_wave, tone
from tests.support.media_house import CALL, ONE, TWO, settings
from tests.support.media_stage import carried_out, taken_in
from tests.support.peer_process import PeerProcess, lives
from tests.support.reactor import begin, pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

THREE = ConnectionId("three")
NOTICED = 0.1
"""Seconds from which on somebody who stood still is not just a little late."""


class Conversation:
    """Two telephones bridged by a server that a test kills."""

    def __init__(self, folder: Path, orphan_time: float = 30.0) -> None:
        self.run, self.record = folder / "run", folder / "call.wav"
        self.phones = RtpPhone(Codec.PCMA, ssrc=1), RtpPhone(Codec.PCMA, ssrc=2)
        self.worker = 0
        self.ports: list[int] = []
        self._orphan_time = orphan_time
        self._server = PeerProcess("tests.support.media_house", self.run, orphan_time)

    async def start(self) -> None:
        ports = [phone.target.port for phone in self.phones]
        said = await self._server.ask("bridge", ports=ports, record=str(self.record))
        self.worker, self.ports = said["worker"], said["ports"]
        for phone, port in zip(self.phones, self.ports, strict=True):
            phone.call("127.0.0.1", port)

    async def kill_server(self) -> None:
        await self._server.kill()

    def next_server(self, ear: Ear, given: MediaSettings | None = None) -> MediaWorkers:
        given = given or settings(self._orphan_time)
        return MediaWorkers(reactor(), given, self.run, ear, count=1)

    async def hang_up(self) -> None:
        for phone in self.phones:
            await phone.hang_up()


@contextmanager
def no_worker_is_left(conversation: list[Conversation]) -> Iterator[None]:
    """Whatever happens in between."""
    try:
        yield
    finally:
        for each in conversation:
            if each.worker and lives(each.worker):
                os.kill(each.worker, signal.SIGKILL)


def test_the_tone_never_stops_and_the_next_server_ends_the_call(tmp_path: Path) -> None:
    ear = Ear()
    conversations: list[Conversation] = []

    async def main() -> None:
        conversation = Conversation(tmp_path)
        conversations.append(conversation)
        await conversation.start()
        one, two = conversation.phones
        talking = begin(one.talk(tone(600, 2.4)))
        await until(lambda: len(two.packets) > 20)
        await conversation.kill_server()
        await pause(0.4)
        workers = conversation.next_server(ear)
        await workers.start()
        assert workers.processes == [conversation.worker]
        assert workers.survivors == {ONE, TWO}
        assert workers.recording == {conversation.record}
        assert not workers.adopt(ONE, CallId("another call"))
        adopted = [workers.adopt(leg, CALL) for leg in (ONE, TWO)]
        assert [each and each.port for each in adopted] == conversation.ports
        assert not workers.adopt(ONE, CALL)
        await workers.close_strays()
        assert workers.open_legs == 2
        await talking
        await taken_in(two)
        heard_before_other_commands = len(two.packets)
        workers.hear(TWO, [])
        await until(lambda: len(two.packets) > heard_before_other_commands + 30)
        seen, _ = await workers.close(ONE), await workers.close(TWO)
        assert seen.received >= 115
        assert seen.lost == 0
        await conversation.hang_up()
        await workers.shut_down()
        assert not lives(conversation.worker)
        passed = two.heard()[: 160 * heard_before_other_commands].reshape(-1, 160)
        loud = np.flatnonzero(np.abs(passed).max(axis=1) > 3000)
        assert len(loud) >= 115
        gap = int(loud[-1] - loud[0] + 1 - len(loud))
        late = two.lateness() if two.lateness() > NOTICED else 0.0
        assert gap <= (2 * one.silences + late) / FRAME_SECONDS, "there is a gap in the tone"
        assert all(has_tone(frame, 600) for frame in passed[loud[1:-1]])
        assert all((b.sequence - a.sequence) % 2**16 == 1 for a, b in pairwise(two.packets))

    with no_worker_is_left(conversations):
        run_in_reactor(main)
    (closed,) = ear.told
    assert closed[:3] == ("recording", ONE, conversations[0].record)
    assert closed[3] >= 2.3
    verdict = verify(conversations[0].record, closed[4])
    assert (verdict.state, verdict.witnessed) == (State.WHOLE, True)
    received, _ = read_wave(conversations[0].record).T
    assert has_tone(received[4000:16000], 600)


def test_what_happened_meanwhile_is_told_when_it_is_clear_whose_it_is(tmp_path: Path) -> None:
    conversations: list[Conversation] = []

    async def main() -> None:
        ear = Ear()
        conversation = Conversation(tmp_path)
        conversations.append(conversation)
        await conversation.start()
        one, _ = conversation.phones
        await one.talk(tone(600, 0.1))
        await conversation.kill_server()
        await one.press("7")
        workers = conversation.next_server(ear)
        await workers.start()
        workers.adopt(ONE, CALL)
        await carried_out(workers)
        assert not ear.told
        await workers.close_strays()
        await until(lambda: len(ear.told) >= 1)
        assert ear.told == [("key", ONE, "7")]
        assert (workers.survivors, workers.open_legs) == (frozenset(), 1)
        await conversation.hang_up()
        await workers.shut_down()

    with no_worker_is_left(conversations):
        run_in_reactor(main)


def test_a_worker_that_no_server_comes_for_closes_its_recordings_and_ends(tmp_path: Path) -> None:
    conversations: list[Conversation] = []

    async def main() -> None:
        conversation = Conversation(tmp_path, orphan_time=2.0)
        conversations.append(conversation)
        await conversation.start()
        talking = begin(conversation.phones[0].talk(tone(600, 1.0)))
        await conversation.kill_server()
        assert lives(conversation.worker)
        await until(lambda: not lives(conversation.worker))
        await talking
        await conversation.hang_up()

    with no_worker_is_left(conversations):
        run_in_reactor(main)
    verdict = verify(conversations[0].record)
    assert (verdict.state, verdict.why) == (State.WHOLE, "")
    assert Place(tmp_path / "run", 0).holder() is None


def test_a_worker_with_other_settings_makes_room(tmp_path: Path) -> None:
    conversations: list[Conversation] = []

    async def main() -> None:
        conversation = Conversation(tmp_path)
        conversations.append(conversation)
        await conversation.start()
        await conversation.kill_server()
        other = MediaSettings(first_port=34000, last_port=34998, orphan_time=1.0)
        workers = conversation.next_server(Ear(), other)
        await workers.start()
        assert not workers.survivors
        assert conversation.worker not in workers.processes
        assert not lives(conversation.worker)
        assert (await workers.open(ONE, CALL)).port >= 34000
        await conversation.hang_up()
        await workers.shut_down()

    with no_worker_is_left(conversations):
        run_in_reactor(main)
    assert verify(conversations[0].record).state is State.WHOLE


def test_a_survivor_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.transport.media_process.PATIENCE", 3.0)
    conversations: list[Conversation] = []

    async def main() -> None:
        conversation = Conversation(tmp_path)
        conversations.append(conversation)
        await conversation.start()
        os.kill(conversation.worker, signal.SIGSTOP)
        await conversation.kill_server()
        workers = conversation.next_server(Ear())
        await workers.start()
        assert not workers.survivors
        assert not lives(conversation.worker)
        await conversation.hang_up()
        await workers.shut_down()

    with no_worker_is_left(conversations):
        run_in_reactor(main, timeout=20)


def test_workers_let_go_are_found_again_and_too_many_of_them_end(tmp_path: Path) -> None:
    given = MediaSettings(first_port=34000, last_port=34998, orphan_time=5.0)

    async def main() -> None:
        before = MediaWorkers(reactor(), given, tmp_path, Ear(), count=2)
        await before.start()
        await before.open(ONE, CallId("a"))
        await before.open(THREE, CallId("b"))
        pids = before.processes
        before.release()
        after = MediaWorkers(reactor(), given, tmp_path, Ear(), count=2)
        await after.start()
        assert after.processes == pids
        assert after.survivors == {ONE, THREE}
        assert after.adopt(ONE, CallId("a"))
        await after.close_strays()
        assert after.open_legs == 1
        after.release()
        fewer = MediaWorkers(reactor(), given, tmp_path, Ear(), count=1)
        await fewer.start()
        await until(lambda: not any(lives(pid) for pid in pids))
        await fewer.shut_down()
        assert not list(tmp_path.glob("*.socket"))

    run_in_reactor(main)
