"""What carriers need of a user agent: proxies, silent gateways, contacts of their own."""

import pytest
from sipmessage import URI, Address

from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Endpoint,
    Invitation,
    SendDatagram,
    SessionAccepted,
    SessionEnded,
    SessionOffered,
)
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import UserAgent
from tests.support.lossy_link import KnownAccounts, LossyLink, Peer, counting_entropy
from tests.support.sip_messages import Changes, response_bytes

HOUSE, CARRIER, PROXY = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def invitation(**more: object) -> Invitation:
    given = {"target": f"sip:95588@{CARRIER}", "offer": sdp.offer(HOUSE, 30000), **more}
    address = Address(URI(scheme="sip", host=HOUSE, user="1001"))
    return Invitation(from_address=address, to_address=address, **given)  # type: ignore[arg-type]  # any


def ended_at(link: LossyLink, house: Peer, **more: object) -> tuple[float, SessionEnded]:
    ends: list[float] = []
    house.on_report = lambda _: ends.append(link.now)
    _, output = house.user_agent.invite(invitation(**more))
    house.perform(output)
    link.run()
    (end,) = house.told(SessionEnded)
    return ends[-1], end


@pytest.mark.parametrize(("patience", "seconds"), [(4.0, 4.0), (0.0, 32.0)])
def test_a_gateway_that_says_nothing_is_given_up(patience: float, seconds: float) -> None:
    link = LossyLink()
    at, end = ended_at(link, link.peer(HOUSE), patience=patience)
    assert (end.why, end.status, end.silent) == (Ended.REJECTED, 408, True)
    assert at == pytest.approx(seconds)


def test_a_408_that_somebody_gave_is_no_silence() -> None:
    link = LossyLink()
    house, carrier = link.peer(HOUSE), link.peer(CARRIER, trunks=(HOUSE,))

    def pass_on(report: object) -> None:
        if isinstance(report, SessionOffered):
            carrier.perform(carrier.user_agent.reject(report.session, 408))

    carrier.on_report = pass_on
    _, end = ended_at(link, house, patience=4.0)
    assert (end.why, end.status, end.silent) == (Ended.REJECTED, 408, False)


def test_a_gateway_that_rings_is_waited_for() -> None:
    link = LossyLink()
    house, carrier = link.peer(HOUSE), link.peer(CARRIER, trunks=(HOUSE,))

    def answer_late(report: object) -> None:
        if isinstance(report, SessionOffered) and report.offer is not None:
            answer = sdp.answer(report.offer, CARRIER, 40000)
            accept = carrier.user_agent.accept
            link.at(link.now + 20, lambda: carrier.perform(accept(report.session, answer)))

    carrier.on_report = answer_late
    _, output = house.user_agent.invite(invitation(patience=4.0))
    house.perform(output)
    link.run(until=60.0)
    assert not house.told(SessionEnded)


@pytest.mark.parametrize("answers", [False, True])
def test_a_gateway_that_wakes_up_too_late_rings_nobody(answers: bool) -> None:
    link = LossyLink()
    house, carrier = link.peer(HOUSE), link.peer(CARRIER, trunks=(HOUSE,))
    link.drops = lambda data: data.startswith(b"SIP/2.0 ") and link.now < 5

    def ring(report: object) -> None:
        if isinstance(report, SessionOffered) and report.offer is not None:
            agent, session = carrier.user_agent, report.session
            answer = sdp.answer(report.offer, CARRIER, 40000)
            late = (
                (lambda: agent.accept(session, answer)) if answers else lambda: agent.ring(session)
            )
            link.at(6.0, lambda: carrier.perform(late()))

    carrier.on_report = ring
    at, end = ended_at(link, house, patience=4.0)
    assert at == pytest.approx(4.0)
    assert end.status == 408
    (left,) = carrier.told(SessionEnded)
    assert left.why is (Ended.REMOTE if answers else Ended.CANCELLED)
    assert house.user_agent.idle
    assert carrier.user_agent.idle


def test_who_answers_after_another_was_asked_is_taken_leave_of() -> None:
    """Two endpoints of one name: the first is slow, the second takes the call."""
    link = LossyLink()
    house, quick = link.peer(HOUSE), link.peer(PROXY, trunks=(HOUSE,))
    slow = Endpoint(CARRIER, 5060)
    link.names["sip:95588@carrier.example"] = (slow, quick.endpoint)

    def take(report: object) -> None:
        if isinstance(report, SessionOffered) and report.offer is not None:
            answer = sdp.answer(report.offer, PROXY, 40000)
            quick.perform(quick.user_agent.accept(report.session, answer))

    quick.on_report = take
    target = "sip:95588@carrier.example"
    _, output = house.user_agent.invite(invitation(target=target, patience=4.0))
    house.perform(output)
    link.run(until=10.0)
    assert house.told(SessionAccepted)
    contact: Changes = {"Contact": f"<sip:x@{CARRIER}>"}
    (first, *_) = [data for _, _, to, data in link.log if to == slow]
    ok = response_bytes(first, 200, "slow", contact, bytes(sdp.offer(CARRIER, 40000)))
    for expected in ([b"ACK", b"BYE"], [b"ACK"]):
        late = house.user_agent.datagram_received(ok, slow, link.now)
        sent = [each for each in late if isinstance(each, SendDatagram)]
        assert [each.data.split(b" ")[0] for each in sent] == expected
        assert {each.destination.host for each in sent} == {CARRIER}
    assert not house.told(SessionEnded)


def test_an_outbound_proxy_is_asked_and_named() -> None:
    link = LossyLink()
    house, proxy = link.peer(HOUSE), link.peer(PROXY)
    _, output = house.user_agent.invite(invitation(proxy=f"sip:{PROXY}"))
    house.perform(output)
    link.run(until=0.1)
    _, _, destination, first = link.log[0]
    assert destination == proxy.endpoint
    assert first.startswith(f"INVITE sip:95588@{CARRIER} SIP/2.0".encode())
    assert f"Route: <sip:{PROXY};lr>".encode() in first


def test_a_registration_names_a_contact_of_its_own() -> None:
    link = LossyLink()
    house = link.peer(HOUSE)
    register = house.user_agent.register
    house.perform(register(f"sip:8610@{CARRIER}", f"sip:{CARRIER}", "8610", "secret", 600))
    link.run(until=0.1)
    assert f"Contact: <sip:8610@{HOUSE}:5060>".encode() in link.log[0][3]


def test_a_shared_address_is_told_apart_by_the_contact_called() -> None:
    trunks = {CARRIER: "first", f"8620@{CARRIER}": "second"}
    settings = UserAgentSettings(HOUSE, 5060, trunks=trunks)
    house = UserAgent(settings, KnownAccounts(), counting_entropy())
    link = LossyLink()
    carrier = link.peer(CARRIER)
    for user, trunk in (("8610", "first"), ("8620", "second")):
        _, output = carrier.user_agent.invite(invitation(target=f"sip:{user}@{HOUSE}"))
        carrier.perform(output)
        data = link.log[-1][3]
        reports = house.datagram_received(data, Endpoint(CARRIER, 5060), 0.0)
        (offered,) = [each for each in reports if isinstance(each, SessionOffered)]
        assert offered.trunk == trunk
