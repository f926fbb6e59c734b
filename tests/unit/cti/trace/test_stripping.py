"""No secret survives, and what is no secret does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.message import parse
from cti.trace.stripping import strip
from tests.support.sip_messages import OFFER, TRUNK, request_bytes

SECRET = "S3cr3tS3cr3t"
DIGEST = (
    'Digest username="1001",realm="hotline",nonce="{0}",uri="sip:bank",response="{0}",'
    'cnonce="{0}",opaque="{0}",nc=00000001,qop=auth,algorithm=MD5'
)
CRYPTO = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{SECRET}|2^20|1:4\r\n"


@pytest.mark.parametrize(
    "value",
    [
        DIGEST.format(SECRET),
        DIGEST.format(SECRET).replace(",", ",\r\n "),
        DIGEST.format(SECRET).replace("Digest", "Digest\r\n\t"),
        f'Digest realm="a, username={SECRET}", response="{SECRET}"'.replace("realm", "nonce"),
        f"Basic {SECRET}",
        f"Digest nonsense {SECRET}",
        f'nextnonce="{SECRET}"',
        SECRET,
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "AUTHORIZATION",
        "Proxy-Authorization",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Authentication-Info",
        "Authorization ",
    ],
)
def test_credentials_are_gone(name: str, value: str) -> None:
    stripped = strip(request_bytes("REGISTER", {name: value, "Subject": "kept"}))
    assert SECRET.encode() not in stripped
    assert b"Subject: kept" in stripped


def test_who_and_how_stays() -> None:
    stripped = strip(request_bytes("REGISTER", {"Authorization": DIGEST.format(SECRET)}))
    assert (
        b'Authorization: Digest username="1001", realm="hotline", uri="sip:bank", '
        b'nc="00000001", qop="auth", algorithm="MD5", ***\r\n' in stripped
    )


@pytest.mark.parametrize(
    "uri",
    [
        "<sip:1001:{}@bank>",
        "sip:1001:{}@bank",
        "<SIPS:1001:{}@[2001:db8::1]:5061;transport=tls>",
        '"a" <sip:x@h>, "b" <sip:1001:{},a;b&c@bank>',
        "<sip:bank?Authorization=Digest%20response%3D{}>",
    ],
)
@pytest.mark.parametrize("name", ["Contact", "Refer-To", "Route", "X-Anything"])
def test_passwords_in_uris_are_gone(name: str, uri: str) -> None:
    stripped = strip(request_bytes("INVITE", {name: uri.format(SECRET)}))
    assert SECRET.encode() not in stripped
    assert SECRET.encode() not in strip(request_bytes(uri=f"sip:95588:{SECRET}@bank"))
    assert SECRET.encode() not in strip(
        request_bytes().replace(b"To: <", f"To:sip:u:{SECRET}@h <".encode())
    )


def test_keys_in_descriptions_are_gone_and_the_length_stays_true() -> None:
    body = (
        OFFER
        + CRYPTO.encode()
        + f"a=ice-pwd:{SECRET}\r\nk=clear:{SECRET}\r\na=ptime:20\r\n".encode()
    )
    data = request_bytes("INVITE", {}, body)
    stripped = strip(data)
    assert SECRET.encode() not in stripped
    assert b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***" in stripped
    assert stripped.endswith(b"a=ptime:20\r\n")
    assert len(stripped) == len(data)
    assert parse(stripped, TRUNK) is not None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"),
        ("application/dtmf", "5"),
        ("text/plain", f"my PIN is {SECRET}"),
        ("multipart/mixed", f"--x\r\nContent-Type: application/sdp\r\n\r\n{CRYPTO}--x--"),
        ("application/sdp", f"x=1\r\n{CRYPTO}"),
    ],
)
def test_bodies_that_are_no_description_are_asterisks(kind: str, body: str) -> None:
    data = request_bytes("INFO", {"Content-Type": kind}, body.encode())
    stripped = strip(data)
    assert stripped.endswith(b"\r\n\r\n" + b"*" * len(body))
    assert len(stripped) == len(data)


def test_what_is_no_secret_is_untouched() -> None:
    data = request_bytes(
        "INVITE", {"Via": "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-1"}, OFFER
    )
    assert strip(data) == data
    assert strip(request_bytes("INVITE", {"To": "sip:95588@192.0.2.9"})).count(b"***") == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n" + request_bytes("REGISTER", {"Authorization": DIGEST.format(SECRET)}),
        request_bytes("INFO", {}, SECRET.encode()).replace(b"\r\n", b"\n"),
        request_bytes("INFO", {}, SECRET.encode()).replace(b"\r\n\r\n", b"\n\r\n"),
        b"INFO sip:a@b SIP/2.0\r\nVia: x\r\n" + SECRET.encode(),
        b"INFO sip:a@b SIP/2.0\nSignal=" + SECRET.encode(),
    ],
)
def test_broken_messages_keep_no_secret_either(data: bytes) -> None:
    assert SECRET.encode() not in strip(data)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Authorization", "proxy-authorization", "WWW-Authenticate"]),
            st.sampled_from(
                [DIGEST, "Digest {0}", "{0}", 'Digest a="{0}\\"{0}", b={0}', "Digest\r\n {0}=1"]
            ),
        ),
        max_size=4,
    ),
    st.sampled_from(["v=0\r\n", "", "Signal="]),
    st.lists(st.sampled_from([CRYPTO, f"a=ice-pwd:{SECRET}\r\n", f"k={SECRET}\r\n", "a=x\r\n"])),
    st.sampled_from(["\r\n", "\n"]),
)
def test_a_secret_wherever_it_may_stand_is_gone(
    credentials: list[tuple[str, str]], start: str, lines: list[str], end: str
) -> None:
    headers = [f"{name}: {value.format(SECRET)}" for name, value in credentials]
    head = "\r\n".join(["INVITE sip:u:" + SECRET + "@h SIP/2.0", *headers, "Call-ID: 1"])
    message = f"{head}\r\n\r\n{start}{''.join(lines)}".replace("\r\n", end)
    assert SECRET.encode() not in strip(message.encode())


@given(st.binary(max_size=300))
def test_anything_can_be_stripped(data: bytes) -> None:
    strip(data)
    strip(b"INVITE sip:a@b SIP/2.0\r\nAuthorization: " + data)
