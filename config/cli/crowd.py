"""A house full of people: agents who answer, and callers who want something."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from config.cli.desk import Desk
from config.cli.phone import pitch
from config.cli.telephones import media_engine, open_telephone, voice
from config.demo.model import DemoCustomer
from config.demo.read import read_demo
from cti.kernel.identifiers import ConnectionId
from cti.keying import parse_keys
from cti.media.port import PlayOutcome
from cti.people import Answerer, Answering, Caller, Dialling
from cti.sip.events import Endpoint
from cti.telephone import Telephone

PAUSE = 2.5
ANSWER_SECONDS = (1.0, 4.0)
REPORT_SECONDS = 10.0
CALLER_PITCH = 300.0


@dataclass(frozen=True, slots=True)
class Errand:
    """What a caller calls for: keys after the language, seconds on the line, how many do it."""

    name: str
    keys: str
    stay: float
    weight: int


def errands(customer: DemoCustomer, account_pin: str, banking_pin: str) -> Sequence[Errand]:
    """What that customer may want; `stay` is also how long they bear to wait for a person."""
    number = customer.accounts[0].number.reveal()
    banking = customer.banking_number.reveal()
    return (
        Errand("rates", "1", 20.0, 3),
        Errand(
            "balance", f"2 w3 {number}# w2 {account_pin}# w2 {banking}# w2 {banking_pin}#", 25.0, 3
        ),
        Errand("a person", "0", 90.0, 6),
        Errand("a complaint", "9", 120.0, 2),
        Errand("giving up", "0", 6.0, 1),
    )


class Crowd:
    """Everybody who uses the running hotline."""

    log = Logger()

    def __init__(
        self, reactor: Any, server: Endpoint, web: str, random: Random, folder: Path, talk: float
    ) -> None:
        self._reactor, self._server, self._web = reactor, server, web
        self._random, self._folder, self._talk = random, folder, talk
        self._demo = read_demo()
        self._engine = media_engine(reactor, server)
        self._engine.listener = self
        self._telephones: list[Telephone] = []
        self._counted: Counter[str] = Counter()
        self._calling: set[Deferred[None]] = set()

    # --- agents -----------------------------------------------------------------------------

    @asynccontextmanager
    async def agents(self, first: int, number: int) -> AsyncIterator[None]:
        """So many agents at the extensions from `first` on, signed in and ready."""
        async with AsyncExitStack() as everybody:
            everybody.push_async_callback(self._engine.shut_down)
            for extension in range(first, first + number):
                await everybody.enter_async_context(self._agent(str(extension)))
            yield

    @asynccontextmanager
    async def _agent(self, extension: str) -> AsyncIterator[None]:
        sounds = (voice(self._folder, pitch(extension)),)
        secret = f"demo-{extension}"

        def plan() -> Answering:
            answer_after = self._random.uniform(*ANSWER_SECONDS)
            return Answering(
                answer_after, self._random.expovariate(1 / self._talk) + 3, None, sounds
            )

        answerer = Answerer(self._reactor, lambda _: None, plan)
        async with open_telephone(
            self._reactor, extension, answerer, self._server, self._engine
        ) as telephone:
            self._telephones.append(telephone)
            await answerer.register(telephone, self._server, secret)
            async with Desk(self._reactor, self._web).staffed(extension, secret):
                yield

    # --- callers ----------------------------------------------------------------------------

    async def call(
        self, number: str, per_minute: float, minutes: float | None, say: Callable[[str], None]
    ) -> None:
        """Callers arrive at random (exponential gaps) until the time is over."""
        report = LoopingCall(lambda: say(self._standing()))
        report.clock = self._reactor
        report.start(REPORT_SECONDS, now=False)
        end = None if minutes is None else self._reactor.seconds() + 60 * minutes
        try:
            while end is None or self._reactor.seconds() < end:
                gap = self._random.expovariate(per_minute / 60)
                await deferLater(self._reactor, gap, lambda: None)
                self._send_out(number)
        finally:
            report.stop()
            leaving = list(self._calling)
            for each in leaving:
                each.cancel()
            await DeferredList(leaving)

    def _send_out(self, number: str) -> None:
        calling = Deferred.fromCoroutine(self._one(number))
        self._calling.add(calling)
        calling.addBoth(self._came_back, calling)

    def _came_back(self, result: Failure | None, calling: Deferred[None]) -> None:
        self._calling.discard(calling)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self.log.failure("A caller failed", result)

    async def _one(self, number: str) -> None:
        customer = self._random.choice(self._demo.customers)
        pins = self._demo.account_pin.reveal(), self._demo.banking_pin.reveal()
        wanted = errands(customer, *pins)
        errand = self._random.choices(wanted, [each.weight for each in wanted])[0]
        language = self._random.choice("1112")
        strokes = parse_keys(f"{language} {errand.keys}", PAUSE)
        sounds = (voice(self._folder, CALLER_PITCH),)
        plan = Dialling(number, strokes, errand.stay, None, sounds)
        caller = Caller(self._reactor, lambda _: None)
        self._counted[errand.name] += 1
        try:
            async with open_telephone(
                self._reactor, customer.customer.numbers[0], caller, self._server, self._engine
            ) as telephone:
                await caller.call(telephone, self._server, plan)
        finally:
            self._counted["answered" if caller.answered else "not answered"] += 1

    def _standing(self) -> str:
        ended = self._counted["answered"] + self._counted["not answered"]
        asked = ", ".join(
            f"{name} {count}"
            for name, count in sorted(self._counted.items())
            if name not in ("answered", "not answered")
        )
        refused = self._counted["not answered"]
        up = len(self._calling)
        return f"{up} calls up, {ended} ended ({refused} not answered); wanted: {asked}"

    # --- MediaListener ----------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """Nobody here listens to keys."""

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """What they say repeats until they hang up."""

    def recording_closed(self, leg: ConnectionId, path: Path, seconds: float) -> None:
        """Nobody here records."""

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Whose sound is gone hangs up."""
        for telephone in self._telephones:
            telephone.legs_lost(legs)
