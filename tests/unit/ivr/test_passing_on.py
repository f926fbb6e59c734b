"""Callers passed on to a number outside, and what becomes of those nobody answers for."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from cti.call.model import Cause, Party
from cti.kernel.document import DocumentError
from cti.kernel.identifiers import CallId, ConnectionId
from ivr.effects import PassedOn, PassOn, Played, Started
from ivr.events import FlowLeft
from ivr.flow import Passing, Transfer
from ivr.state import Phase
from tests.support.flows import small_flow
from tests.support.ivr_house import SHANGHAI, IvrHouse
from tests.support.walks import Walk

NUMBER = "01066668888"
TO_POLICE = """\
  first: {transfer: {number: "110", prompt: transfer.connecting, busy: said, no_answer: person,
          unreachable: failed}}
  said: {hang_up: {prompt: transfer.busy}}
"""


@pytest.fixture
def house() -> Iterator[IvrHouse]:
    house = IvrHouse(datetime(2026, 11, 23, 22, 0, tzinfo=SHANGHAI))
    yield house
    assert house.errors == []


def at_the_offer(house: IvrHouse) -> CallId:
    call_id = house.dial()
    house.calls.press(call_id, "1")
    house.calls.press(call_id, "10")
    return call_id


def outcomes(house: IvrHouse) -> list[str]:
    return [event.outcome for event in house.of(FlowLeft) if isinstance(event, FlowLeft)]


def called(house: IvrHouse, call_id: CallId) -> ConnectionId:
    call = house.calls.get(call_id)
    assert call is not None
    (outside,) = [each for each in call.connections if each.party is Party.CALLED]
    assert outside.device.id == NUMBER
    return outside.id


def open_at_night(house: IvrHouse) -> CallId:
    """The caller asked for the night desk and heard that they are passed on."""
    house.transfers["night_desk"] = NUMBER
    house.calls.outside.add(NUMBER)
    call_id = at_the_offer(house)
    assert house.heard(call_id) == ["closed.night_desk"]
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["transfer.connecting"]
    house.calls.finish_play(call_id)
    return call_id


def test_the_shipped_flow_offers_only_what_is_configured(house: IvrHouse) -> None:
    assert house.heard(at_the_offer(house)) == ["closed.nobody", "night.menu"]


def test_who_answers_takes_the_call(house: IvrHouse) -> None:
    call_id = open_at_night(house)
    house.calls.phone_rings(called(house, call_id))
    assert outcomes(house) == []
    house.calls.phone_answers(called(house, call_id))
    assert outcomes(house) == ["passed_on"]
    house.calls.press(call_id, "1")
    house.calls.hang_up(call_id)
    assert outcomes(house) == ["passed_on"]
    assert house.clock.getDelayedCalls() == []
    assert house.announcer.lent == []


@pytest.mark.parametrize(
    ("cause", "heard"),
    [
        (Cause.BUSY, ["transfer.busy", "night.menu"]),
        (Cause.REFUSED, ["transfer.busy", "night.menu"]),
        (Cause.NO_ANSWER, ["transfer.busy", "night.menu"]),
        (Cause.NETWORK, ["common.sorry", "night.menu"]),
    ],
)
def test_who_nobody_answers_for_comes_back(house: IvrHouse, cause: Cause, heard: list[str]) -> None:
    call_id = open_at_night(house)
    house.calls.phone_refuses(called(house, call_id), cause)
    assert house.heard(call_id) == heard
    assert outcomes(house) == []


def test_a_number_without_a_line_is_unreachable(house: IvrHouse) -> None:
    house.transfers["night_desk"] = NUMBER
    call_id = at_the_offer(house)
    house.calls.press(call_id, "1")
    house.calls.finish_play(call_id)
    assert house.heard(call_id) == ["common.sorry", "night.menu"]


def test_who_hangs_up_meanwhile_is_gone(house: IvrHouse) -> None:
    call_id = open_at_night(house)
    house.calls.hang_up(call_id)
    assert outcomes(house) == ["hung_up"]
    assert house.calls.get(call_id) is None


# --- the machine and its file -------------------------------------------------------------------


def test_the_announcement_is_heard_out_and_every_end_has_its_node(tmp_path: Path) -> None:
    for outcome, phase in (
        (Passing.ANSWERED, Phase.DONE),
        (Passing.BUSY, Phase.CLOSING),
        (Passing.NO_ANSWER, Phase.DONE),
        (Passing.UNREACHABLE, Phase.CLOSING),
    ):
        walk = Walk(small_flow(tmp_path, TO_POLICE))
        assert walk.hear(Started()) == ["transfer.connecting"]
        assert walk.press("15#*") == []
        assert walk.send(PassedOn(Passing.BUSY)) == []
        assert walk.send(Played()) == [PassOn("110", "")]
        walk.send(PassedOn(outcome))
        assert walk.state.phase is phase


def test_a_transfer_is_read(tmp_path: Path) -> None:
    node = small_flow(tmp_path, TO_POLICE).nodes["first"]
    assert isinstance(node, Transfer)
    assert (node.number, node.name) == ("110", "")
    assert node.outcomes[Passing.NO_ANSWER] == "person"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("transfer: {busy: person, no_answer: person, unreachable: person}", "needs one of"),
        ("transfer: {name: desk, busy: person, no_answer: person, unreachable: person}",
         "there is no transfer 'desk'; there are night_desk"),
        ("transfer: {number: me, busy: person, no_answer: person, unreachable: person}",
         "is no telephone number"),
        ("transfer: {number: 110, busy: person, no_answer: person}", "needs `unreachable`"),
        ("transfer: {number: 110, busy: person, no_answer: person, unreachable: first}",
         "goes round without a key"),
        ("branch: {on: transfer.nigth_desk, cases: {configured: person}, otherwise: person}",
         "did you mean 'night_desk'?"),
        ("branch: {on: transfer.night_desk, cases: {yes: person}, otherwise: person}",
         "is never 'yes'; it is one of configured"),
    ],
)  # fmt: skip
def test_mistakes_in_a_transfer(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(DocumentError) as error:
        small_flow(tmp_path, f"  first: {{{written}}}\n")
    assert message in str(error.value)
