"""Who hears of an event, in which order, and what looking for them costs."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cti.kernel.bus import Bus
from cti.kernel.events import Event

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung(Event):
    """A bell was rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungTwice(Rung):
    """And again."""


def quiet() -> tuple[Bus, list[BaseException]]:
    errors: list[BaseException] = []
    return Bus(lambda _event, error: errors.append(error)), errors


def test_who_asked_for_a_class_hears_of_those_derived_from_it_in_order_of_asking() -> None:
    bus, _ = quiet()
    heard: list[str] = []
    bus.subscribe(Event, lambda _: heard.append("all"))
    bus.subscribe(RungTwice, lambda _: heard.append("twice"))
    bus.subscribe(Rung, lambda _: heard.append("rung"))
    bus.publish(Rung(at=NOON))
    assert heard == ["all", "rung"]
    bus.publish(RungTwice(at=NOON))
    assert heard[2:] == ["all", "twice", "rung"]


def test_who_asks_later_hears_what_comes_later_and_who_asks_no_more_nothing() -> None:
    bus, _ = quiet()
    first: list[Event] = []
    second: list[Event] = []
    leave = bus.subscribe(Rung, first.append)
    bus.publish(Rung(at=NOON))
    bus.subscribe(Rung, second.append)
    bus.publish(Rung(at=NOON))
    leave()
    leave()
    bus.publish(Rung(at=NOON))
    assert (len(first), len(second)) == (2, 2)


def test_who_leaves_while_an_event_is_told_hears_that_one_still() -> None:
    bus, _ = quiet()
    heard: list[Event] = []
    bus.subscribe(Rung, lambda _: leave())
    leave = bus.subscribe(Rung, heard.append)
    bus.publish(Rung(at=NOON))
    bus.publish(Rung(at=NOON))
    assert len(heard) == 1


def test_an_event_published_by_a_listener_comes_after_the_one_before_it() -> None:
    bus, _ = quiet()
    heard: list[str] = []

    def ring_again(event: Rung) -> None:
        heard.append(f"first {type(event).__name__}")
        if not isinstance(event, RungTwice):
            bus.publish(RungTwice(at=NOON))

    bus.subscribe(Rung, ring_again)
    bus.subscribe(Rung, lambda event: heard.append(f"second {type(event).__name__}"))
    bus.publish(Rung(at=NOON))
    assert heard == ["first Rung", "second Rung", "first RungTwice", "second RungTwice"]


def test_an_error_of_one_listener_keeps_nobody_from_hearing() -> None:
    bus, errors = quiet()
    heard: list[Event] = []

    def stumble(_event: Event) -> None:
        raise ValueError("stumbled")

    bus.subscribe(Rung, stumble)
    bus.subscribe(Rung, heard.append)
    bus.publish(Rung(at=NOON))
    assert len(heard) == 1
    assert [type(each) for each in errors] == [ValueError]


def test_who_hears_is_looked_for_once_for_each_class_of_events() -> None:
    bus, _ = quiet()
    looked = [0]

    class Looked(type):
        def __subclasscheck__(cls, subclass: type) -> bool:
            looked[0] += 1
            return super().__subclasscheck__(subclass)

    class Nothing(Event, metaclass=Looked):
        """Nobody publishes that."""

    for _each in range(30):
        bus.subscribe(Nothing, lambda _: None)
    for _each in range(5):
        bus.publish(Rung(at=NOON))
    assert looked[0] == 30
