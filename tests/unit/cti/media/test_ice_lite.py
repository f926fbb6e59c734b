"""The lite side of ICE: who is answered, where the peer is, and when it is gone (RFC 8445)."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import RemoteError
from cti.media import stun
from cti.media.ice_lite import CONSENT_SECONDS, FORSAKEN_SECONDS, MOST_SOURCES, IceLite
from cti.media.stun import Kind, Name, StunMessage
from tests.support.stun_answers import error_of

HOME, AWAY = ("192.0.2.1", 4000), ("198.51.100.7", 5000)
NOMINATE = (Name.USE_CANDIDATE, b"")
CONTROLLED = (Name.ICE_CONTROLLED, bytes(8))


def priority(value: int) -> tuple[Name, bytes]:
    return (Name.PRIORITY, value.to_bytes(4, "big"))


def check(
    *attributes: tuple[Name, bytes], username: str = "ours:theirs", password: str | None = "secret"
) -> bytes:
    return stun.request(bytes(12), username, *attributes).encode(password)


@dataclass
class Line:
    """An agent, and what it answers."""

    agent: IceLite = field(default_factory=lambda: IceLite("ours", "secret"))

    def ask(self, data: bytes, source: tuple[str, int] = HOME, now: float = 100.0) -> StunMessage:
        answer = self.agent.receive(data, source, now)
        assert answer is not None
        return StunMessage.parse(answer)


def test_the_source_of_an_authenticated_check_is_the_peer() -> None:
    line = Line()
    answer = line.ask(check())
    assert answer.kind is Kind.SUCCESS
    assert answer.authentic("secret")
    assert line.agent.peer == HOME
    assert line.agent.knows(HOME)
    assert not line.agent.knows(AWAY)
    assert line.agent.consent_ends() == 100.0 + CONSENT_SECONDS


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (check(password="wrong"), 401),
        (check(username="other:theirs"), 401),
        (check(password=None), 400),
        (StunMessage(Kind.REQUEST, bytes(12)).encode("secret"), 400),
        (check(username="ours:stranger"), 401),
    ],
)
def test_nobody_else_becomes_the_peer(data: bytes, code: int) -> None:
    line = Line()
    line.agent.configure("theirs")
    answer = line.ask(data)
    assert error_of(answer) == code
    assert not answer.authentic("secret")
    assert (line.agent.peer, line.agent.refused) == (None, 1)


def test_before_the_answer_is_known_our_own_fragment_is_enough() -> None:
    assert Line().ask(check(username="ours:anybody")).kind is Kind.SUCCESS


def test_a_lite_agent_never_controls() -> None:
    line = Line()
    assert error_of(line.ask(check(CONTROLLED))) == 487
    assert line.agent.peer is None


def test_what_must_be_understood_and_is_not_is_refused() -> None:
    line = Line()
    odd = StunMessage(Kind.REQUEST, bytes(12), ((Name.USERNAME, b"ours:theirs"), (0x42, b"")))
    answer = line.ask(odd.encode("secret"))
    assert error_of(answer) == 420
    assert answer.authentic("secret")


def test_answers_and_indications_are_not_answered() -> None:
    agent = IceLite("ours", "secret")
    for kind in (Kind.SUCCESS, Kind.ERROR, Kind.INDICATION):
        assert agent.receive(StunMessage(kind, bytes(12)).encode(), HOME, 0.0) is None


def test_the_nominated_pair_is_taken_before_others() -> None:
    line = Line()
    line.ask(check(priority(9)), HOME)
    line.ask(check(priority(1), NOMINATE), AWAY)
    assert line.agent.peer == AWAY
    line.ask(check(priority(9)), HOME)
    assert line.agent.peer == AWAY
    line.ask(check(priority(9), NOMINATE), HOME)
    assert line.agent.peer == HOME
    line.ask(check(priority(1), NOMINATE), AWAY)
    assert line.agent.peer == HOME


def test_a_pair_that_is_no_longer_checked_gives_way() -> None:
    line = Line()
    line.ask(check(priority(9), NOMINATE), HOME, 100.0)
    line.ask(check(priority(1)), AWAY, 100.0 + FORSAKEN_SECONDS)
    assert line.agent.peer == HOME
    line.ask(check(priority(1)), AWAY, 100.5 + FORSAKEN_SECONDS)
    assert line.agent.peer == AWAY


def test_a_new_fragment_begins_anew() -> None:
    line = Line()
    line.agent.configure("theirs")
    line.ask(check())
    line.agent.configure("theirs")
    assert line.agent.knows(HOME)
    line.agent.configure("others")
    assert not line.agent.knows(HOME)
    assert error_of(line.ask(check())) == 401
    assert line.ask(check(username="ours:others"), AWAY).kind is Kind.SUCCESS
    assert line.agent.peer == AWAY


@given(
    st.lists(
        st.tuples(
            st.integers(0, 50),
            st.integers(0, 3),
            st.booleans(),
            st.booleans(),
            st.floats(0, 20),
        ),
        max_size=120,
    )
)
def test_whatever_comes_the_peer_proved_itself_and_memory_is_bounded(
    steps: list[tuple[int, int, bool, bool, float]],
) -> None:
    agent, now, proved = IceLite("ours", "secret"), 0.0, set()
    for port, rank, nominate, honest, passed in steps:
        now += passed
        source = ("192.0.2.1", port)
        attributes = [priority(rank), *([NOMINATE] if nominate else [])]
        agent.receive(check(*attributes, password="secret" if honest else "guess"), source, now)
        if honest:
            proved.add(source)
        assert agent.peer is None or agent.peer in proved
        assert (agent.peer is None) == (not proved)
        assert sum(agent.knows(("192.0.2.1", each)) for each in range(51)) <= MOST_SOURCES
        assert agent.consent_ends() <= now + CONSENT_SECONDS


@given(st.binary(max_size=100))
def test_noise_is_a_remote_error(data: bytes) -> None:
    agent = IceLite("ours", "secret")
    with pytest.raises(RemoteError):
        agent.receive(data, HOME, 0.0)
    assert agent.peer is None
