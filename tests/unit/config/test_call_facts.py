from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from config import call_facts
from config.call_facts import RememberedCalls
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel
from customers.directory import Directory
from customers.model import Customer, Sex
from tests.support.databases import DirectDatabase
from tests.support.fake_calls import FakeCalls

LI = Customer(
    CustomerId("c1"),
    {Language.CHINESE: "李雷", Language.ENGLISH: "Li Lei"},
    Sex.MALE,
    ("13800138000",),
    ServiceLevel.SPECIAL,
    Language.CHINESE,
    address="北京路 1 号",
)


class SlowDirectory(Directory):
    """Answers when told to."""

    def __init__(self) -> None:
        super().__init__(DirectDatabase())
        self.asked: list[Deferred[Customer | None]] = []

    def by_id(self, customer_id: CustomerId) -> Deferred[Customer | None]:  # noqa: ARG002
        self.asked.append(Deferred())
        return self.asked[-1]


class Rig:
    def __init__(self) -> None:
        def fail(_event: Event, error: BaseException) -> None:
            raise error

        bus = Bus(fail)
        self.calls = FakeCalls(bus, Clock())
        self.directory = SlowDirectory()
        self.remembered = RememberedCalls(bus, self.calls, self.directory)

    def known_call(self) -> CallId:
        call_id = self.calls.dial("13800138000")
        self.calls.attach(
            call_id, customer_id=LI.customer_id, customer_name="李雷", path=("mandarin",)
        )
        return call_id


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    for asked in rig.directory.asked:
        asked.addErrback(lambda _: None)


def test_unknown_caller_is_known_by_number(rig: Rig) -> None:
    facts = rig.remembered.facts(rig.calls.dial("13900139000"))
    assert facts is not None
    assert (facts.number, facts.customer_id, facts.path) == ("13900139000", None, ())
    assert rig.directory.asked == []


def test_customer_and_path_are_there_at_once_and_the_address_follows(rig: Rig) -> None:
    call_id = rig.known_call()
    facts = rig.remembered.facts(call_id)
    assert facts is not None
    assert (facts.name, facts.path, facts.address) == ("李雷", ("mandarin",), "")
    rig.directory.asked[0].callback(LI)
    facts = rig.remembered.facts(call_id)
    assert facts is not None
    assert facts.address == "北京路 1 号"


def test_more_of_the_path_asks_for_the_address_only_once(rig: Rig) -> None:
    call_id = rig.known_call()
    rig.directory.asked[0].callback(LI)
    rig.calls.attach(call_id, path=("mandarin", "complaint"))
    facts = rig.remembered.facts(call_id)
    assert facts is not None
    assert (facts.path, facts.address) == (("mandarin", "complaint"), "北京路 1 号")
    assert len(rig.directory.asked) == 1


def test_facts_outlive_the_call_but_not_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_facts, "REMEMBERED", 2)
    call_id = rig.known_call()
    rig.calls.hang_up(call_id)
    assert rig.remembered.facts(call_id) is not None
    rig.calls.dial("1")
    rig.calls.dial("2")
    assert rig.remembered.facts(call_id) is None
    assert rig.remembered.facts(CallId("never")) is None


def test_address_that_cannot_be_read_is_left_out(rig: Rig) -> None:
    call_id = rig.known_call()
    rig.directory.asked[0].errback(RuntimeError("the database is gone"))
    facts = rig.remembered.facts(call_id)
    assert facts is not None
    assert facts.address == ""
