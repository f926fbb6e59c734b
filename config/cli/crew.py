"""The demo's agents: each takes calls on a telephone of their own and works like a person."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from config.cli.desk import Desk
from config.cli.phone import pitch
from config.cli.telephones import open_telephone, voice
from cti.people import Answerer, Answering
from cti.sip.events import Endpoint
from cti.telephone import PhoneCall, PhoneState, Telephone
from cti.worker.engine import MediaEngine

ANSWER_SECONDS = (1.0, 4.0)
WRITING_SECONDS = (2.0, 9.0)
BREAK_SECONDS = (15.0, 40.0)
HOLD_SECONDS = (3.0, 8.0)
BREAKS, HOLDS = 0.08, 0.2
"""The share of calls after which an agent has a break, and in which one puts the caller on hold."""
SHORTEST_TALK = 4.0

FREE, RINGING, TALKING, HOLDING = "free", "ringing", "talking", "holding"
WRITING, ON_BREAK = "writing", "break"
ALL_DOING = (FREE, RINGING, TALKING, HOLDING, WRITING, ON_BREAK)
DOING_IN_CALL = {PhoneState.RINGING: RINGING, PhoneState.HOLDING: HOLDING}


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where everybody works, and with what."""

    reactor: Any
    server: Endpoint
    web: str
    engine: MediaEngine
    folder: Path
    """For the sounds of their voices."""


class DemoAgent:
    """One agent: answers soon, talks a while, writes notes, and now and then has a break."""

    log = Logger()

    def __init__(self, workplace: Workplace, extension: str, random: Random, talk: float) -> None:
        self._workplace, self._extension = workplace, extension
        self._random, self._talk = random, talk
        self._desk = Desk(workplace.reactor, workplace.web)
        self._sounds = (voice(workplace.folder, pitch(extension)),)
        self._working: Deferred[None] | None = None
        self._resting = FREE
        self.telephone: Telephone
        self.served = 0

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Signed in and ready inside; hangs up and signs out after."""
        place, secret = self._workplace, f"demo-{self._extension}"
        answerer = Answerer(place.reactor, lambda _: None, self._plan, self._call_over)
        async with AsyncExitStack() as leaving:
            # Signed out last, when the call has ended: nobody is left in after-call work.
            await leaving.enter_async_context(self._desk.signed_in(self._extension, secret))
            self.telephone = await leaving.enter_async_context(
                open_telephone(place.reactor, self._extension, answerer, place.server, place.engine)
            )
            leaving.callback(self._leave_work)
            await answerer.register(self.telephone, place.server, secret)
            await self._desk.ready()
            yield

    @property
    def doing(self) -> str:
        """In one word."""
        for call in self.telephone.calls:
            return DOING_IN_CALL.get(call.state, TALKING)
        return self._resting

    def _plan(self) -> Answering:
        random = self._random
        talk = SHORTEST_TALK + random.expovariate(1 / self._talk)
        held = random.uniform(*HOLD_SECONDS)
        holds = random.random() < HOLDS and talk > 2 * held
        answer_after = random.uniform(*ANSWER_SECONDS)
        return Answering(answer_after, talk, talk / 3 if holds else None, held, self._sounds)

    def _call_over(self, _call: PhoneCall) -> None:
        self.served += 1
        self._leave_work()
        self._working = Deferred.fromCoroutine(self._after_call())
        self._working.addErrback(self._failed)

    async def _after_call(self) -> None:
        self._resting = WRITING
        await self._pass(WRITING_SECONDS)
        if self._random.random() < BREAKS:
            self._resting = ON_BREAK
            await self._desk.pause("break")
            await self._pass(BREAK_SECONDS)
        await self._desk.ready()
        self._resting = FREE

    async def _pass(self, seconds: tuple[float, float]) -> None:
        await deferLater(self._workplace.reactor, self._random.uniform(*seconds), lambda: None)

    def _leave_work(self) -> None:
        working, self._working = self._working, None
        if working is not None:
            working.cancel()

    def _failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.log.failure("agent {agent_id} failed", failure, agent_id=self._extension)
