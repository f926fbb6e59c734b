"""Stages for what every media port promises: the engine in this process, and a worker process."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, MediaPort
from cti.transport.media_client import MediaWorkers
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from tests.support.reactor import reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=31000, last_port=31998, orphan_time=2)
CALL = CallId("call")
ONE, TWO = ConnectionId("one"), ConnectionId("two")

Scene = Callable[[MediaPort, Ear], Awaitable[None]]
"""What happens on a media port, and what the ear is told of it."""
Stage = Callable[[Scene], None]
"""Plays a scene on some media port, which it makes and ends."""


def on_engine(scene: Scene, settings: MediaSettings = SETTINGS) -> None:
    """Play the scene on the engine in this process."""

    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), settings, ear)
        try:
            await scene(engine, ear)
        finally:
            await engine.shut_down()

    run_in_reactor(main)


def on_workers(scene: Scene, settings: MediaSettings = SETTINGS) -> None:
    """Play the scene on a worker process."""

    async def main() -> None:
        ear = Ear()
        workers = MediaWorkers(reactor(), settings, Path(folder), ear, count=1)
        try:
            await workers.start()
            await scene(workers, ear)
        finally:
            await workers.shut_down()

    with TemporaryDirectory() as folder:
        run_in_reactor(main)


async def leg(media: MediaPort, name: ConnectionId, codec: Codec = Codec.PCMA) -> RtpPhone:
    """Open a leg; gives the telephone that hears it already."""
    address = await media.open(name, CALL)
    phone = RtpPhone(codec, ssrc=hash(name) & 0xFFFFFFFF)
    phone.call(address.host, address.port)
    media.configure(name, phone.target)
    await until(lambda: phone.packets)
    return phone


async def end(media: MediaPort, *phones: tuple[ConnectionId, RtpPhone]) -> None:
    """Close each leg, and hang its telephone up."""
    for name, phone in phones:
        await media.close(name)
        await phone.hang_up()
