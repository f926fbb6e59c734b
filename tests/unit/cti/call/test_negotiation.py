"""What was agreed on, in the media port's words: codecs, keys, and no silent change of security."""

from base64 import b64encode
from dataclasses import replace

import pytest

from cti.call import negotiation
from cti.media.port import BrowserKeys, Codec, MediaAddress, SdesKey, Security
from cti.sip import sdp
from cti.sip.errors import NotAcceptableError

KEYS = tuple(
    SdesKey(number, suite, b64encode(bytes(octets)).decode())
    for number, (suite, octets) in enumerate(sdp.SUITES.items(), 1)
)
BROWSER = BrowserKeys("frag", "p" * 24, "sha-256 " + ":".join(["4A"] * 32))
PLAIN = MediaAddress("192.0.2.1", 4000)
SDES = MediaAddress("192.0.2.1", 4000, KEYS)
DTLS = MediaAddress("192.0.2.1", 4000, BROWSER)
ALL = (PLAIN, SDES, DTLS)
SECURITIES = {PLAIN: Security.NONE, SDES: Security.SDES, DTLS: Security.DTLS}


@pytest.mark.parametrize("local", ALL)
@pytest.mark.parametrize("far", ALL)
def test_only_the_same_security_meets(local: MediaAddress, far: MediaAddress) -> None:
    offer = negotiation.describe(far)
    assert negotiation.security_of(offer) is SECURITIES[far]
    assert negotiation.acceptable(offer)
    assert negotiation.acceptable(offer, local) is (local is far)
    if local is far:
        answer = negotiation.describe(local, offer)
        assert negotiation.target(offer, answer, local) is not None
        assert negotiation.target(answer, answer, far) is not None
    else:
        with pytest.raises(NotAcceptableError):
            negotiation.describe(local, offer)


@pytest.mark.parametrize("answered", ALL)
@pytest.mark.parametrize("ours", ALL)
def test_an_answer_with_another_security_is_none(
    ours: MediaAddress, answered: MediaAddress
) -> None:
    answer = negotiation.describe(answered, negotiation.describe(answered))
    assert (negotiation.target(answer, answer, ours) is not None) is (ours is answered)


def test_keys_arrive_as_they_were_written() -> None:
    answer = negotiation.describe(SDES, negotiation.describe(SDES))
    agreed = negotiation.target(answer, answer)
    assert agreed is not None
    assert agreed.security == KEYS[0]
    browser = negotiation.target(
        negotiation.describe(DTLS), negotiation.describe(DTLS, negotiation.describe(DTLS))
    )
    assert browser is not None
    assert browser.mux
    assert isinstance(browser.security, BrowserKeys)
    assert browser.security.fingerprint == BROWSER.fingerprint
    assert not browser.security.waits


def test_codecs_are_those_of_the_leg_in_their_order() -> None:
    wide = replace(PLAIN, codecs=(Codec.G722, Codec.PCMU))
    offer = negotiation.describe(wide)
    assert offer.media[0].formats == ("9", "0", "101")
    first = negotiation.describe(wide, first=Codec.PCMU)
    assert first.media[0].formats == ("0", "9", "101")
    narrow = replace(PLAIN, codecs=(Codec.PCMU,))
    assert negotiation.describe(narrow, offer).media[0].formats == ("0", "101")
    agreed = negotiation.target(offer, negotiation.describe(PLAIN, offer))
    assert agreed is not None
    assert agreed.codec is Codec.G722
    assert not negotiation.acceptable(offer, replace(PLAIN, codecs=(Codec.PCMA,)))


def test_a_late_offer_is_ours_to_make() -> None:
    assert negotiation.security_of(None) is Security.NONE
    assert negotiation.acceptable(None, SDES)
