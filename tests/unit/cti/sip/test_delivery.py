"""Requests on their way: looked up, moved to the next endpoint, too large for a datagram."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Address

from cti.sip import sdp
from cti.sip.events import (
    DATAGRAM_FLOW,
    Ended,
    Endpoint,
    Invitation,
    ProbeAnswered,
    RegistrationFailed,
    RegistrationSucceeded,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionOffered,
    Transport,
)
from tests.support.lossy_link import LossyLink, Peer

CALLER, FIRST, SECOND = "192.0.2.1", "192.0.2.2", "192.0.2.3"
NAME = "sip:95588@bank.example"
UDP, TCP = Transport.UDP, Transport.TCP


def call(peer: Peer, target: str, **more: Any) -> SessionId:
    session, output = peer.user_agent.invite(
        Invitation(
            target,
            Address.parse(f"<sip:1@{CALLER}>"),
            Address.parse(f"<{target}>"),
            sdp.offer(CALLER, 40000),
            **more,
        )
    )
    peer.perform(output)
    return session


def answering(peer: Peer) -> Peer:
    """A peer that takes every call."""

    def react(report: object) -> None:
        if isinstance(report, SessionOffered) and report.offer is not None:
            answer = sdp.answer(report.offer, peer.endpoint.host, 40000)
            peer.perform(peer.user_agent.accept(report.session, answer))

    peer.on_report = react
    return peer


def stage(link: LossyLink, transport: Transport = UDP) -> tuple[Peer, Peer, Peer]:
    """A caller, and two servers of one name."""
    caller = link.peer(CALLER)
    first = answering(link.peer(FIRST, trunks=(CALLER,)))
    second = answering(link.peer(SECOND, trunks=(CALLER,)))
    link.names[NAME] = (Endpoint(FIRST, 5060, transport), Endpoint(SECOND, 5060, transport))
    return caller, first, second


def idle(*peers: Peer) -> bool:
    return all(peer.user_agent.idle and not peer.timers for peer in peers)


def end(link: LossyLink, peer: Peer, session: SessionId) -> None:
    peer.perform(peer.user_agent.end(session))
    link.run()


def test_a_name_leads_to_its_first_server() -> None:
    link = LossyLink()
    caller, first, second = stage(link)
    session = call(caller, NAME)
    link.run(1)
    assert caller.told(SessionAccepted)
    assert second.reports == []
    end(link, caller, session)
    assert idle(caller, first, second)


@pytest.mark.parametrize("transport", [UDP, TCP])
def test_a_server_that_is_gone_gives_way_to_the_next(transport: Transport) -> None:
    link = LossyLink()
    caller, first, second = stage(link, transport)
    link.unplug(first)
    session = call(caller, NAME)
    link.run(1)
    assert bool(caller.told(SessionAccepted)) is transport.reliable
    link.run(40)
    assert len(caller.told(SessionAccepted)) == len(second.told(SessionConfirmed)) == 1
    end(link, caller, session)
    assert idle(caller, second)


def test_503_leads_to_the_next_and_the_last_one_counts() -> None:
    link = LossyLink()
    caller, first, second = stage(link)

    def busy(peer: Peer, status: int) -> None:
        def react(report: object) -> None:
            if isinstance(report, SessionOffered):
                peer.perform(peer.user_agent.reject(report.session, status))

        peer.on_report = react

    busy(first, 503)
    busy(second, 486)
    session = call(caller, NAME)
    link.run()
    (ended,) = caller.told(SessionEnded)
    assert (ended.session, ended.why, ended.status) == (session, Ended.REJECTED, 486)
    branches = {
        line
        for _, who, _, data in link.log
        for line in data.split(b"\r\n")
        if who == caller.endpoint and data.startswith(b"INVITE") and line.startswith(b"Via")
    }
    assert len(branches) == 2
    assert idle(caller, first, second)


def test_who_gave_up_is_taken_nowhere_else() -> None:
    link = LossyLink()
    caller, first, second = stage(link)
    link.unplug(first)
    session = call(caller, NAME)
    link.run(10)
    end(link, caller, session)
    assert [each.why for each in caller.told(SessionEnded)] == [Ended.LOCAL]
    assert second.reports == []
    assert idle(caller, second)


def test_who_gives_up_before_the_name_is_known_sends_nothing() -> None:
    link = LossyLink()
    caller, first, _ = stage(link)
    session = call(caller, NAME)
    caller.perform(caller.user_agent.end(session))
    assert [each.why for each in caller.told(SessionEnded)] == [Ended.LOCAL]
    link.run()
    assert link.log == []
    assert first.reports == []
    assert idle(caller)


def test_probes_tell_who_is_there() -> None:
    link = LossyLink()
    caller, first, _ = stage(link)
    link.names["sip:bank.example"] = link.names[NAME]
    caller.perform(caller.user_agent.probe("bank", "sip:bank.example"))
    caller.perform(caller.user_agent.probe("nowhere", "sip:nowhere.example"))
    caller.perform(caller.user_agent.probe("silent", "sip:192.0.2.77"))
    link.run()
    assert {each.key: each.status for each in caller.told(ProbeAnswered)} == {
        "bank": 200,
        "nowhere": 503,
        "silent": 408,
    }
    assert idle(caller, first)


LARGE = (("Subject", "x" * 1500),)


@pytest.mark.parametrize(
    ("target", "destination", "expected"),
    [
        (f"sip:{FIRST}", None, TCP),
        (f"sip:{FIRST};transport=udp", None, UDP),
        (f"sip:{FIRST}", Endpoint(FIRST, 5060, UDP, DATAGRAM_FLOW), UDP),
        (f"sip:{FIRST}", Endpoint(FIRST, 5060), TCP),
    ],
)
def test_what_is_too_large_for_a_datagram_goes_by_tcp_unless_udp_is_fixed(
    target: str, destination: Endpoint | None, expected: Transport
) -> None:
    link = LossyLink()
    caller, first, _ = stage(link)
    call(caller, target, destination=destination, headers=LARGE)
    link.run(1)
    (offered,) = first.told(SessionOffered)
    assert offered.source.transport is expected
    assert offered.request.headers["Via"].startswith(f"SIP/2.0/{expected.value} ")
    assert (";transport=tcp" in offered.request.headers["Contact"]) is (expected is TCP)


def test_where_nobody_takes_tcp_it_goes_by_udp_after_all() -> None:
    link = LossyLink()
    caller, first, second = stage(link)
    link.refused.add(TCP)
    session = call(caller, f"sip:{FIRST}", headers=LARGE)
    link.run(1)
    assert first.told(SessionOffered)[0].source.transport is UDP
    assert first.told(SessionConfirmed)
    end(link, caller, session)
    assert idle(caller, first, second)


def test_a_registration_over_a_connection_is_made_anew_when_it_breaks() -> None:
    link = LossyLink()
    phone = link.peer(CALLER, user="1001")
    house = link.peer(FIRST, accounts=("1001",))
    address, registrar = f"sip:1001@{FIRST}", f"sip:{FIRST};transport=tcp"
    agent = phone.user_agent
    phone.perform(agent.register(address, registrar, "1001", "secret-1001", 600))
    link.run(1)
    assert [type(each) for each in phone.reports] == [RegistrationSucceeded]
    way = Endpoint(FIRST, 5060, TCP, "tcp-1")
    assert agent.uses(way)
    phone.fail(way)
    link.run(10)
    assert [type(each) for each in phone.reports] == [RegistrationSucceeded] * 2
    link.refused.add(TCP)
    phone.fail(way)
    link.run(20)
    assert phone.reports[-1] == RegistrationFailed(address, 503)
    assert idle(phone)
    assert len(house.user_agent.contacts("1001", link.now)) == 1


def test_keep_alives_flow_as_often_as_the_transport_wants() -> None:
    for parameter, least, most in (("", 20, 25), (";transport=tcp", 5, 7)):
        link = LossyLink()
        phone = link.peer(CALLER, user="1001")
        link.peer(FIRST, accounts=("1001",))
        register = phone.user_agent.register
        registrar = f"sip:{FIRST}{parameter}"
        phone.perform(register(f"sip:1001@{FIRST}", registrar, "1001", "secret-1001", 3600))
        link.run(600)
        pings = [each for _, who, _, each in link.log if who == phone.endpoint and not each.strip()]
        assert least <= len(pings) <= most
        assert set(pings) == {b"\r\n\r\n"}


@given(
    seed=st.integers(0, 1000),
    loss=st.floats(0, 0.3),
    gone=st.booleans(),
    refused=st.booleans(),
    large=st.booleans(),
    reliable=st.booleans(),
    leaves_at=st.floats(0, 60),
)
def test_however_the_way_is_every_call_has_one_end_and_nothing_is_left(
    seed: int,
    loss: float,
    gone: bool,
    refused: bool,
    large: bool,
    reliable: bool,
    leaves_at: float,
) -> None:
    link = LossyLink(seed, loss=loss, double=0.1, delay=(0.001, 0.3))
    caller, first, second = stage(link, TCP if reliable else UDP)
    link.refused |= {TCP} if refused else set()
    if gone:
        link.unplug(first)
    session = call(caller, NAME, headers=LARGE if large else ())
    link.run(leaves_at)
    caller.perform(caller.user_agent.end(session))
    link.run(link.now + 400)
    assert len(caller.told(SessionEnded)) == 1
    for peer in (caller, second, *(() if gone else (first,))):
        for each in peer.user_agent.sessions:
            peer.perform(peer.user_agent.end(each))
    link.run(link.now + 400)
    assert idle(caller, second)
    assert gone or idle(first)
