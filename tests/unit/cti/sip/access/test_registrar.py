"""Bindings: order, expiry, translators, and what is refused (RFC 3261, 10.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access.registrar import MOST_CONTACTS, Registrar
from cti.sip.errors import RequestError
from cti.sip.events import BindingAdded, BindingMoved, BindingRemoved, Endpoint, Transport
from cti.sip.message import InboundRequest
from tests.support.sip_messages import TRUNK, request

NO_RPORT = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1"


def register(
    contact: str | None = "<sip:1001@192.0.2.1:5060>",
    sequence: int = 1,
    call_id: str = "reg-1",
    source: Endpoint = TRUNK,
    **headers: str,
) -> InboundRequest:
    changes = {"Contact": contact, "CSeq": f"{sequence} REGISTER", "Call-ID": call_id}
    return request("REGISTER", {"Via": NO_RPORT, **changes, **headers}, source=source)


def registrar() -> Registrar:
    return Registrar(60, 3600, 90)


def test_the_first_contact_is_told_and_the_last_one_gone() -> None:
    house = registrar()
    assert house.register("1001", register(Expires="600"), 0.0) == [BindingAdded("1001")]
    second = register("<sip:1001@192.0.2.2>", call_id="reg-2")
    assert house.register("1001", second, 1.0) == []
    assert [each.uri for each in house.bindings("1001", 2.0)] == [
        "sip:1001@192.0.2.2",
        "sip:1001@192.0.2.1:5060",
    ]
    assert house.register("1001", register(sequence=2, Expires="0"), 3.0) == []
    gone = register("<sip:1001@192.0.2.2>;expires=0", 2, "reg-2")
    assert house.register("1001", gone, 4.0) == [BindingRemoved("1001")]
    assert house.bindings("1001", 5.0) == ()


def test_only_a_telephone_that_names_itself_is_known_to_have_moved() -> None:
    house = registrar()
    house.register("1001", outbound(1), 0.0)
    again = register(
        f"<sip:1@phone.invalid>;expires=600;+sip.instance={INSTANCE};reg-id=1", 2, "reg-1", flow(1)
    )
    assert house.register("1001", again, 1.0) == [], "a refresh"
    elsewhere = register(
        f"<sip:1@phone.invalid>;expires=600;+sip.instance={INSTANCE};reg-id=1", 3, "reg-1", flow(2)
    )
    assert house.register("1001", elsewhere, 2.0) == [BindingMoved("1001")], "another connection"
    house.register("1002", register("<sip:2@192.0.2.1>", call_id="reg-9"), 0.0)
    moved = register("<sip:2@192.0.2.1>", 2, "reg-9", source=Endpoint("192.0.2.1", 5070))
    assert house.register("1002", moved, 1.0) == []


def test_what_is_reached_by_a_page_is_forgotten_with_it() -> None:
    house = registrar()
    house.register("1001", register(), 0.0)
    page = Endpoint("192.0.2.7", 5061, Transport.WSS, "page-1")
    house.register("1001", register("<sip:1001@page.invalid>", call_id="reg-2", source=page), 1.0)
    assert len(house.bindings("1001", 2.0)) == 2
    assert house.forget("1001", (Transport.WS, Transport.WSS), 3.0) == []
    (left,) = house.bindings("1001", 4.0)
    assert left.uri == "sip:1001@192.0.2.1:5060", "the telephone on the desk rings on"
    assert list(house.flow_lost("page-1", 4.0)) == []
    house.register("1002", register("<sip:1002@page.invalid>", call_id="reg-3", source=page), 5.0)
    assert house.forget("1002", (Transport.WSS,), 6.0) == [BindingRemoved("1002")]
    assert house.forget("1002", (Transport.WSS,), 7.0) == []


def test_a_refresh_moves_no_contact_before_another() -> None:
    house = registrar()
    house.register("1001", register(), 0.0)
    house.register("1001", register("<sip:1001@192.0.2.2>", call_id="reg-2"), 1.0)
    before = [each.uri for each in house.bindings("1001", 2.0)]
    house.register("1001", register(sequence=2, Expires="600"), 3.0)
    after = house.bindings("1001", 4.0)
    assert [each.uri for each in after] == before
    assert after[-1].expires == 603.0


def test_expiry_by_parameter_before_header_and_never_above_the_maximum() -> None:
    house = registrar()
    house.register("1001", register("<sip:1001@192.0.2.1>;expires=120", Expires="600"), 0.0)
    assert house.next_expiry("1001") == 120.0
    house.register("1001", register("<sip:1001@192.0.2.1>;expires=99999", 2), 0.0)
    assert house.next_expiry("1001") == 3600.0
    house.register("1001", register("<sip:1001@192.0.2.1>", 3), 0.0)
    assert house.answer("1001", register(), 100.0) == (
        ("Contact", "<sip:1001@192.0.2.1>;expires=3500"),
        ("Supported", "path, outbound"),
    )
    assert house.expire("1001", 3599.0) == []
    assert house.expire("1001", 3600.0) == [BindingRemoved("1001")]


def test_a_query_changes_nothing() -> None:
    house = registrar()
    house.register("1001", register(), 0.0)
    assert house.register("1001", register(None, 2), 1.0) == []
    assert len(house.bindings("1001", 2.0)) == 1


def test_an_older_register_of_the_same_call_is_refused_and_changes_nothing() -> None:
    house = registrar()
    house.register("1001", register(sequence=5), 0.0)
    before = house.bindings("1001", 1.0)
    with pytest.raises(RequestError) as refusal:
        house.register("1001", register(sequence=5, Expires="0"), 1.0)
    assert refusal.value.status == 500
    assert house.bindings("1001", 1.0) == before
    house.register("1001", register(sequence=1, call_id="after a restart"), 1.0)
    assert house.bindings("1001", 1.0) != before


def test_the_star_takes_every_contact_back() -> None:
    house = registrar()
    house.register("1001", register(), 0.0)
    house.register("1001", register("<sip:1001@192.0.2.2>", call_id="reg-2"), 0.0)
    star = register("*", 9, "reg-3", Expires="0")
    assert house.register("1001", star, 1.0) == [BindingRemoved("1001")]


@pytest.mark.parametrize(
    ("contact", "expires", "status"),
    [
        ("*", "60", 400),
        ("*, <sip:1001@192.0.2.1>", "0", 400),
        ("<sip:1001@192.0.2.1>;expires=5", "600", 423),
        ("sip:1001@192.0.2.1?Route=%3Csip:evil%3E", "600", 400),
        ("<http://192.0.2.1>", "600", 400),
        ("<tel:+861380013800>", "600", 400),
        ("nonsense", "600", 400),
        (", ".join(f"<sip:{n}@192.0.2.1>" for n in range(MOST_CONTACTS + 1)), "600", 403),
    ],
)
def test_what_is_refused_changes_nothing(contact: str, expires: str, status: int) -> None:
    house = registrar()
    with pytest.raises(RequestError) as refusal:
        house.register("1001", register(contact, Expires=expires), 0.0)
    assert refusal.value.status == status
    assert house.bindings("1001", 1.0) == ()


def test_too_short_an_interval_is_told_the_shortest() -> None:
    with pytest.raises(RequestError) as refusal:
        registrar().register("1001", register(Expires="5"), 0.0)
    assert refusal.value.headers == (("Min-Expires", "60"),)


OUTSIDE = Endpoint("203.0.113.5", 31000)


@pytest.mark.parametrize(
    ("via", "source", "destination"),
    [
        (NO_RPORT, TRUNK, Endpoint("192.0.2.1", 5070)),
        (NO_RPORT, OUTSIDE, OUTSIDE),
        (NO_RPORT + ";rport", Endpoint("192.0.2.1", 31000), Endpoint("192.0.2.1", 31000)),
    ],
)
def test_a_telephone_behind_a_translator_is_reached_where_it_came_from(
    via: str, source: Endpoint, destination: Endpoint
) -> None:
    house = registrar()
    message = register("<sip:1001@192.0.2.1:5070>", source=source, Via=via)
    house.register("1001", message, 0.0)
    (binding,) = house.bindings("1001", 1.0)
    assert binding.destination == destination


def test_what_is_preferred_comes_first_and_the_newest_among_equals() -> None:
    house = registrar()
    for number, quality in enumerate(("", ";q=0.5", ";q=0.9", "", ";q=2", ";q=0")):
        contact = f"<sip:{number}@192.0.2.1>{quality}"
        house.register("1001", register(contact, call_id=f"reg-{number}"), float(number))
    order = [each.uri[4] for each in house.bindings("1001", 10.0)]
    assert order == ["4", "3", "0", "2", "1", "5"]
    told = [value for _, value in house.answer("1001", register(), 10.0)]
    assert told[3] == "<sip:2@192.0.2.1>;expires=3592;q=0.9"


INSTANCE = '"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"'


def flow(number: int) -> Endpoint:
    return Endpoint("192.0.2.1", 40000 + number, Transport.TLS, flow=f"flow-{number}")


def outbound(number: int, reg_id: int = 1, **headers: str) -> InboundRequest:
    """A REGISTER over its own connection, from a telephone that was started anew each time."""
    contact = f"<sip:{number}@phone.invalid>;expires=600;+sip.instance={INSTANCE};reg-id={reg_id}"
    call_id = f"reg-{number}"
    return register(contact, 1, call_id, flow(number), Supported="path, Outbound", **headers)


def test_a_telephone_that_comes_back_takes_its_own_place() -> None:
    house = registrar()
    house.register("1001", outbound(1), 0.0)
    house.register("1001", register("<sip:other@192.0.2.1>"), 1.0)
    assert house.register("1001", outbound(2), 2.0) == [BindingMoved("1001")]
    uris = [each.uri for each in house.bindings("1001", 3.0)]
    assert uris == ["sip:other@192.0.2.1", "sip:2@phone.invalid"]
    assert house.register("1001", outbound(3, reg_id=2), 3.0) == []
    assert len(house.bindings("1001", 4.0)) == 3
    answer = house.answer("1001", outbound(3, reg_id=2), 3.0)
    assert ("Require", "outbound") in answer
    assert (
        "Contact",
        f"<sip:3@phone.invalid>;expires=600;+sip.instance={INSTANCE};reg-id=2",
    ) in answer


def test_a_contact_over_a_connection_lasts_as_long_as_it() -> None:
    house = registrar()
    house.register("1001", outbound(1), 0.0)
    (binding,) = house.bindings("1001", 1.0)
    assert binding.destination == flow(1)
    assert list(house.flow_lost("flow-2", 1.0)) == []
    house.register("1001", outbound(2), 2.0)
    assert list(house.flow_lost("flow-1", 3.0)) == [], "it had come back over another"
    assert list(house.flow_lost("flow-2", 4.0)) == [("1001", [BindingRemoved("1001")])]
    assert house.bindings("1001", 5.0) == ()
    assert list(house.flow_lost("flow-2", 6.0)) == []
    assert house._accounts_of_flow == {}


def test_a_path_is_kept_told_and_taken() -> None:
    house = registrar()
    paths = "<sip:203.0.113.7:5080;lr;ob>, <sip:edge@203.0.113.8;ob>"
    house.register("1001", outbound(1, Path=paths), 0.0)
    (binding,) = house.bindings("1001", 1.0)
    assert binding.destination == Endpoint("203.0.113.7", 5080)
    assert binding.route_headers == (
        ("Route", "<sip:203.0.113.7:5080;lr;ob>"),
        ("Route", "<sip:edge@203.0.113.8;ob>"),
    )
    told = house.answer("1001", outbound(1, Path=paths), 1.0)
    assert [value for name, value in told if name == "Path"] == list(binding.routes)
    assert list(house.flow_lost("flow-1", 2.0)) == [], "the proxy's own connection is no matter"


def test_a_proxy_that_knows_no_outbound_is_said_to_be_in_the_way() -> None:
    for headers in (
        {"Path": "<sip:203.0.113.7;lr>"},
        {"Via": f"SIP/2.0/TLS 203.0.113.7;branch=z9hG4bK-2, {NO_RPORT}"},
    ):
        with pytest.raises(RequestError) as refusal:
            registrar().register("1001", outbound(1, 1, **headers), 0.0)
        assert refusal.value.status == 439


@pytest.mark.parametrize(
    ("via", "source", "granted"),
    [
        (NO_RPORT, TRUNK, 3600),
        (NO_RPORT + ";rport", TRUNK, 3600),
        (NO_RPORT, OUTSIDE, 90),
        (NO_RPORT + ";rport", Endpoint("192.0.2.1", 31000), 90),
        (NO_RPORT, Endpoint("203.0.113.5", 31000, Transport.TCP, "flow-1"), 3600),
    ],
)
def test_a_translator_is_kept_open(via: str, source: Endpoint, granted: int) -> None:
    house = registrar()
    house.register("1001", register(source=source, Via=via), 0.0)
    assert house.next_expiry("1001") == granted
    house.register("1001", register(sequence=2, source=source, Via=via, Expires="60"), 0.0)
    assert house.next_expiry("1001") == 60.0


def test_more_contacts_than_any_account_may_have_are_not_even_looked_at() -> None:
    contacts = ", ".join(f"<sip:{n}@192.0.2.1>;expires=0" for n in range(MOST_CONTACTS + 1))
    with pytest.raises(RequestError) as refusal:
        registrar().register("1001", register(contacts), 0.0)
    assert refusal.value.status == 403


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4),
            st.sampled_from([0, 60, 600]),
            st.integers(0, 2),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_whatever_comes_and_goes_flows_are_those_of_the_bindings(
    steps: list[tuple[int, int, int, bool]],
) -> None:
    house = registrar()
    reachable = False
    for place, (number, seconds, over, lost) in enumerate(steps):
        now = 100.0 * place
        changes = house.expire("1001", now)
        if lost:
            changes += [one for _, some in house.flow_lost(f"flow-{over}", now) for one in some]
        contact = f"<sip:{number}@phone.invalid>;expires={seconds}"
        changes += house.register("1001", register(contact, place + 1, source=flow(over)), now)
        for change in changes:
            assert isinstance(change, BindingAdded) is not reachable
            reachable = isinstance(change, BindingAdded)
        bindings = house.bindings("1001", now)
        assert reachable is bool(bindings)
        flows = {each.destination.flow for each in bindings}
        assert set(house._accounts_of_flow) == flows
