"""A house full of people: agents who answer, and callers who want something."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from config.cli.crew import ALL_DOING, DemoAgent, Workplace
from config.cli.errands import errands
from config.cli.telephones import open_telephone, voice
from config.demo.read import read_demo
from cti.kernel.identifiers import ConnectionId
from cti.kernel.vocabulary import Language
from cti.keying import parse_keys
from cti.media.port import PlayOutcome
from cti.people import Caller, Dialling
from cti.telephone import Telephone

ANSWER_SECONDS = 1.0
"""A house that takes longer has not answered."""
PAUSE = 2.5
CALLER_PITCH = 300.0
LANGUAGE_KEYS = {Language.CHINESE: "1", Language.ENGLISH: "2"}
PATIENCE = (0.6, 1.4)
"""How people differ in the time they stay, as factors."""


class Crowd:
    """Everybody who uses the running hotline."""

    log = Logger()

    def __init__(self, workplace: Workplace, random: Random) -> None:
        self._workplace, self._random = workplace, random
        self._reactor, self._engine = workplace.reactor, workplace.engine
        self._engine.listener = self
        self._demo = read_demo()
        self._agents: list[DemoAgent] = []
        self._telephones: set[Telephone] = set()
        self._wanted: Counter[str] = Counter()
        self._unanswered = 0
        self._calling: set[Deferred[None]] = set()

    # --- agents -----------------------------------------------------------------------------

    @asynccontextmanager
    async def agents(self, first: int, number: int, talk: float) -> AsyncIterator[None]:
        """So many agents at the extensions from `first` on, signed in and ready.

        `talk` is the mean of a conversation's seconds.
        """
        async with AsyncExitStack() as everybody:
            everybody.push_async_callback(self._engine.shut_down)
            for extension in range(first, first + number):
                agent = DemoAgent(self._workplace, str(extension), self._random, talk)
                await everybody.enter_async_context(agent.at_work())
                self._agents.append(agent)
            yield

    # --- callers ----------------------------------------------------------------------------

    async def call(self, number: str, per_minute: float, minutes: float | None) -> None:
        """Callers arrive at random (exponential gaps) until the time is over, then hang up."""
        end = None if minutes is None else self._reactor.seconds() + 60 * minutes
        try:
            while (left := self._left(end)) is None or left > 0:
                gap = self._random.expovariate(per_minute / 60)
                await deferLater(self._reactor, gap if left is None else min(gap, left), _nothing)
                if left is None or gap < left:
                    self._send_out(number)
        finally:
            leaving = list(self._calling)
            for each in leaving:
                each.cancel()
            await DeferredList(leaving)

    def _left(self, end: float | None) -> float | None:
        return None if end is None else end - self._reactor.seconds()

    def _send_out(self, number: str) -> None:
        calling = Deferred.fromCoroutine(self._one(number))
        self._calling.add(calling)
        calling.addBoth(self._came_back, calling)

    def _came_back(self, result: Failure | None, calling: Deferred[None]) -> None:
        self._calling.discard(calling)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self.log.failure("A caller failed", result)

    async def _one(self, number: str) -> None:
        random = self._random
        customer = random.choice(self._demo.customers)
        wanted = errands(customer, self._demo.account_pin, self._demo.banking_pin)
        errand = random.choices(wanted, [each.weight for each in wanted])[0]
        language = LANGUAGE_KEYS[customer.customer.language]
        strokes = parse_keys(f"{language} {errand.keys}", PAUSE)
        sounds = (voice(self._workplace.folder, CALLER_PITCH),)
        stay = errand.stay * random.uniform(*PATIENCE)
        plan = Dialling(number, strokes, stay, None, sounds)
        caller = Caller(self._reactor, lambda _: None)
        self._wanted[errand.name] += 1
        began = self._reactor.seconds()
        try:
            async with self._telephone(customer.customer.numbers[0], caller) as telephone:
                await caller.call(telephone, self._workplace.server, plan)
        finally:
            # Who is sent home as soon as they dialled says nothing of the house.
            waited = self._reactor.seconds() - began
            self._unanswered += not caller.answered and waited > ANSWER_SECONDS

    @asynccontextmanager
    async def _telephone(self, number: str, caller: Caller) -> AsyncIterator[Telephone]:
        server = self._workplace.server
        async with open_telephone(self._reactor, number, caller, server, self._engine) as telephone:
            self._telephones.add(telephone)
            try:
                yield telephone
            finally:
                self._telephones.discard(telephone)

    # --- how it goes ------------------------------------------------------------------------

    def standing(self) -> str:
        """Everybody at this moment, in a line."""
        doing = Counter(agent.doing for agent in self._agents)
        agents = "  ".join(f"{what} {doing[what]:2}" for what in ALL_DOING)
        unanswered = f", {self._unanswered} not answered" if self._unanswered else ""
        callers = f"callers {len(self._calling)}, so far {self._wanted.total()}"
        return f"{agents} | {callers}{unanswered}"

    def summary(self) -> Iterator[str]:
        """What it was in the end, in lines."""
        if not self._wanted:
            return
        served = sum(agent.served for agent in self._agents)
        yield (
            f"{self._wanted.total()} calls, {self._unanswered} not answered, "
            f"{served} served by agents"
        )
        for name, number in self._wanted.most_common():
            yield f"  {number:4}  {name}"

    # --- MediaListener ----------------------------------------------------------------------

    def key_pressed(self, leg: ConnectionId, key: str) -> None:
        """Nobody here listens to keys."""

    def play_ended(self, leg: ConnectionId, play: int, outcome: PlayOutcome) -> None:
        """What they say repeats until they hang up."""

    def recording_closed(
        self, leg: ConnectionId, path: object, seconds: float, digest: str
    ) -> None:
        """Nobody here records."""

    def legs_lost(self, legs: Sequence[ConnectionId]) -> None:
        """Whose sound is gone hangs up."""
        for telephone in (*self._telephones, *(agent.telephone for agent in self._agents)):
            telephone.legs_lost(legs)


def _nothing() -> None:
    """What is to be done when a pause is over."""
