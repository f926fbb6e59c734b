"""Bindings: order, expiry, translators, and what is refused (RFC 3261, 10.3)."""

import pytest

from cti.sip.errors import RequestError
from cti.sip.events import BindingAdded, BindingRemoved, Endpoint
from cti.sip.message import InboundRequest
from cti.sip.registrar import MOST_CONTACTS, Registrar
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
    return Registrar(60, 3600)


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
    assert house.contact_headers("1001", 100.0) == (
        ("Contact", "<sip:1001@192.0.2.1>;expires=3500"),
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
        ("<sip:1001@192.0.2.1?Route=%3Csip:evil%3E>", "600", 400),
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
