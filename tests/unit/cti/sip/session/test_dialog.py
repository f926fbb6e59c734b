"""Where requests inside a dialog go, and to whom (RFC 3261, 12)."""

import pytest

from cti.sip.errors import RequestError
from cti.sip.events import Endpoint
from cti.sip.outgoing import OutgoingRequest
from cti.sip.session.dialog import Dialog
from tests.support.sip_messages import TRUNK, Changes, request, response

PUBLIC = Endpoint("8.8.8.8", 31000)
PROXY_VIA = "SIP/2.0/UDP 8.8.8.8:31000;branch=z9hG4bK-p, SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK-1"


def dialog(changes: Changes | None = None, source: Endpoint = TRUNK) -> Dialog:
    return Dialog.of_server(request("INVITE", changes, source=source), "ours")


@pytest.mark.parametrize(
    ("changes", "source", "destination"),
    [
        ({}, TRUNK, TRUNK),
        ({"Contact": "<sip:a@192.0.2.7>"}, TRUNK, Endpoint("192.0.2.7", 5060)),
        ({"Contact": "<sip:a@192.0.2.7:5070;ob>"}, TRUNK, Endpoint("192.0.2.7", 5070)),
        ({"Contact": "<sip:a@pbx.example.com>"}, TRUNK, TRUNK),
        ({"Contact": "<sip:a@[2001:db8::7]:5070>"}, TRUNK, Endpoint("2001:db8::7", 5070)),
        ({"Record-Route": "<sip:192.0.2.77:5080;lr>"}, TRUNK, Endpoint("192.0.2.77", 5080)),
        ({"Record-Route": "<sip:proxy.example.com;lr>"}, TRUNK, TRUNK),
        ({"Contact": "<sip:a@10.0.0.5>", "Via": PROXY_VIA}, PUBLIC, PUBLIC),
        (
            {"Contact": "<sip:a@192.0.2.1:5060>"},
            Endpoint("198.51.100.7", 4),
            Endpoint("198.51.100.7", 4),
        ),
    ],
)
def test_where_requests_go(changes: Changes, source: Endpoint, destination: Endpoint) -> None:
    assert dialog(changes, source).destination == destination


def test_without_a_contact_the_from_stands_for_it() -> None:
    made = dialog({"Contact": None})
    assert (made.target, made.destination) == ("sip:13800138000@192.0.2.1", TRUNK)


@pytest.mark.parametrize("contact", ["nonsense", "<sip:a@b>, <sip:c@d>", "<>", ""])
def test_a_contact_nobody_can_reach_makes_no_dialog(contact: str) -> None:
    with pytest.raises(RequestError):
        dialog({"Contact": contact})


def test_a_reinvite_moves_the_target() -> None:
    moved = dialog().refreshed(request("INVITE", {"Contact": "<sip:b@192.0.2.8:5062>"}).message)
    assert moved.target == "sip:b@192.0.2.8:5062"
    assert moved.destination == Endpoint("192.0.2.8", 5062)
    assert dialog().refreshed(request("INVITE", {"Contact": None}).message) == dialog()


def test_a_routed_dialog_keeps_its_way_when_the_target_moves() -> None:
    routed = dialog({"Record-Route": "<sip:192.0.2.77;lr>"})
    moved = routed.refreshed(request("INVITE", {"Contact": "<sip:b@192.0.2.8>"}).message)
    assert moved.destination == Endpoint("192.0.2.77", 5060)
    assert moved.request("BYE", 1, "192.0.2.9:5060", "z9hG4bK2").uri == "sip:b@192.0.2.8"


def test_the_callers_side_turns_the_routes_round() -> None:
    headers = (("From", "<sip:us@192.0.2.1>;tag=1"), ("To", "<sip:b@192.0.2.9>"), ("Call-ID", "1"))
    invite = OutgoingRequest("INVITE", "sip:b@192.0.2.9", "192.0.2.1:5060", "z9hG4bK1", 1, headers)
    ok = response(bytes(invite), 200)
    ok.message.headers.add("Record-Route", "<sip:192.0.2.71;lr>, <sip:192.0.2.72;lr>")
    made = Dialog.of_client(invite, ok, Endpoint("192.0.2.9", 5060))
    assert made.routes == ("<sip:192.0.2.72;lr>", "<sip:192.0.2.71;lr>")
    assert made.destination == Endpoint("192.0.2.72", 5060)
    assert (made.remote_tag, made.local) == ("called", "<sip:us@192.0.2.1>;tag=1")
