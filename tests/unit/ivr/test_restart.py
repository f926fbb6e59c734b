"""Callers in a flow whose server was restarted: they begin anew, in their language."""

import pytest

from cti.call.events import CallCleared
from cti.call.model import Cause
from cti.kernel.identifiers import CallId
from cti.kernel.vocabulary import Language
from ivr.events import ChoiceMade, FlowEntered
from ivr.ports import Ports
from ivr.quiet import LONGEST, QUIET
from ivr.service import IvrService, flows_left
from tests.support.flows import shipped_flow
from tests.support.ivr_house import IvrHouse


@pytest.fixture
def house() -> IvrHouse:
    return IvrHouse()


def restart(house: IvrHouse, *flows: str, quiet: float = QUIET) -> None:
    """Another IVR takes up what happened so far; the one before hears nothing any more.

    The caller keys nothing for `quiet` seconds.
    """
    known = list(house.events)
    house.events.clear()
    ports: Ports = house.ivr._ports
    house.ivr._sessions.clear()
    house.ivr = IvrService({name: shipped_flow() for name in flows or ("main",)}, ports)
    house.ivr.take_up(known)
    house.clock.advance(quiet)


def path(house: IvrHouse, call_id: CallId) -> tuple[str, ...]:
    call = house.calls.get(call_id)
    assert call is not None
    return call.user_data.path


def test_who_chose_a_language_is_not_asked_again(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.press(call_id, "2")
    main_menu = house.heard(call_id)
    house.calls.press(call_id, "2")
    assert house.heard(call_id) != main_menu
    restart(house)
    assert house.heard(call_id) == main_menu
    assert path(house, call_id) == ("english",)
    call = house.calls.get(call_id)
    assert call is not None
    assert call.user_data.language is Language.ENGLISH
    assert [type(each) for each in house.of(FlowEntered)] == [FlowEntered]
    house.calls.press(call_id, "2")
    assert path(house, call_id)[0] == "english"
    assert len(path(house, call_id)) == 2
    assert not house.errors


def test_who_had_chosen_nothing_is_asked_from_the_start(house: IvrHouse) -> None:
    call_id = house.dial()
    first = house.heard(call_id)
    restart(house)
    assert house.heard(call_id) == first
    assert path(house, call_id) == ()


def test_what_was_hidden_is_hidden_no_more(house: IvrHouse) -> None:
    call_id = house.dial()
    house.calls.mask(call_id, True)
    restart(house)
    assert call_id not in house.calls.masked


def test_the_rest_of_a_pin_chooses_nothing_and_stays_hidden(house: IvrHouse) -> None:
    call_id = house.dial()
    for key in "22":
        house.calls.press(call_id, key)
    assert call_id in house.calls.masked
    restart(house, quiet=0)
    for key in "1234":
        house.clock.advance(0.9 * QUIET)
        house.calls.press(call_id, key)
        assert call_id in house.calls.masked
    house.clock.advance(QUIET)
    assert call_id not in house.calls.masked
    assert not house.of(ChoiceMade)
    assert path(house, call_id) == ("english",)
    house.calls.press(call_id, "0")
    (choice,) = house.of(ChoiceMade)
    assert isinstance(choice, ChoiceMade)
    assert choice.choice == "agent"


def test_who_never_stops_keying_is_heard_in_the_end(house: IvrHouse) -> None:
    call_id = house.dial()
    restart(house, quiet=0)
    pressed = 0
    while not house.of(ChoiceMade):
        house.clock.advance(QUIET / 2)
        house.calls.press(call_id, "1")
        pressed += 1
    assert pressed == LONGEST / (QUIET / 2)


def test_who_hangs_up_before_the_menu_begins_is_let_go(house: IvrHouse) -> None:
    call_id = house.dial()
    restart(house, quiet=0)
    house.calls.hang_up(call_id)
    house.clock.advance(LONGEST)
    assert not house.errors
    assert not house.clock.getDelayedCalls()


def test_a_flow_that_was_taken_away_lets_its_callers_go(house: IvrHouse) -> None:
    call_id = house.dial()
    restart(house, "another")
    (over,) = house.of(CallCleared)
    assert isinstance(over, CallCleared)
    assert (over.call_id, over.cause) == (call_id, Cause.INTERRUPTED)


def test_who_was_handed_over_or_left_is_in_no_flow(house: IvrHouse) -> None:
    waiting, gone, there = house.dial(), house.dial(), house.dial()
    house.calls.press(waiting, "1")
    house.calls.press(waiting, "0")
    assert house.queues.queued
    house.calls.hang_up(gone)
    assert flows_left(house.events) == {there: "main"}


def test_who_was_called_by_the_house_goes_on_too(house: IvrHouse) -> None:
    call_id = house.call_out("13800138000")
    house.calls.press(call_id, "1")
    house.restart(list(house.events))
    house.clock.advance(QUIET)
    assert house.heard(call_id) == ["reply.hello"]
