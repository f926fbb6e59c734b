"""The switch is killed, or restarted in order, in mid-call: the tone never stops, the call goes on.

Two switches of one process stand for two servers; workers, sockets and the database are real.
"""

import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from cti.call.events import (
    CallCleared,
    CallResumed,
    ConnectionCleared,
    Established,
    RecordingStopped,
)
from cti.call.model import Cause
from cti.database import Base, Database
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, DeviceId
from cti.sip.events import SessionEnded
from cti.trunks.settings import Trunk, TrunksSettings
from tests.support.audio import has_tone
from tests.support.handset import Handset
from tests.support.house_phone import HousePhone
from tests.support.live_switch import HOST, NUMBER, LiveSwitch, all_registered, ring_the_agent
from tests.support.media_stage import until_newest
from tests.support.peer_process import lives
from tests.support.reactor import pause, reactor, run_in_reactor, until

CALLER, AGENT = 560.0, 1900.0
AWAY = 0.6
"""Seconds without a server."""
KEPT = 1.0
"""Seconds: how much longer ago than it was killed a server may have told what it kept."""
TRUNKS = TrunksSettings({"carrier": Trunk("carrier", trusted=(HOST,))})
Scene = Callable[["Stage"], Coroutine[Any, Any, None]]


class Stage:
    """A switch and the ones after it, a telephone that registered once, and a caller."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.database = Database(f"sqlite:///{folder / 'kept.sqlite'}", reactor())
        Base.metadata.create_all(self.database.engine)
        self.database.start()
        self.switch = self._another(0)
        self.caller = Handset("caller", CALLER)
        self.agent = HousePhone(folder / "phone", "1001", AGENT)

    async def talk(self) -> CallId:
        """Caller and agent are in a conversation that is kept; gives its call."""
        await self.switch.start()
        await self.agent.register(self.switch.port)
        await all_registered(self.switch, ["1001"])
        self.caller.dial(NUMBER, self.switch.port)
        await self.switch.heard_of(Established, 2)
        await self.kept()
        (call,) = self.switch.calls.calls()
        return call.id

    async def kept(self) -> None:
        """Return when the database holds all there is to keep."""
        keeper = self.switch.service.keeper
        assert keeper is not None
        await until(lambda: not keeper._waiting and keeper._in_flight is None)

    async def kill(self) -> None:
        """The server is gone, without a word to anybody."""
        service = self.switch.service
        service.media.release()
        service.trunks.stop()
        assert service.keeper is not None
        service.keeper._unsubscribe()
        service.keeper._disarm()
        await service.endpoint.close()

    async def start_another(self) -> None:
        """The next server, on the same port."""
        self.switch = self._another(self.switch.port)
        await self.switch.start()

    async def end(self) -> None:
        """Nothing is left of anything."""
        await self.caller.leave()
        await self.agent.leave()
        await self.switch.quiet()
        await self.switch.stop()
        self.database.stop()

    def _another(self, port: int) -> LiveSwitch:
        return LiveSwitch(
            self.folder,
            ring_the_agent,
            trunks=TRUNKS,
            port=port,
            database=self.database,
            events=self.events,
        )


def play(folder: Path, scene: Scene) -> None:
    async def main() -> None:
        stage = Stage(folder)
        try:
            await scene(stage)
        finally:
            await stage.end()

    run_in_reactor(main, timeout=20.0)


def test_a_call_outlives_a_server_that_is_killed(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        call_id = await stage.talk()
        since, killed = stage.caller.position(), reactor().seconds()
        await stage.kill()
        await pause(AWAY)
        await until(lambda: stage.caller.position() - since >= 0.8 * AWAY * 50)
        await stage.start_another()
        resumed = await stage.switch.heard_of(CallResumed)
        assert resumed.call_id == call_id
        assert 0.9 * AWAY < resumed.away < reactor().seconds() - killed + KEPT
        assert len(resumed.connections) == 2
        await until_newest(stage.caller.phone, lambda part: has_tone(part, AGENT))
        stage.caller.endpoint.end(stage.caller.session)
        await stage.switch.heard_of(CallCleared)
        await until(lambda: not stage.agent.telephone.calls)
        (stopped,) = stage.switch.told(RecordingStopped)
        assert stopped.digest
        assert stopped.seconds > AWAY
        assert {each.cause for each in stage.switch.told(ConnectionCleared)} == {Cause.NORMAL}

    play(tmp_path, scene)


def test_a_call_is_held_and_ended_by_the_server_that_comes_after(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        call_id = await stage.talk()
        await stage.switch.service.stop(leaving=True)
        assert not stage.switch.told(CallCleared)
        await stage.start_another()
        calls = stage.switch.calls
        (agent,) = [
            each.id
            for each in stage.switch.switch.members.values()
            if each.connection.device.id == "1001"
        ]
        calls.hold(agent)
        await until_newest(stage.caller.phone, lambda part: not has_tone(part, AGENT, share=0.1))
        calls.retrieve(agent)
        await until_newest(stage.caller.phone, lambda part: has_tone(part, AGENT))
        calls.clear(call_id)
        await stage.caller.reports_of(SessionEnded)
        await until(lambda: not stage.agent.telephone.calls)

    play(tmp_path, scene)


def test_a_telephone_that_registered_before_can_be_called_after(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        await stage.talk()
        await stage.kept()
        await stage.kill()
        await stage.start_another()
        assert stage.switch.calls.registered(DeviceId("1001"))
        stage.caller.endpoint.end(stage.caller.session)
        await stage.switch.heard_of(CallCleared)
        again = Handset("again", CALLER)
        again.dial(NUMBER, stage.switch.port)
        await stage.switch.heard_of(Established, 4)
        await again.leave()

    play(tmp_path, scene)


def test_what_ended_while_nobody_was_there_is_over(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        call_id = await stage.talk()
        (worker,) = stage.switch.service.media.processes
        await stage.kill()
        os.kill(worker, signal.SIGKILL)
        await until(lambda: not lives(worker))
        stage.switch = stage._another(stage.switch.port)
        assert await stage.switch.service.prepare() == frozenset()
        await stage.switch.start()
        assert stage.switch.calls.get(call_id) is None
        await stage.caller.reports_of(SessionEnded)
        await until(lambda: not stage.agent.telephone.calls)
        stage.events.clear()

    play(tmp_path, scene)
