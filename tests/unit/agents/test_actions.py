"""What can be done, for every desk there could be: the table never stumbles and never says both."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.actions import Action, Phone, PhoneKind, WhyNot, Workplace, possible, require
from agents.events import AgentState, BusyKind
from agents.lines import Line, Member, Secure
from agents.state import Activity, Presence, Status
from cti.call.model import ConnectionState, Party, Role
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.kernel.loans import LoanPurpose
from cti.kernel.vocabulary import Language
from cti.trunks.numbers import Reach
from cti.web.texts import Texts

LOCALES = Path(__file__).parents[3] / "agents" / "web" / "locales"
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STATES = st.sampled_from(
    [
        ConnectionState.INITIATED,
        ConnectionState.ALERTING,
        ConnectionState.CONNECTED,
        ConnectionState.HOLD,
    ]
)
MEMBERS = st.builds(
    Member,
    st.sampled_from([ConnectionId("x"), ConnectionId("y"), ConnectionId("z")]),
    st.just(DeviceId("1002")),
    st.just("B"),
    st.sampled_from(Party),
    st.sampled_from(Role),
    STATES,
)
LINES = st.builds(
    Line,
    call_id=st.just(CallId("c")),
    connection_id=st.sampled_from([None, ConnectionId("a"), ConnectionId("b")]),
    kind=st.sampled_from(BusyKind),
    state=STATES,
    since=st.just(NOON),
    answered=st.none(),
    number=st.just("138"),
    name=st.just(""),
    queue_id=st.none(),
    muted=st.booleans(),
    members=st.lists(MEMBERS, max_size=4).map(tuple),
    secure=st.sampled_from([None, Secure(LoanPurpose.VERIFY, NOON)]),
    away=st.booleans(),
    customer=st.booleans(),
    incoming=st.booleans(),
)
PLACES = st.builds(
    Workplace,
    status=st.builds(
        Status,
        st.sampled_from(
            [Presence(each) for each in (AgentState.LOGGED_OFF, AgentState.READY)],
        ),
        st.sampled_from(Activity),
    ),
    lines=st.lists(LINES, max_size=3),
    phone=st.builds(Phone, st.sampled_from(PhoneKind), st.booleans()),
    may_dial=st.sampled_from([frozenset(), frozenset({Reach.MOBILE})]),
)


@given(PLACES)
def test_whatever_lies_before_the_agent_each_action_is_possible_or_says_why(
    place: Workplace,
) -> None:
    told = possible(place)
    assert set(told) == set(Action)
    for action, why in told.items():
        if why is None:
            require(action, place)
            continue
        with pytest.raises(Refused) as refused:
            require(action, place)
        assert refused.value.error_id == f"console.why.{why.value}"


@given(PLACES)
def test_nothing_is_done_with_a_customer_who_is_with_the_ivr(place: Workplace) -> None:
    told, active = possible(place), place.active
    if active is None or active.secure is None:
        return
    for action in (Action.TRANSFER, Action.TRANSFER_QUEUE, Action.CONSULT, Action.HOLD):
        assert told[action] in (WhyNot.SECURE, WhyNot.AWAY)
    assert told[Action.TAKE_BACK] in (None, WhyNot.AWAY)


@given(PLACES)
def test_who_is_in_a_call_dials_no_other(place: Workplace) -> None:
    if place.lines:
        assert possible(place)[Action.DIAL] is not None
    if not place.may_dial:
        assert possible(place)[Action.CALL_BACK] is not None


def test_every_reason_says_what_to_do_in_both_languages() -> None:
    texts = Texts()
    texts.add(LOCALES)
    for why in WhyNot:
        key = f"console.why.{why.value}"
        for language in Language:
            assert texts.text(language, key) != key
