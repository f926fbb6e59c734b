"""Legs that outlive their server: the same promises of worker processes and of the fake."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cti.kernel.identifiers import CallId, ConnectionId
from cti.transport.media_client import MediaWorkers
from tests.support.fake_media import FakeMedia
from tests.support.media_stage import CALL, ONE, SETTINGS, TWO
from tests.support.reactor import reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear

THREE = ConnectionId("three")


class Servers:
    """One server after the other over the same legs; `ear` listens to the one of now."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.ear = Ear()
        self._make = make
        self.media = make()
        self.media.listener = self.ear

    async def start(self) -> None:
        if isinstance(self.media, MediaWorkers):
            await self.media.start()

    async def restart(self) -> None:
        """The server goes, and another one comes."""
        self.media.release()
        self.ear = Ear()
        self.media = self._make()
        self.media.listener = self.ear
        await self.start()

    async def end(self) -> None:
        if isinstance(self.media, MediaWorkers):
            await self.media.shut_down()


Scene = Callable[[Servers], Awaitable[None]]


def _play(scene: Scene, make: Callable[[], Any]) -> None:
    async def main() -> None:
        servers = Servers(make)
        try:
            await servers.start()
            await scene(servers)
        finally:
            await servers.end()

    run_in_reactor(main)


@pytest.fixture(params=["fake", "workers"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    fake = FakeMedia()

    def make() -> Any:
        if request.param == "fake":
            return fake
        return MediaWorkers(reactor(), SETTINGS, tmp_path, count=1)

    return lambda scene: _play(scene, make)


def test_a_survivor_is_adopted_once_and_only_into_its_group(play: Callable[[Scene], None]) -> None:
    async def scene(servers: Servers) -> None:
        address = await servers.media.open(ONE, CALL)
        assert servers.media.survivors == frozenset()
        assert servers.media.adopt(ONE, CALL) is None
        await servers.restart()
        assert servers.media.survivors == {ONE}
        assert servers.media.adopt(ONE, CallId("another")) is None
        assert servers.media.adopt(TWO, CALL) is None
        assert servers.media.adopt(ONE, CALL) == address
        assert servers.media.survivors == frozenset()
        assert servers.media.adopt(ONE, CALL) is None

    play(scene)


def test_a_survivor_says_whom_it_hears(play: Callable[[Scene], None]) -> None:
    async def scene(servers: Servers) -> None:
        for leg in (ONE, TWO):
            await servers.media.open(leg, CALL)
        servers.media.hear(ONE, [TWO])
        await servers.restart()
        assert servers.media.hears(ONE) == (TWO,)
        assert servers.media.hears(TWO) == servers.media.hears(THREE) == ()

    play(scene)


def test_strays_are_closed_with_their_recordings(
    play: Callable[[Scene], None], tmp_path: Path
) -> None:
    async def scene(servers: Servers) -> None:
        for leg, group in ((ONE, CALL), (TWO, CALL), (THREE, CallId("stray"))):
            await servers.media.open(leg, group)
            servers.media.record(leg, tmp_path / f"{leg}.wav")
        await servers.restart()
        for leg in (ONE, TWO):
            assert servers.media.adopt(leg, CALL)
        await servers.media.close_strays()
        await until(lambda: servers.ear.told)
        assert [told[:3] for told in servers.ear.told] == [
            ("recording", THREE, tmp_path / "three.wav")
        ]
        assert servers.media.adopt(THREE, CallId("stray")) is None

    play(scene)


def test_an_adopted_leg_is_commanded_and_closed_as_any_other(
    play: Callable[[Scene], None], tmp_path: Path
) -> None:
    async def scene(servers: Servers) -> None:
        await servers.media.open(ONE, CALL)
        servers.media.record(ONE, tmp_path / "a.wav")
        await servers.restart()
        assert servers.media.adopt(ONE, CALL)
        await servers.media.close_strays()
        assert await servers.media.open(TWO, CALL)
        servers.media.hear(ONE, [TWO])
        servers.media.mask(ONE, True)
        await servers.media.close(ONE)
        (recording,) = servers.ear.told
        assert recording[:3] == ("recording", ONE, tmp_path / "a.wav")
        assert recording[4]
        await servers.restart()
        assert servers.media.survivors == {TWO}

    play(scene)
