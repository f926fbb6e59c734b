"""Stages for what every media port promises: the engine in this process, and a worker process."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.g711 import FRAME_SAMPLES
from cti.media.port import Codec, MediaPort
from cti.transport.media_client import MediaWorkers
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from tests.support.audio import Samples
from tests.support.reactor import pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=31000, last_port=31998, orphan_time=2)
CALL = CallId("call")
ONE, TWO = ConnectionId("one"), ConnectionId("two")
PROBE = ConnectionId("probe")
TALK = 60.0
"""Seconds of sound: longer than any scene, for whoever talks until all is heard."""
STRETCH = 1600
"""Samples (200 ms) of sound that are judged as one."""
LOOK = 0.05

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


async def carried_out(media: MediaPort) -> None:
    """Return when all commands so far are: one is carried out after the other."""
    await media.open(PROBE, CALL)
    await media.close(PROBE)


async def taken_in(phone: RtpPhone) -> None:
    """Return when what the telephone sent was read: its leg has ticked several times since."""
    await pause(LOOK)  # by then what came before is read here
    so_far = len(phone.packets)
    await until(lambda: len(phone.packets) > so_far + 10)


def newest(phone: RtpPhone) -> Samples:
    """The last stretch that was heard; it begins with a packet."""
    return phone.heard(max(0, len(phone.packets) - 3 * STRETCH // FRAME_SAMPLES))[-STRETCH:]


async def until_newest(phone: RtpPhone, true: Callable[[Samples], bool]) -> None:
    """Return when that is true of a whole stretch that was heard."""
    await until(lambda: len(newest(phone)) == STRETCH and true(newest(phone)), LOOK)


async def end(media: MediaPort, *phones: tuple[ConnectionId, RtpPhone]) -> None:
    """Close each leg, and hang its telephone up."""
    for name, phone in phones:
        await media.close(name)
        await phone.hang_up()
