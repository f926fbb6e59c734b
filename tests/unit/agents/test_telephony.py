"""What agents do with calls from the console, and what they are refused and why."""

from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred

from agents.actions import Action, possible
from agents.events import AgentState, CallQueued, DoNotCallOverridden
from agents.telephony import Telephony
from cti.call.control import Snoop
from cti.call.events import Parked, UserDataAttached
from cti.call.model import Call, ConnectionState, Party
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, CustomerId, DeviceId
from cti.kernel.vocabulary import Language, ServiceLevel, Situation
from cti.trunks.numbers import Reach
from customers.model import Customer, Sex
from tests.support.call_centre import COMPLAINTS, CallCentre
from tests.support.deferred import result_of

A, B = AgentId("a"), AgentId("b")
OUTSIDE = "13700137000"
CONNECTED, HOLD = ConnectionState.CONNECTED, ConnectionState.HOLD


@pytest.fixture
def centre() -> CallCentre:
    return build()


def build(*rights: Reach) -> CallCentre:
    may_dial = frozenset(rights or (Reach.INTERNAL, Reach.MOBILE))
    centre = CallCentre(
        {"a": {"general": 5}, "b": {"complaints": 5}, "c": {"complaints": 3}}, may_dial=may_dial
    )
    centre.calls.outside.add(OUTSIDE)
    centre.ready("a", "b")
    return centre


def call_of(centre: CallCentre, call_id: CallId) -> Call:
    call = centre.calls.get(call_id)
    assert call is not None
    return call


def devices(centre: CallCentre, call_id: CallId) -> dict[str, ConnectionState]:
    return {each.device.id: each.state for each in call_of(centre, call_id).connections}


def answered(centre: CallCentre) -> CallId:
    call_id = centre.call()
    centre.answer(call_id)
    return call_id


def ring(centre: CallCentre, device: str, *, answer: bool = True) -> None:
    """That device rings, and answers."""
    everybody = [each for call in centre.calls.calls() for each in call.connections]
    (found,) = [
        each for each in everybody if each.device.id == device and each.state.value != "connected"
    ]
    centre.calls.phone_rings(found.id)
    if answer:
        centre.calls.phone_answers(found.id)


def why(refused: Callable[[], object]) -> str:
    """The reason for which it is refused."""
    with pytest.raises(Refused) as caught:
        refused()
    return caught.value.error_id.removeprefix("console.why.")


def why_later(asked: Callable[[], object]) -> str:
    return why(lambda: result_of(Deferred.fromCoroutine(asked())))  # type: ignore[arg-type]


def can(centre: CallCentre, agent_id: AgentId = A) -> set[str]:
    """What the agent's page shows as possible."""
    return {action for action, reason in centre.service.view(agent_id).can.items() if not reason}


STATES = {"sign_out", "ready", "not_ready"}
TALKING = {"next", "hang_up", "hold", "mute", "keys", "transfer", "transfer_queue", "consult"}
LENDING = {"verify", "self_service"}
PAIR = {"complete", "conference", "reconnect", "alternate"}


def test_what_is_possible_follows_the_call(centre: CallCentre) -> None:
    assert can(centre) == STATES | {"dial", "call_back"}
    call_id = centre.call()
    ring(centre, "1001", answer=False)
    assert can(centre) == STATES | {"next", "reject"}
    assert centre.service.view(A).can["answer"] == "answer_on_phone"
    ring(centre, "1001")
    assert can(centre) == STATES | TALKING | LENDING
    centre.telephony.hold(A)
    assert "retrieve" in can(centre)
    assert centre.service.view(A).can["hold"] == "on_hold"
    centre.telephony.retrieve(A)
    centre.telephony.consult(A, None, "1002")
    assert can(centre) & (PAIR | {"transfer"}) == PAIR - {"conference"}
    assert centre.service.view(A).can["conference"] == "consult_rings"
    ring(centre, "1002")
    assert can(centre) & (PAIR | {"transfer"}) == PAIR
    centre.telephony.conference(A)
    assert can(centre) & {"drop", "transfer", "transfer_queue", "consult"} == {"drop", "consult"}
    centre.calls.hang_up(call_id)
    assert can(centre) == STATES | {"next", "finish", "extend", "dial", "call_back"}


def test_buttons_and_server_say_the_same(centre: CallCentre) -> None:
    telephony, view = centre.telephony, centre.service.view(A)
    wishes: dict[str, Callable[[], object]] = {
        "reject": lambda: telephony.reject(A),
        "hang_up": lambda: telephony.hang_up(A),
        "hold": lambda: telephony.hold(A),
        "retrieve": lambda: telephony.retrieve(A),
        "mute": lambda: telephony.mute(A, None, on=True),
        "keys": lambda: telephony.keys(A, None, "1"),
        "transfer": lambda: telephony.transfer(A, None, "1002"),
        "transfer_queue": lambda: telephony.transfer_queue(A, None, COMPLAINTS),
        "consult": lambda: telephony.consult(A, None, "1002"),
        "complete": lambda: telephony.complete(A),
        "conference": lambda: telephony.conference(A),
        "reconnect": lambda: telephony.reconnect(A),
        "alternate": lambda: telephony.alternate(A),
        "drop": lambda: telephony.drop(A, ConnectionId("x")),
    }
    for action, wish in wishes.items():
        assert why(wish) == view.can[action] != "", action
    assert set(view.can) == {action.value for action in Action}


def test_the_lines_show_who_is_in_each_call(centre: CallCentre) -> None:
    call_id = answered(centre)
    centre.calls.attach(call_id, customer_name="王芳")
    centre.telephony.mute(A, None, on=True)
    (line,) = centre.service.view(A).calls
    assert (line.number, line.name, line.muted) == ("13800138000", "王芳", True)
    assert [(each.name, each.party) for each in line.members] == [
        ("王芳", Party.CALLER),
        ("A", Party.AGENT),
    ]
    centre.telephony.consult(A, None, "1002")
    active, held = centre.service.view(A).calls
    assert (active.number, active.name, active.kind.value) == ("1002", "B", "consult")
    assert (held.call_id, held.state) == (call_id, HOLD)
    ring(centre, "1002", answer=False)
    (ringing,) = centre.service.view(B).calls
    assert (ringing.number, ringing.name, ringing.incoming) == ("1001", "A", True)


def test_a_caller_goes_to_another_queue_with_all_that_is_known(centre: CallCentre) -> None:
    call_id = centre.call(language=Language.ENGLISH, situation=Situation.CARD_LOSS)
    centre.answer(call_id)
    centre.calls.attach(
        call_id, path=("cards",), language=Language.ENGLISH, service_level=ServiceLevel.SPECIAL
    )
    centre.clock.advance(25)
    centre.telephony.transfer(A, None, "queue:complaints")
    assert len(centre.events(Parked)) == 1
    queued = centre.events(CallQueued)[-1]
    told = (queued.queue_id, queued.service_level, queued.situation)
    assert told == (COMPLAINTS, ServiceLevel.SPECIAL, Situation.CARD_LOSS)
    assert call_of(centre, call_id).user_data.path == ("cards",)
    assert centre.service.view(A).state is AgentState.WORKING_AFTER_CALL
    centre.answer(call_id)
    assert devices(centre, call_id) == {"13800138000": CONNECTED, "1002": CONNECTED}


def test_a_queue_that_nobody_knows_loses_nothing(centre: CallCentre) -> None:
    call_id = answered(centre)
    assert why(lambda: centre.telephony.transfer(A, None, "queue:none")) == "queue.unknown"
    assert devices(centre, call_id)["1001"] is CONNECTED
    assert why(lambda: centre.telephony.consult(A, None, "queue:complaints")) == "dial.no_queue"
    assert why(lambda: centre.telephony.transfer(A, None, "4711")) == "call.no_route"
    assert devices(centre, call_id)["1001"] is CONNECTED


def test_handing_on_blindly_and_after_a_consultation(centre: CallCentre) -> None:
    call_id = answered(centre)
    centre.telephony.transfer(A, None, "1002")
    assert set(devices(centre, call_id)) == {"13800138000", "1002"}
    ring(centre, "1002")
    centre.telephony.consult(B, None, OUTSIDE)
    ring(centre, OUTSIDE)
    centre.telephony.complete(B)
    assert set(devices(centre, call_id)) == {"13800138000", OUTSIDE}


@pytest.mark.parametrize("swapped", [False, True])
def test_returning_ends_the_consultation_and_never_the_caller(
    centre: CallCentre, *, swapped: bool
) -> None:
    call_id = answered(centre)
    centre.telephony.consult(A, None, "1002")
    ring(centre, "1002")
    if swapped:
        centre.telephony.alternate(A)
    centre.telephony.reconnect(A)
    assert [call.id for call in centre.calls.calls()] == [call_id]
    assert devices(centre, call_id) == {"13800138000": CONNECTED, "1001": CONNECTED}


def test_a_conference_and_who_is_dropped_from_it(centre: CallCentre) -> None:
    call_id = answered(centre)
    centre.telephony.consult(A, None, "1002")
    ring(centre, "1002")
    centre.telephony.conference(A)
    assert set(devices(centre, call_id)) == {"13800138000", "1001", "1002"}
    own = next(each for each in call_of(centre, call_id).connections if each.device.id == "1001")
    assert why(lambda: centre.telephony.drop(A, own.id)) == "no_such_member"
    asked = next(each for each in call_of(centre, call_id).connections if each.device.id == "1002")
    centre.telephony.drop(A, asked.id)
    assert devices(centre, call_id) == {"13800138000": CONNECTED, "1001": CONNECTED}
    assert why(lambda: centre.telephony.drop(A, asked.id)) == "only_two"


def test_a_supervisor_is_nobody_to_be_dropped(centre: CallCentre) -> None:
    call_id = answered(centre)
    centre.ready("c")
    supervisor = centre.calls.snoop(call_id, DeviceId("1003"), Snoop.BARGE)
    ring(centre, "1003")
    assert "drop" in can(centre)
    assert why(lambda: centre.telephony.drop(A, supervisor)) == "no_such_member"
    assert devices(centre, call_id)["1003"] is CONNECTED


def test_keys_go_to_the_other_side_and_only_keys(centre: CallCentre) -> None:
    call_id = answered(centre)
    centre.telephony.keys(A, None, "12#")
    caller = call_of(centre, call_id).caller
    assert caller is not None
    assert centre.calls.keys_sent == [(caller.id, "12#")]
    assert why(lambda: centre.telephony.keys(A, None, "1;")) == "dial.keys_unknown"


def test_an_offered_call_is_rejected_and_somebody_elses_call_is_out_of_reach(
    centre: CallCentre,
) -> None:
    call_id = centre.call()
    ring(centre, "1001", answer=False)
    centre.telephony.reject(A)
    assert centre.service.view(A).state is AgentState.NOT_READY
    assert set(devices(centre, call_id)) == {"13800138000"}
    caller = call_of(centre, call_id).caller
    assert caller is not None
    assert why(lambda: centre.telephony.hang_up(A, caller.id)) == "no_such_call"


# --- calls of one's own --------------------------------------------------------------------------


def dial(telephony: Telephony, number: str, *, override: bool = False) -> CallId:
    return result_of(Deferred.fromCoroutine(telephony.dial(A, number, override=override)))


def test_dialling_out_needs_the_right_and_no_call(centre: CallCentre) -> None:
    assert why_later(lambda: centre.telephony.dial(A, "01088880001")) == "dial.not_allowed"
    call_id = dial(centre.telephony, OUTSIDE)
    assert why_later(lambda: centre.telephony.dial(A, OUTSIDE)) == "in_call"
    ring(centre, "1001")
    ring(centre, OUTSIDE)
    assert devices(centre, call_id) == {"1001": CONNECTED, OUTSIDE: CONNECTED}
    (line,) = centre.service.view(A).calls
    assert (line.number, line.kind.value, line.customer) == (OUTSIDE, "outbound", True)


def test_whoever_has_no_right_consults_colleagues_all_the_same() -> None:
    centre = build(Reach.FREE)
    answered(centre)
    assert why(lambda: centre.telephony.consult(A, None, OUTSIDE)) == "dial.not_allowed"
    assert why(lambda: centre.telephony.transfer(A, None, OUTSIDE)) == "dial.not_allowed"
    centre.telephony.consult(A, None, "1002")
    assert len(centre.calls.calls()) == 2


@pytest.mark.parametrize("number", ["110", "1002"])
def test_help_and_colleagues_are_called_without_any_right(number: str) -> None:
    centre = build()
    centre.calls.outside.add("110")
    assert centre.calls.get(dial(centre.telephony, number)) is not None


def test_giving_up_what_is_being_dialled(centre: CallCentre) -> None:
    dial(centre.telephony, OUTSIDE)
    centre.telephony.hang_up(A)
    assert centre.calls.calls() == []
    assert centre.service.view(A).state is AgentState.READY


def wanting_no_calls() -> Customer:
    return Customer(
        CustomerId("c1"),
        {Language.CHINESE: "王芳", Language.ENGLISH: "Wang Fang"},
        Sex.FEMALE,
        (OUTSIDE,),
        ServiceLevel.PRIORITY,
        Language.CHINESE,
        do_not_call=True,
    )


def test_who_wants_no_calls_is_called_only_by_who_insists_and_it_is_written_down(
    centre: CallCentre,
) -> None:
    centre.customers["+86" + OUTSIDE] = wanting_no_calls()
    assert why_later(lambda: centre.telephony.dial(A, OUTSIDE)) == "dial.do_not_call"
    assert centre.calls.calls() == []
    call_id = dial(centre.telephony, OUTSIDE, override=True)
    (told,) = centre.events(DoNotCallOverridden)
    assert (told.call_id, told.agent_id, told.customer_id) == (call_id, "a", "c1")
    assert centre.events(UserDataAttached)[-1].customer_id == "c1"
    assert centre.service.view(A).calls[0].name == "王芳"


def test_calling_back_a_number_that_nobody_is_shown(centre: CallCentre) -> None:
    centre.history.numbers[CallId("old")] = OUTSIDE
    call_id = result_of(Deferred.fromCoroutine(centre.telephony.call_back(A, CallId("old"))))
    assert call_of(centre, call_id).called == OUTSIDE
    centre.telephony.hang_up(A)
    other = CallId("withheld")
    assert why_later(lambda: centre.telephony.call_back(A, other)) == "dial.number_unknown"
    centre.history.numbers[other] = "02188880001"
    with pytest.raises(Refused) as refused:
        result_of(Deferred.fromCoroutine(centre.telephony.call_back(A, other)))
    assert refused.value.error_id == "dial.not_allowed"
    assert "8888" not in str(refused.value)


def test_every_action_has_a_rule(centre: CallCentre) -> None:
    assert set(possible(centre.service.workplaces.place(A))) == set(Action)
