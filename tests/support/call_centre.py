"""A small call centre on fakes: agents, queues, telephones, a journal and a clock moved by hand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from agents.acd.outflow import WaitingPorts
from agents.acd.rules import rules_from
from agents.dialling import RIGHTS
from agents.model import AgentSettings, Queue, Staff
from agents.repository import Credentials
from agents.roster import Roster
from agents.service import AgentService
from agents.telephony import Telephony
from agents.workplaces import WorkplaceFacts
from cti.call.model import Cause, Connection, ConnectionState, Party
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, CustomerId, DeviceId, QueueId, StaffId
from cti.kernel.ports import AgentDay, CallSummary, QueueRequest
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, Role, ServiceLevel, Situation
from cti.trunks.numbers import Numbers, NumberSettings, Reach
from customers.model import Customer
from prompts.catalogue import Announcement
from tests.support.databases import DirectDatabase
from tests.support.fake_calls import FakeCalls

E = TypeVar("E", bound=Event)

GENERAL, COMPLAINTS = QueueId("general"), QueueId("complaints")
MUSIC = Path("music.wav")
RINGING = (ConnectionState.INITIATED, ConnectionState.ALERTING)
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

QUEUES = [
    Queue(
        GENERAL,
        {Language.CHINESE: "普通", Language.ENGLISH: "General"},
        rules_from({"demand": "general"}),
    ),
    Queue(
        COMPLAINTS,
        {Language.CHINESE: "投诉", Language.ENGLISH: "Complaints"},
        rules_from({"demand": "complaints"}),
    ),
]


class FakeSounds:
    """Announcements as paths that tell their words; `late` makes them wait for `arrive`."""

    def __init__(self) -> None:
        self.late = False
        self.pending: list[tuple[Deferred[list[Path]], list[Path]]] = []
        self.released: list[Path] = []

    def music(self) -> Path:
        return MUSIC

    def sounds(
        self, announcements: Sequence[Announcement], language: Language
    ) -> Deferred[list[Path]]:
        paths = [Path(language.value) / each.id for each in announcements]
        if not self.late:
            return succeed(paths)
        deferred: Deferred[list[Path]] = Deferred()
        self.pending.append((deferred, paths))
        return deferred

    def arrive(self) -> None:
        deferred, paths = self.pending.pop(0)
        deferred.callback(paths)

    def release(self, paths: Sequence[Path]) -> None:
        self.released.extend(paths)


PAST_CALL = CallSummary(
    CallId("old"), datetime(2026, 3, 2, 4, 0, tzinfo=UTC), 184.0, "answered", "李娜", ("account",)
)


class FakeHistory:
    """Implements `CallHistoryPort`."""

    def __init__(self) -> None:
        self.numbers: dict[CallId, str] = {}

    def last_calls(self, customer_id: CustomerId, limit: int = 5) -> Deferred[list[CallSummary]]:
        del customer_id
        return succeed([PAST_CALL][:limit])

    def number_of(self, call_id: CallId) -> Deferred[str]:
        return succeed(self.numbers.get(call_id, ""))


class CallCentre:
    """Agents ``a``, ``b``, ... with extensions 1001, 1002, ... and the skill levels given."""

    def __init__(
        self,
        agents: Mapping[str, Mapping[str, int]],
        settings: AgentSettings | None = None,
        clock: Any = None,
        queues: Sequence[Queue] = QUEUES,
        ports: WaitingPorts | None = None,
        may_dial: frozenset[Reach] = frozenset(RIGHTS),
        facts: WorkplaceFacts | None = None,
    ) -> None:
        self.clock = clock or noon()
        self._facts = facts
        self.errors: list[BaseException] = []
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        self.journal: list[Event] = []
        self.bus.subscribe(Event, self.journal.append)
        self.calls = FakeCalls(self.bus, self.clock)
        self.sounds = FakeSounds()
        self.database = DirectDatabase()
        self.roster = Roster(self.database, QUICK_HASHER)
        self.extensions = {name: DeviceId(str(1001 + i)) for i, name in enumerate(agents)}
        people = [
            Staff(
                StaffId(name),
                login=name,
                name=name.upper(),
                roles=frozenset({Role.AGENT}),
                extension=self.extensions[name],
                skills=skills,
                languages=frozenset(Language),
                may_dial=may_dial,
            )
            for name, skills in agents.items()
        ]
        self.roster.know([Credentials(one, Secret(""), None) for one in people], queues)
        self._ports = ports
        self._settings, self._tokens = settings or AgentSettings(), count(1)
        self.in_page: Callable[[DeviceId], bool] = lambda _: False
        """Which telephones are those of pages; the next service is told."""
        self.days: dict[AgentId, AgentDay] = {}
        """What agents have done today."""
        self.customers: dict[str, Customer] = {}
        """Whose numbers the directory knows."""
        self.history = FakeHistory()
        self.service = self._new_service()
        self.service.start()

    @property
    def telephony(self) -> Telephony:
        """Call control for the agents who work here now."""
        return Telephony(
            clock=self.clock,
            bus=self.bus,
            control=self.calls,
            workplaces=self.service.workplaces,
            queues=self.service,
            numbers=Numbers(NumberSettings()),
            find_customer=lambda number: succeed(self.customers.get(number)),
            history=self.history,
        )

    def _new_service(self) -> AgentService:
        return AgentService(
            clock=self.clock,
            bus=self.bus,
            control=self.calls,
            roster=self.roster,
            database=self.database,
            sounds=self.sounds,
            settings=self._settings,
            in_page=self.in_page,
            ports=self._ports,
            entropy=lambda _size: f"offer-{next(self._tokens)}",
            facts=self._facts,
            day_of=lambda agent_id: self.days.get(agent_id, AgentDay()),
        )

    def restart(self, away: float = 0.0) -> None:
        """Another server takes up what this one left; telephones that rang ring no more."""
        self.service.stop(leaving=True)
        self.clock.advance(away)
        self.service = self._new_service()
        self.service.start(self.journal)
        for call in self.calls.calls():
            for each in call.connections:
                if each.party is not Party.CALLER and each.state in RINGING:
                    self.calls.phone_refuses(each.id, Cause.INTERRUPTED)
        self.service.take_up()

    def ready(self, *names: str) -> None:
        """Those agents' phones register, they sign in and are ready, one second apart."""
        for name in names:
            self.calls.register(self.extensions[name])
            self.service.sign_in(AgentId(name))
            self.service.set_ready(AgentId(name))
            self.clock.advance(1)

    def call(
        self,
        queue_id: QueueId = GENERAL,
        language: Language = Language.CHINESE,
        level: ServiceLevel = ServiceLevel.UNIFORM,
        situation: Situation = Situation.ORDINARY,
        calling: str = "13800138000",
    ) -> CallId:
        """Somebody dials, is answered and queued."""
        call_id = self.calls.dial(calling)
        self.calls.answer(call_id)
        self.service.enqueue(call_id, QueueRequest(queue_id, language, level, situation))
        return call_id

    def queue(self, call_id: CallId) -> None:
        """The caller is answered and waits in the general queue, as who they are."""
        self.calls.answer(call_id)
        call = self.calls.get(call_id)
        assert call is not None
        request = QueueRequest(GENERAL, Language.CHINESE, call.user_data.service_level)
        self.service.enqueue(call_id, request)

    def phone(self, call_id: CallId) -> Connection:
        """The agent's telephone in that call."""
        call = self.calls.get(call_id)
        assert call is not None
        assert call.agent is not None
        return call.agent

    def answer(self, call_id: CallId) -> None:
        """The agent whose phone rings for the call takes it."""
        connection = self.phone(call_id)
        self.calls.phone_rings(connection.id)
        self.calls.phone_answers(connection.id)

    def events(self, kind: type[E]) -> list[E]:
        """What happened of that kind, in order."""
        return [event for event in self.journal if isinstance(event, kind)]


def noon() -> Clock:
    """A clock of some day, moved by hand."""
    clock = Clock()
    clock.advance(1_700_000_000)
    return clock
