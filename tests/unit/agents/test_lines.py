"""Which of a telephone's calls is the one its agent is in."""

from datetime import UTC, datetime

import pytest

from agents.lines import talked_in
from cti.call.model import Call, Connection, ConnectionState, Device, DeviceKind, Direction, Party
from cti.call.model import Role as CallRole
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
PHONE = DeviceId("1001")


def a_call(name: str, state: ConnectionState, role: CallRole = CallRole.PARTICIPANT) -> Call:
    phone = Device(DeviceKind.EXTENSION, PHONE)
    theirs = Connection(ConnectionId(name), CallId(name), phone, Party.AGENT, state, AT, role)
    return Call(CallId(name), Direction.INBOUND, "", "", AT, (theirs,))


def test_an_agent_is_in_the_call_they_talk_in_before_those_they_hold() -> None:
    held, talked = a_call("h", ConnectionState.HOLD), a_call("t", ConnectionState.CONNECTED)
    assert talked_in([held, talked], PHONE)[0] is talked
    assert talked_in([held], PHONE)[0] is held
    assert talked_in([held, talked], PHONE, ConnectionId("h"))[0] is held


@pytest.mark.parametrize(
    "call",
    [
        a_call("rings", ConnectionState.ALERTING),
        a_call("listened", ConnectionState.CONNECTED, CallRole.LISTENER),
    ],
)
def test_a_call_that_rings_or_is_listened_to_is_not_talked_in(call: Call) -> None:
    with pytest.raises(Refused, match="no_call"):
        talked_in([call], PHONE)
    with pytest.raises(Refused, match="no_call"):
        talked_in([], PHONE)
