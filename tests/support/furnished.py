"""Consoles with their desk: customers, codes, colleagues and the day, on fakes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from twisted.internet.defer import Deferred, succeed

from agents.desk.codes import Code, CodeTree, Need
from agents.desk.desk import Desk
from agents.model import AgentSettings
from agents.repository import NewStaff, store_staff_txn
from config.desks import DeskRooms, furnish
from cti.kernel.identifiers import AgentId, CustomerId, QueueId
from cti.kernel.money import Money
from cti.kernel.ports import AgentDay, Product
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.model import Customer, Sex
from customers.repository import store_customer_txn
from tests.support.call_centre import QUICK_HASHER, CallCentre, FakeHistory
from tests.support.console_pages import Page
from tests.support.consoles import ConsoleHouse
from tests.support.deferred import result_of

WANG = Customer(
    customer_id=CustomerId("c1"),
    names={Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"},
    sex=Sex.FEMALE,
    numbers=("13800000101",),
    service_level=ServiceLevel.SPECIAL,
    language=Language.CHINESE,
    do_not_call=True,
)
MILLER = Customer(
    customer_id=CustomerId("c2"),
    names={Language.CHINESE: "米勒", Language.ENGLISH: "Miller"},
    sex=Sex.MALE,
    numbers=("13800000101", "1080000001"),
    service_level=ServiceLevel.UNIFORM,
    language=Language.ENGLISH,
)
PRODUCTS = (
    Product("account", "0101", Money(Decimal("1234.50")), Money(Decimal("1000.00"))),
    Product("debit", "8475", lost=True),
)


def named(code: str, *needs: Need, queues: Sequence[str] = (), below: Sequence[Code] = ()) -> Code:
    """A code whose names are made of its own word."""
    names = {Language.CHINESE: f"中{code}", Language.ENGLISH: code.title()}
    only = frozenset(QueueId(each) for each in queues)
    return Code(code, names, frozenset(needs), only, tuple(below))


CODES = CodeTree(
    (
        named("card", below=[named("card.lost"), named("card.dispute", Need.NOTE)]),
        named("promised", Need.FOLLOW_UP),
        named("complaint", queues=["complaints"], below=[named("complaint.urged")]),
    )
)


class FakeCustomers:
    """Implements `CustomerFinder` on two customers who share a telephone."""

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:
        return succeed({each.customer_id: each for each in (WANG, MILLER)}.get(customer_id))

    def all_by_number(self, number: str) -> Deferred[list[Customer]]:
        return succeed([each for each in (WANG, MILLER) if number in each.numbers])


class FakeProducts:
    """Implements `ProductPort`; `asked` tells for whom products were looked up."""

    def __init__(self) -> None:
        self.asked: list[CustomerId] = []
        self.locked: datetime | None = None
        self.late: list[Deferred[Sequence[Product]]] | None = None

    def products(self, customer_id: CustomerId) -> Deferred[Sequence[Product]]:
        self.asked.append(customer_id)
        if self.late is None:
            return succeed(PRODUCTS)
        later: Deferred[Sequence[Product]] = Deferred()
        self.late.append(later)
        return later

    def locked_until(self, customer_id: CustomerId) -> Deferred[datetime | None]:
        del customer_id
        return succeed(self.locked)


class FakeFigures:
    """Implements `AgentDayPort`."""

    def __init__(self) -> None:
        self.day = AgentDay()

    def day_of(self, agent_id: AgentId) -> AgentDay:
        del agent_id
        return self.day


class FurnishedHouse(ConsoleHouse):
    """A console house whose agents have a desk."""

    def __init__(self, *, code_required: bool = False, centre: CallCentre | None = None) -> None:
        self.products, self.figures = FakeProducts(), FakeFigures()
        skills = {"a": {"general": 5}, "b": {"complaints": 5}}
        super().__init__(centre or CallCentre(skills, AgentSettings(code_required=code_required)))

    def furnish(self) -> None:
        """Every agent has a desk."""
        centre = self.centre
        for customer in (WANG, MILLER):
            result_of(centre.database.run(store_customer_txn, customer))
        result_of(centre.database.run(store_staff_txn, staff_of(centre), "house", QUICK_HASHER))
        rooms = DeskRooms(
            agents=centre.service,
            names=centre.roster,
            customers=FakeCustomers(),
            products=self.products,
            tickets=self.tickets,
            history=FakeHistory(),
            figures=self.figures,
            control=centre.calls,
            database=centre.database,
            bus=centre.bus,
            clock=centre.clock,
            codes=CODES,
            zone=UTC,
        )
        making = Deferred.fromCoroutine(furnish(self.console, self.frame, rooms))
        self.desk: Desk = result_of(making)

    def restarted(self) -> "FurnishedHouse":
        """The house after a restart, with nothing but what the centre keeps."""
        self.desk.stop()
        self.console.stop()
        self.centre.restart()
        return FurnishedHouse(centre=self.centre)

    def page(self, name: str = "a") -> Page:
        """That agent's page."""
        return Page(self.browser(name).socket("/console/live"))

    def later(self, **time: float) -> str:
        """An instant so much after now, as a page writes it."""
        now = datetime.fromtimestamp(self.centre.clock.seconds(), UTC)
        return (now + timedelta(**time)).isoformat()


def staff_of(centre: CallCentre) -> list[NewStaff]:
    """The agents as they stand in the table."""
    return [NewStaff(each, Secret("x"), Secret("x")) for each in centre.roster.agents()]
