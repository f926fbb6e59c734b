"""Where a SIP URI leads (RFC 3263), with name servers made of a dictionary."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from cti.sip.events import DATAGRAM_FLOW, Endpoint, Transport
from cti.sip.locating import (
    Kind,
    Naptr,
    Question,
    Record,
    Srv,
    endpoint_of,
    in_order,
    locate,
)
from tests.support.lossy_link import counting_entropy

UDP, TCP, TLS, WSS = Transport.UDP, Transport.TCP, Transport.TLS, Transport.WSS
Zone = Mapping[tuple[Kind, str], Sequence[Record]]

CARRIER: Zone = {
    (Kind.NAPTR, "carrier.example"): [
        Naptr(20, 10, "s", "SIP+D2U", "_sip._udp.carrier.example"),
        Naptr(10, 20, "s", "SIP+D2T", "_sip._tcp.carrier.example"),
        Naptr(10, 10, "S", "sips+d2t", "_sips._tcp.carrier.example"),
        Naptr(5, 10, "s", "SIP+D2S", "_sip._sctp.carrier.example"),
    ],
    (Kind.SRV, "_sip._udp.carrier.example"): [Srv(1, 1, 5060, "a.carrier.example")],
    (Kind.SRV, "_sip._tcp.carrier.example"): [
        Srv(2, 1, 5070, "b.carrier.example"),
        Srv(1, 1, 5060, "a.carrier.example"),
    ],
    (Kind.SRV, "_sips._tcp.carrier.example"): [Srv(1, 1, 5061, "a.carrier.example")],
    (Kind.A, "a.carrier.example"): ["192.0.2.1", "192.0.2.2"],
    (Kind.A, "b.carrier.example"): ["192.0.2.3"],
    (Kind.AAAA, "a.carrier.example"): ["2001:db8::1"],
    (Kind.A, "carrier.example"): ["192.0.2.9"],
}
PLAIN: Zone = {
    (Kind.A, "pbx.example"): ["192.0.2.7"],
    (Kind.SRV, "_sip._tcp.other.example"): [Srv(1, 1, 5080, "pbx.example")],
    (Kind.SRV, "_sip._udp.closed.example"): [Srv(0, 0, 0, "")],
    (Kind.A, "closed.example"): ["192.0.2.8"],
}


def ask(
    uri: str,
    zone: Zone,
    transports: tuple[Transport, ...] = (UDP, TCP, TLS),
    families: tuple[Kind, ...] = (Kind.A,),
) -> tuple[list[Endpoint], list[Question]]:
    """The endpoints found and the questions asked."""
    conversation = locate(uri, counting_entropy(), transports=transports, families=families)
    asked: list[Question] = []
    try:
        question = next(conversation)
        while True:
            asked.append(question)
            question = conversation.send(zone.get((question.kind, question.name), ()))
    except StopIteration as end:
        return list(end.value), asked


def found(
    uri: str, zone: Zone, transports: tuple[Transport, ...] = (UDP, TCP, TLS)
) -> list[tuple[str, int, Transport]]:
    return [(each.host, each.port, each.transport) for each in ask(uri, zone, transports)[0]]


@pytest.mark.parametrize(
    ("uri", "endpoint"),
    [
        ("sip:1001@192.0.2.1", Endpoint("192.0.2.1", 5060)),
        ("sip:192.0.2.1:5070;transport=tcp", Endpoint("192.0.2.1", 5070, TCP)),
        ("sips:192.0.2.1", Endpoint("192.0.2.1", 5061, TLS)),
        ("sips:192.0.2.1;transport=tcp", Endpoint("192.0.2.1", 5061, TLS)),
        ("sip:[2001:db8::9];transport=TLS", Endpoint("2001:db8::9", 5061, TLS)),
        ("sip:x@192.0.2.1;transport=udp", Endpoint("192.0.2.1", 5060, UDP, DATAGRAM_FLOW)),
        ("sip:x@example.com;maddr=192.0.2.5", Endpoint("192.0.2.5", 5060)),
    ],
)
def test_an_address_needs_no_name_server(uri: str, endpoint: Endpoint) -> None:
    assert endpoint_of(uri) == endpoint
    assert ask(uri, {}) == ([endpoint], [])


def test_a_browser_is_reached_by_its_own_connection_alone() -> None:
    assert endpoint_of("sips:192.0.2.1;transport=ws") == Endpoint("192.0.2.1", 443, WSS)
    assert ask("sips:192.0.2.1;transport=ws", {}) == ([], [])


@pytest.mark.parametrize(
    "uri",
    [
        "tel:+861012345678",
        "sips:192.0.2.1;transport=udp",
        "sip:192.0.2.1;transport=sctp",
        "sip:192.0.2.1:99999",
        "nonsense",
        "sip:carrier.example;transport=ws",
    ],
)
def test_what_cannot_be_reached_leads_nowhere(uri: str) -> None:
    assert endpoint_of(uri) is None
    assert ask(uri, CARRIER) == ([], [])


def test_naptr_then_srv_then_addresses_in_their_order() -> None:
    assert found("sip:95588@carrier.example", CARRIER) == [
        ("192.0.2.1", 5061, TLS),
        ("192.0.2.2", 5061, TLS),
        ("192.0.2.1", 5060, TCP),
        ("192.0.2.2", 5060, TCP),
        ("192.0.2.3", 5070, TCP),
    ]


def test_transports_we_do_not_speak_are_passed_over() -> None:
    assert found("sip:carrier.example", CARRIER, transports=(UDP,)) == [
        ("192.0.2.1", 5060, UDP),
        ("192.0.2.2", 5060, UDP),
    ]


def test_a_secure_uri_takes_nothing_insecure() -> None:
    assert {each[2] for each in found("sips:carrier.example", CARRIER)} == {TLS}
    assert found("sips:pbx.example", PLAIN) == [("192.0.2.7", 5061, TLS)]


def test_a_transport_named_asks_for_its_srv_alone() -> None:
    endpoints, asked = ask("sip:carrier.example;transport=udp", CARRIER)
    assert asked[0] == Question(Kind.SRV, "_sip._udp.carrier.example")
    assert {(each.transport, each.flow) for each in endpoints} == {(UDP, DATAGRAM_FLOW)}


def test_a_port_asks_for_addresses_alone() -> None:
    endpoints, asked = ask("sip:carrier.example:5099", CARRIER)
    assert asked == [Question(Kind.A, "carrier.example")]
    assert endpoints == [Endpoint("192.0.2.9", 5099)]


def test_without_naptr_srv_and_without_srv_the_address() -> None:
    assert found("sip:other.example", PLAIN) == [("192.0.2.7", 5080, TCP)]
    assert found("sip:pbx.example", PLAIN) == [("192.0.2.7", 5060, UDP)]
    assert found("sip:pbx.example;transport=tcp", PLAIN) == [("192.0.2.7", 5060, TCP)]
    assert found("sip:nobody.example", PLAIN) == []


def test_a_lone_dot_says_that_there_is_no_such_service() -> None:
    assert found("sip:closed.example", PLAIN) == []


def test_both_families_are_asked_for_where_both_are_spoken() -> None:
    endpoints, _ = ask("sips:carrier.example", CARRIER, families=(Kind.A, Kind.AAAA))
    assert [each.host for each in endpoints] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


def test_what_a_name_leads_to_remembers_the_name_for_its_certificate() -> None:
    assert {each.domain for each in ask("sip:carrier.example", CARRIER)[0]} == {"carrier.example"}
    assert ask("sips:192.0.2.1", {})[0][0].domain == ""


def test_weights_share_the_calls_in_proportion() -> None:
    records = [Srv(1, 30, 1, "three"), Srv(1, 10, 2, "one"), Srv(0, 0, 3, "first")]
    entropy = counting_entropy(7)
    orders = [[each.target for each in in_order(records, entropy)] for _ in range(2000)]
    assert {order[0] for order in orders} == {"first"}
    share = Counter(order[1] for order in orders)
    assert 0.7 < share["three"] / 2000 < 0.77
    assert all(len(order) == 3 for order in orders)
