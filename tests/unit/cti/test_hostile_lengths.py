"""What is as long as a datagram may be costs no more than its length, whatever it repeats."""

from time import process_time

import pytest

from cti.call.causes import cause_of_reason
from cti.sip.errors import DescriptionError
from cti.sip.sdp import SessionDescription
from cti.trunks.identity import identity_of_trunk
from cti.trunks.numbers import Numbers, NumberSettings
from cti.trunks.settings import Trunk
from tests.support.sip_messages import OFFER, request

SIZE = 60_000
ENOUGH = 2.0
"""Seconds; what grows with the square of the length takes many times as many."""
NUMBERS = Numbers(NumberSettings(), ("95588",))


@pytest.mark.parametrize("name", ["History-Info", "Diversion", "P-Asserted-Identity"])
@pytest.mark.parametrize("unit", ["?", "<sip:a?", '"<', ";a=b", '" <'])
def test_who_calls_is_found_in_time(name: str, unit: str) -> None:
    message = request("INVITE", {name: unit * (SIZE // len(unit))}, OFFER).message
    begin = process_time()
    identity_of_trunk(message, Trunk("carrier"), NUMBERS)
    assert process_time() - begin < ENOUGH


@pytest.mark.parametrize("unit", ["SIP;", "SIP;cause=", "Q.850 ", "SIP ;;"])
def test_why_a_call_ended_is_found_in_time(unit: str) -> None:
    begin = process_time()
    cause_of_reason(unit * (SIZE // len(unit)))
    assert process_time() - begin < ENOUGH


@pytest.mark.parametrize("line", [b"m=audio 1 RTP/SAVP 0\r\n", b"a=x\r\n"])
def test_a_description_has_so_many_lines(line: bytes) -> None:
    with pytest.raises(DescriptionError, match="too many"):
        SessionDescription.parse(OFFER + line * (SIZE // len(line)))
