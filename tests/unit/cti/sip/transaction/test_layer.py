"""Matching messages to transactions (RFC 3261, 17.1.3 and 17.2.3)."""

from cti.sip.events import Endpoint, SendDatagram, StopTimer
from cti.sip.outgoing import OutgoingRequest, response_to
from cti.sip.timers import TimerSettings
from cti.sip.transaction.layer import (
    AckArrived,
    Outcome,
    RequestArrived,
    RequestTimedOut,
    ResponseArrived,
    TransactionEnded,
    TransactionLayer,
)
from tests.support.sip_messages import HOUSE, TRUNK, request, response

OPTIONS = OutgoingRequest(
    "OPTIONS",
    "sip:192.0.2.9",
    "192.0.2.1:5060",
    "z9hG4bK5",
    1,
    (("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>"), ("Call-ID", "1")),
)


def layer() -> TransactionLayer:
    return TransactionLayer(TimerSettings())


def arrived(outcome: Outcome) -> str:
    (key,) = [each.key for each in outcome if isinstance(each, RequestArrived)]
    return key


def test_a_repetition_is_no_new_request() -> None:
    transactions = layer()
    key = arrived(transactions.receive_request(request("OPTIONS")))
    assert transactions.receive_request(request("OPTIONS")) == []
    sent = transactions.respond(key, response_to(request("OPTIONS"), 200, "t"))[0]
    assert transactions.receive_request(request("OPTIONS")) == [sent]


def test_branch_sent_by_and_method_tell_transactions_apart() -> None:
    transactions = layer()
    via = "SIP/2.0/UDP 192.0.2.1:{};branch={}"
    for method, port, branch in (
        ("OPTIONS", 5060, "z9hG4bK-1"),
        ("OPTIONS", 5061, "z9hG4bK-1"),
        ("OPTIONS", 5060, "z9hG4bK-2"),
        ("INVITE", 5060, "z9hG4bK-1"),
        ("CANCEL", 5060, "z9hG4bK-1"),
    ):
        assert arrived(
            transactions.receive_request(request(method, {"Via": via.format(port, branch)}))
        )
    assert len(transactions) == 5


def test_rfc_2543_requests_match_by_their_other_headers() -> None:
    transactions = layer()
    old = {"Via": "SIP/2.0/UDP 192.0.2.1"}
    arrived(transactions.receive_request(request("OPTIONS", dict(old))))
    assert transactions.receive_request(request("OPTIONS", dict(old))) == []
    assert arrived(transactions.receive_request(request("OPTIONS", {**old, "Call-ID": "other"})))


def test_the_ack_of_a_refusal_finds_its_invite_and_that_of_a_2xx_goes_up() -> None:
    transactions = layer()
    invite = request("INVITE")
    key = arrived(transactions.receive_request(invite))
    transactions.respond(key, response_to(invite, 486, "t"))
    ack = request("ACK")
    outcome = transactions.receive_request(ack)
    assert outcome[-1] == AckArrived(ack)
    assert sum(isinstance(each, StopTimer) for each in outcome) == 2
    other = request("ACK", {"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-ack"})
    assert transactions.receive_request(other) == [AckArrived(other)]


def test_a_cancel_finds_the_invite_it_is_about() -> None:
    transactions = layer()
    key = arrived(transactions.receive_request(request("INVITE")))
    assert transactions.invite_cancelled_by(request("CANCEL")) == key
    stray = request("CANCEL", {"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-9"})
    assert transactions.invite_cancelled_by(stray) is None


def test_responses_match_by_branch_and_method_and_strays_are_dropped() -> None:
    transactions = layer()
    key, _ = transactions.request(OPTIONS, HOUSE)
    ok = response(bytes(OPTIONS), 200)
    stray = response(bytes(OPTIONS).replace(b"z9hG4bK5", b"z9hG4bK6"), 200)
    other = response(bytes(OPTIONS).replace(b"1 OPTIONS", b"1 BYE"), 200)
    assert transactions.receive_response(stray) == []
    assert transactions.receive_response(other) == []
    assert ResponseArrived(key, ok) in transactions.receive_response(ok)


def test_a_timed_out_request_is_told_and_forgotten() -> None:
    transactions = layer()
    key, outcome = transactions.request(OPTIONS, HOUSE)
    assert isinstance(outcome[0], SendDatagram)
    assert outcome[0].destination == HOUSE
    outcome = transactions.fire("transaction/1/F")
    assert outcome == [RequestTimedOut(key), StopTimer("transaction/1/E"), TransactionEnded(key)]
    assert len(transactions) == 0
    assert transactions.fire("transaction/1/E") == []


def test_responses_go_where_the_via_says_or_back_where_rport_is_asked_for() -> None:
    source = Endpoint("198.51.100.7", 40000)
    asked = request("OPTIONS", source=source)
    silent = request(
        "OPTIONS", {"Via": "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1"}, source=source
    )
    assert asked.reply_to == source
    assert silent.reply_to == Endpoint("198.51.100.7", 5070)
    text = response_to(asked, 200, "t").data.decode()
    assert (
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport=40000;received=198.51.100.7\r\n"
        in text
    )
    direct = response_to(
        request("OPTIONS", {"Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"}, source=TRUNK), 200, "t"
    )
    assert b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" in direct.data
