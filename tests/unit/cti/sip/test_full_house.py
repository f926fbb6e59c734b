"""New calls beyond what the house can do are refused at the least cost, calls that are up never."""

from dataclasses import replace

from cti.sip.access import digest
from cti.sip.events import Endpoint, SessionEnded, SessionOffered
from tests.support import far_side as far
from tests.support.far_side import codes, header, sent, take, told
from tests.support.sip_messages import OFFER, TRUNK, Changes, request_bytes

PHONE = Endpoint("127.0.0.1", 5080)


def another(number: int) -> Changes:
    via = f"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-another-{number}"
    return {"Call-ID": f"another-{number}", "Via": via}


def test_a_full_house_answers_503_and_says_when_to_come_back_and_keeps_nothing() -> None:
    house = far.agent()
    _session, ok = far.accepted(house)
    house.antechamber.hindered = lambda: True
    waits = set()
    for number in range(50):
        output = take(house, request_bytes("INVITE", another(number), OFFER))
        assert codes(output) == [503]
        assert not told(output, SessionOffered)
        waits.add(int(header(sent(output)[-1], "Retry-After")))
        assert take(house, request_bytes("ACK", another(number))) == []
    assert len(waits) > 3
    assert min(waits) >= 2
    assert len(house.sessions) == 1
    assert len(house._core.layer) == 1, "the transaction of the call that is up"
    output = take(house, far.inside(ok, "INVITE", 2, far.SDP, OFFER))
    assert codes(output) == [], "a call that is up goes on"
    assert codes(take(house, far.inside(ok, "INVITE", 2, far.SDP, OFFER))) == [100]
    assert told(take(house, far.inside(ok, "BYE", 3)), SessionEnded)


def test_what_takes_the_place_of_a_call_is_no_new_one() -> None:
    house = far.agent()
    _session, ok = far.accepted(house)
    house.antechamber.hindered = lambda: True
    tag = header(ok, "To").partition("tag=")[2]
    replaces = f"call-1@192.0.2.1;to-tag={tag};from-tag=1"
    output = take(house, request_bytes("INVITE", {**another(2), "Replaces": replaces}, OFFER))
    assert 503 not in codes(output)


def test_a_telephone_calls_for_help_in_a_full_house_and_for_nothing_else() -> None:
    house = far.agent()
    house.antechamber.hindered = lambda: True
    house.antechamber.urgent = lambda number: number == "110"

    def dial(number: str, key: int) -> list[int]:
        given = {
            **another(key),
            "From": "<sip:1001@192.0.2.9>;tag=1",
            "To": f"<sip:{number}@192.0.2.9>",
        }
        target = f"sip:{number}@192.0.2.9"
        first = take(house, calling(target, given), PHONE)
        challenge = digest.strongest([header(sent(first)[-1], "WWW-Authenticate")])
        assert challenge is not None
        proof = digest.authorization(
            challenge, "1001", "secret-1001", "INVITE", target, f"c0ffee{key}"
        )
        again = {**given, **another(key + 100), "CSeq": "2 INVITE", "Authorization": proof}
        answered, repeated = (take(house, calling(target, again), PHONE) for _ in range(2))
        return codes(answered) or codes(repeated)

    assert dial("110", 1) == [100]
    assert dial("1002", 2) == [503]
    strange = take(
        house, request_bytes("INVITE", another(3), OFFER), replace(TRUNK, host="198.51.100.9")
    )
    assert codes(strange) == [401], "strangers are asked as always"


def calling(target: str, changes: Changes) -> bytes:
    data = request_bytes("INVITE", changes, OFFER)
    line, rest = data.split(b"\r\n", 1)
    del line
    return f"INVITE {target} SIP/2.0\r\n".encode() + rest


def test_a_call_refused_unread_leaves_nothing_behind_and_its_ack_is_known() -> None:
    house = far.agent()
    output = house.refusal(request_bytes("INVITE", another(1), OFFER), TRUNK)
    assert codes(output) == [503]
    refusal = sent(output)[0]
    ack = request_bytes("ACK", {**another(1), "To": header(refusal, "To")})
    assert house.ends_refusal(ack)
    assert not house.ends_refusal(request_bytes("ACK", another(1)))
    assert len(house._core.layer) == len(house.sessions) == 0
    assert house.refusal(b"INVITE sip:a SIP/2.0\r\n\r\n", TRUNK) == []


def test_a_trunk_calls_for_help_in_a_full_house() -> None:
    house = far.agent()
    house.antechamber.hindered = lambda: True
    house.antechamber.urgent = lambda number: number == "110"
    helped = request_bytes("INVITE", another(1), OFFER, uri="sip:110@192.0.2.9")
    assert told(take(house, helped), SessionOffered)
    assert codes(take(house, request_bytes("INVITE", another(2), OFFER))) == [503]


def test_every_503_says_when_to_come_back() -> None:
    house = far.agent()
    session = far.offered(house)
    assert header(sent(house.reject(session, 503))[0], "Retry-After")
    own = far.offered(house, another(2))
    refused = house.reject(own, 503, (("Retry-After", "77"),))
    assert header(sent(refused)[0], "Retry-After") == "77"
