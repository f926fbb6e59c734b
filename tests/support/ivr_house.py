"""The IVR on fakes: callers, an announcer that names its sounds, a queue, a directory, a bank."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from cti.kernel.bus import Bus
from cti.kernel.calendar import Span, WorkingCalendar
from cti.kernel.errors import Refused
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.ports import QueueRequest
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Sex
from ivr.bank.port import BankGateway
from ivr.filing import Filing
from ivr.ports import Ports
from ivr.service import IvrService
from prompts.announcer import LIMIT
from prompts.catalogue import Announcement, load_catalogue
from tests.support.fake_bank import CUSTOMER, FakeBank
from tests.support.fake_calls import FakeCalls
from tests.support.fake_tickets import FakeReplies, FakeTickets
from tests.support.flows import shipped_flow

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
SERVICE_HOURS = WorkingCalendar(
    "service",
    SHANGHAI,
    ((Span.parse("08:00-20:00"),),) * 7,
    holidays={datetime(2027, 1, 1, tzinfo=SHANGHAI).date(): "元旦"},
)
TONE = Path("tone")
CATALOGUE = load_catalogue()
KNOWN_NUMBER = "13800000101"
WANG = Customer(
    CUSTOMER,
    {Language.CHINESE: "王建国", Language.ENGLISH: "Wang Jianguo"},
    Sex.MALE,
    (KNOWN_NUMBER,),
    ServiceLevel.SPECIAL,
    Language.CHINESE,
)


@dataclass
class NamingAnnouncer:
    """Names each sound by language and id; a test can hold sounds back or have them fail.

    `spoken` are the words, so a value that cannot be read out in that language fails the test;
    `limits` how long each was waited for.
    """

    spoken: list[str] = field(default_factory=list)
    lent: list[Path] = field(default_factory=list)
    held: list[Callable[[], None]] | None = None
    broken: bool = False
    unspeakable: str = ""
    """A sentence with these words is left out."""
    limits: list[float] = field(default_factory=list)

    def sounds(
        self, announcements: Sequence[Announcement], language: Language, limit: float = LIMIT
    ) -> Deferred[list[Path]]:
        if self.broken:
            return fail(OSError("no voice"))
        self.limits.append(limit)
        words = [CATALOGUE.text(each, language) for each in announcements]
        self.spoken += words
        paths = [
            Path(language.value, each.id)
            for each, said in zip(announcements, words, strict=True)
            if not self.unspeakable or self.unspeakable not in said
        ]
        self.lent += paths
        if self.held is None:
            return succeed(paths)
        later: Deferred[list[Path]] = Deferred()
        self.held.append(lambda: later.callback(paths))
        return later

    def tone(self) -> Path:
        self.lent.append(TONE)
        return TONE

    def release(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self.lent.remove(path)


@dataclass
class OneCustomer:
    """A directory of one customer, which can be slow or broken."""

    slow: Deferred[Customer | None] | None = None
    broken: bool = False

    def by_number(self, number: str) -> Deferred[Customer | None]:
        if self.broken:
            return fail(OSError("no directory"))
        return self.slow or succeed(WANG if number == KNOWN_NUMBER else None)

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:
        return succeed(WANG if customer_id == CUSTOMER else None)


@dataclass
class NotingQueues:
    """Notes who was queued, and greets them; refuses everybody when closed."""

    calls: FakeCalls
    announcer: NamingAnnouncer
    queued: list[tuple[CallId, QueueRequest]] = field(default_factory=list)
    closed: bool = False

    def enqueue(self, call_id: CallId, request: QueueRequest) -> None:
        if self.closed:
            raise Refused("queue.unknown", queue=request.queue_id)
        self.queued.append((call_id, replace(request, greeting=())))
        greeted = self.calls.play(call_id, request.greeting)
        greeted.addCallback(lambda _: self.announcer.release(request.greeting))


class IvrHouse:
    """A house of fakes around a real IVR; time stands still until `clock.advance`."""

    def __init__(self, now: datetime = MONDAY_MORNING, bank: BankGateway | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(now.timestamp())
        self.errors: list[BaseException] = []
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        self.events: list[Event] = []
        self.bus.subscribe(Event, self.events.append)
        self.calls = FakeCalls(self.bus, self.clock)
        self.announcer = NamingAnnouncer()
        self.customers = OneCustomer()
        self.bank, self.tickets, self.replies = FakeBank(), FakeTickets(), FakeReplies()
        self.queues = NotingQueues(self.calls, self.announcer)
        self.transfers: dict[str, str] = {"night_desk": ""}
        ports = Ports(
            self.calls,
            self.announcer,
            self.customers,
            bank or self.bank,
            self.tickets,
            self.replies,
            self.queues,
            {"service": SERVICE_HOURS},
            self.bus,
            self.clock,
            self.transfers,
        )
        names = ("main", "verify", "self_service", "voicemail", "reply_call")
        self.flows = {name: shipped_flow(name) for name in names}
        self.ivr = IvrService(self.flows, ports)
        self.filing = Filing(self.tickets, self.customers, self.bus, self.clock)
        self._ports = ports

    def restart(self, history: Sequence[Event]) -> None:
        """Another server takes up the calls that are up, by what the journal tells."""
        for timer in self.clock.getDelayedCalls():
            timer.cancel()
        self.bus = Bus(lambda _event, error: self.errors.append(error))
        self.bus.subscribe(Event, self.events.append)
        self.calls.speak_on(self.bus)
        self.filing = Filing(self.tickets, self.customers, self.bus, self.clock)
        self.ivr = IvrService(self.flows, replace(self._ports, bus=self.bus))
        self.ivr.take_up(history)

    def dial(self, calling: str = "13900000000") -> CallId:
        """A call arrives and the flow takes it."""
        call_id = self.calls.dial(calling)
        self.ivr.take(call_id, "main")
        return call_id

    def call_out(self, number: str) -> CallId:
        """The house calls somebody, who answers, and a flow takes the call."""
        self.calls.outside.add(number)
        call_id = self.calls.originate(number, lambda each: self.ivr.take(each, "reply_call"))
        call = self.calls.get(call_id)
        assert call is not None
        assert call.customer is not None
        self.calls.phone_answers(call.customer.id)
        return call_id

    def heard(self, call_id: CallId) -> list[str]:
        """The ids of what plays to the caller."""
        return [path.name for path in self.calls.playing.get(call_id, ())]

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of that class, in order."""
        return [event for event in self.events if isinstance(event, kind)]
