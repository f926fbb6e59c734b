"""How a section says that its sound is protected, and by which keys.

Keys in the description itself (SDES, RFC 4568), or a certificate's fingerprint for DTLS-SRTP
(RFC 5763, RFC 8122) with or without ICE (RFC 8839). Keys never stand in a `repr` or an error.
"""

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from cti.sip.sdp.grammar import Attribute
from cti.sip.sdp.model import Media, SessionDescription

SUITES = {
    "AEAD_AES_128_GCM": 28,
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
}
"""Octets of master key and salt together (RFC 4568, 6.2; RFC 7714, 14.2)."""
TLS_PREFIX = "UDP/TLS/"
DTLS_PROTOCOL = "UDP/TLS/RTP/SAVPF"
SDES_PROTOCOL = "RTP/SAVP"
HASH = "sha-256"

SECRET_ATTRIBUTES = frozenset(("crypto", "key-mgmt", "ice-pwd"))
"""What proves or protects by being known to two only (RFC 4568, RFC 4567, RFC 8839, 5.4)."""

_CRYPTO = re.compile(r"(?P<tag>[1-9][0-9]{0,8}) +(?P<suite>\S+) +(?P<keys>\S+)(?P<more>( +\S+)*) *")
_HARMLESS = re.compile(r"-.*|WSH=[0-9]+|KDR=0")
"""Session parameters that may be passed over (RFC 4568, 6.3.7); others change the packets."""
_FINGERPRINT = re.compile(
    r"(?P<hash>[A-Za-z0-9-]+) +(?P<digest>[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*) *"
)
_SHA256_TEXT = 32 * 3 - 1
_FRAGMENT = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")


class Keying(Enum):
    """Where the keys of a section come from."""

    PLAIN = "plain"
    SDES = "sdes"
    DTLS = "dtls"


class Setup(Enum):
    """Who begins the DTLS handshake (RFC 4145, 4; RFC 5763, 5)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ACTPASS = "actpass"


@dataclass(frozen=True, slots=True)
class Crypto:
    """One ``a=crypto`` line; `key` is the base64 of master key and salt."""

    tag: int
    suite: str
    key: str = field(repr=False)

    @classmethod
    def parse(cls, value: str) -> "Crypto | None":
        """None for what cannot be used: unknown suites, several keys, MKI, other parameters."""
        line = _CRYPTO.fullmatch(value)
        if line is None or line["suite"] not in SUITES:
            return None
        if any(_HARMLESS.fullmatch(each) is None for each in line["more"].split()):
            return None
        method, _, info = line["keys"].partition(":")
        key, *more = info.split("|")
        # A lifetime tells when to change keys, which no call lives to see; an MKI has a colon.
        if method.lower() != "inline" or any(":" in each or ";" in each for each in more):
            return None
        return cls(int(line["tag"]), line["suite"], key) if _fits(key, line["suite"]) else None

    def __str__(self) -> str:
        return f"{self.tag} {self.suite} inline:{self.key}"


@dataclass(frozen=True, slots=True)
class DtlsIdentity:
    """One side of DTLS-SRTP; without `fragment` there are no connectivity checks of it."""

    fingerprint: str
    """``sha-256 4A:AD:B9:...``"""
    setup: Setup = Setup.ACTPASS
    fragment: str = ""
    password: str = field(default="", repr=False)


OwnSecurity = tuple[Crypto, ...] | DtlsIdentity | None
"""What we say of ourselves: one key for each suite, a certificate, or nothing."""


def keying_of(description: SessionDescription, media: Media) -> Keying | None:
    """How the section is protected; None when in no way that we could answer."""
    if not media.secure:
        return Keying.PLAIN
    if not media.protocol.startswith(TLS_PREFIX) and cryptos(media):
        return Keying.SDES
    return Keying.DTLS if identity(description, media) is not None else None


def keying_for(own: OwnSecurity) -> Keying:
    """How a section is protected that says this."""
    match own:
        case None:
            return Keying.PLAIN
        case DtlsIdentity():
            return Keying.DTLS
        case _:
            return Keying.SDES


def cryptos(media: Media) -> tuple[Crypto, ...]:
    """The crypto lines that can be used, in the order of preference written."""
    values = (value for name, value in media.attributes if name == "crypto" and value)
    return tuple(line for line in map(Crypto.parse, values) if line is not None)


def identity(description: SessionDescription, media: Media) -> DtlsIdentity | None:
    """The far side's certificate and ICE credentials; None when they are missing or wrong.

    Nobody checks from an ICE-lite side, so such a one is treated as one without ICE.
    """
    fingerprint = _fingerprint(description, media)
    if fingerprint is None:
        return None
    try:
        # Without the attribute it is active in an answer, and in an offer it can do both.
        setup = Setup(description.attribute(media, "setup") or "actpass")
    except ValueError:
        return None
    fragment = description.attribute(media, "ice-ufrag") or ""
    password = description.attribute(media, "ice-pwd") or ""
    if not description.by_ice(media) or any(
        name == "ice-lite" for name, _ in description.attributes
    ):
        return DtlsIdentity(fingerprint, setup)
    if not (_FRAGMENT.fullmatch(fragment) and _PASSWORD.fullmatch(password)):
        return None
    return DtlsIdentity(fingerprint, setup, fragment, password)


def attributes(
    own: OwnSecurity, host: str, port: int, *, checked: bool = True
) -> tuple[Attribute, ...]:
    """What a section says about this security; `checked`: ICE is spoken."""
    match own:
        case None:
            return ()
        case DtlsIdentity():
            ice = tuple(_ice(own, host, port)) if checked and own.fragment else ()
            return (("fingerprint", own.fingerprint), ("setup", own.setup.value), *ice)
        case _:
            return tuple(("crypto", str(crypto)) for crypto in own)


def _ice(own: DtlsIdentity, host: str, port: int) -> Iterator[Attribute]:
    yield "ice-ufrag", own.fragment
    yield "ice-pwd", own.password
    # Component 1, the highest priority of a host candidate (RFC 8445, 5.1.2.1).
    yield "candidate", f"1 1 UDP 2130706431 {host} {port} typ host"
    yield "end-of-candidates", None


def _fingerprint(description: SessionDescription, media: Media) -> str | None:
    for name, value in (*media.attributes, *description.attributes):
        found = _FINGERPRINT.fullmatch(value or "") if name == "fingerprint" else None
        if found is not None and found["hash"].lower() == HASH:
            digest = found["digest"].upper()
            return f"{HASH} {digest}" if len(digest) == _SHA256_TEXT else None
    return None


def _fits(key: str, suite: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == SUITES[suite]
    except (NoBase64, ValueError):
        return False


def without_keys(description: SessionDescription) -> SessionDescription:
    """The description with nothing in it that must not be written down; itself where that is so."""
    groups = (description.attributes, *(media.attributes for media in description.media))
    if all(_harmless(each) == each for each in groups):
        return description
    return replace(
        description,
        attributes=_harmless(description.attributes),
        media=tuple(
            replace(media, attributes=_harmless(media.attributes)) for media in description.media
        ),
    )


def _harmless(attributes: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    return tuple(each for each in attributes if each[0].lower() not in SECRET_ATTRIBUTES)
