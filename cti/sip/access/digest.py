"""Digest authentication (RFC 3261, 22, with the algorithms of RFC 8760), both sides.

The server keeps no state for a challenge (see `nonces`), and a captured answer is worth nothing.
Nobody's password is stored, only HA1 values.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.identifiers import Entropy
from cti.sip.access.nonces import Nonces

_PARAMETER = re.compile(r'([A-Za-z0-9\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,\s*|$)')
_SCHEME = re.compile(r"\s*digest\s+", re.IGNORECASE)
_COUNT = re.compile(r"[0-9a-fA-F]{8}")


class Algorithm(Enum):
    """RFC 8760, 2.2; the strongest first."""

    SHA256 = "SHA-256"
    MD5 = "MD5"

    def hash(self, text: str) -> str:
        """Hexadecimal hash of the text."""
        return _HASHES[self](text)


_HASHES: Mapping[Algorithm, Callable[[str], str]] = {
    Algorithm.SHA256: lambda text: hashlib.sha256(text.encode()).hexdigest(),
    Algorithm.MD5: lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
}
_STRENGTH = tuple(Algorithm)


class Md5(Enum):
    """When MD5 is good enough; JsSIP, SIP.js and SIPp know nothing better."""

    SECURE = "secure"
    """Where nobody else can read it: over TLS and WSS, and inside this machine."""
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in to this realm; HA1 is the hash of ``user:realm:password``.

    It can use the algorithms it has a hash for and that stand in `algorithms`; `md5` None is the
    house's own rule. `passes` are HA1 values by SHA-256 that are as good for a while: of passwords
    that browsers were given with a sign-in, whatever the account's own telephone can do.
    """

    username: str
    ha1_sha256: str = field(default="", repr=False)
    ha1_md5: str = field(default="", repr=False)
    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    md5: Md5 | None = None
    passes: tuple[str, ...] = field(default=(), repr=False)

    def ha1(self, algorithm: Algorithm) -> str:
        """The stored hash for that algorithm; empty when there is none."""
        return self.ha1_sha256 if algorithm is Algorithm.SHA256 else self.ha1_md5

    def can(self, algorithm: Algorithm) -> bool:
        """Whether the account may be proved with it."""
        return bool(self.hashes(algorithm))

    def hashes(self, algorithm: Algorithm) -> tuple[str, ...]:
        """What an answer by that algorithm may be reckoned from."""
        own = (self.ha1(algorithm),) if algorithm in self.algorithms else ()
        passes = self.passes if algorithm is Algorithm.SHA256 else ()
        return tuple(each for each in (*own, *passes) if each)


def account(username: str, realm: str, password: str) -> Account:
    """The account of a password, with both hashes."""
    text = f"{username}:{realm}:{password}"
    return Account(username, Algorithm.SHA256.hash(text), Algorithm.MD5.hash(text))


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as received in WWW-Authenticate or Proxy-Authenticate."""

    realm: str
    nonce: str
    algorithm: Algorithm
    opaque: str | None
    qop: bool
    """Whether ``auth`` is among the qualities offered."""
    stale: bool


class Verdict(Enum):
    """What became of an Authorization header."""

    VALID = "valid"
    STALE = "stale"
    """Right, but the nonce is too old or was used with this count: challenge again."""
    IMPROPER = "improper"
    """Nothing that answers a challenge of ours (RFC 7616, 3.4): ``auth-int``, no count."""
    WRONG = "wrong"


class Authenticator:
    """Challenges and checks, for one realm."""

    def __init__(self, realm: str, entropy: Entropy) -> None:
        self._realm = realm
        self._nonces = Nonces(realm, entropy)

    def challenges(
        self, host: str, algorithms: Sequence[Algorithm], now: float, *, stale: bool = False
    ) -> tuple[str, ...]:
        """Values of WWW-Authenticate for that host, one header each, in order of preference."""
        nonce = self._nonces.issue(host, now)
        suffix = ", stale=true" if stale else ""
        return tuple(
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={algorithm.value}, '
            f'qop="auth"{suffix}'
            for algorithm in algorithms
        )

    def username(self, authorization: str) -> str:
        """Who an Authorization header says it is from, for this realm; empty when nobody."""
        given = parameters(authorization)
        return given.get("username", "") if given.get("realm") == self._realm else ""

    def check(
        self,
        authorization: str,
        method: str,
        who: Account,
        host: str,
        algorithms: Sequence[Algorithm],
        now: float,
    ) -> Verdict:
        """Check an Authorization header of a request from `host`, challenged with `algorithms`."""
        given = parameters(authorization)
        algorithm = _algorithm(given.get("algorithm", "MD5"))
        if algorithm is None or algorithm not in algorithms or not _proper(given):
            return Verdict.IMPROPER
        # Who has no hash takes the time of one that has.
        hashes = who.hashes(algorithm) or ("",)
        expected = [response(algorithm, each, method, given) for each in hashes]
        right = any(hmac.compare_digest(each, given["response"].lower()) for each in expected)
        ours = given.get("realm") == self._realm and given.get("username") == who.username
        if not (right and ours and who.can(algorithm)):
            return Verdict.WRONG
        fresh = self._nonces.take(given["nonce"], host, int(given["nc"], 16), now)
        return Verdict.VALID if fresh else Verdict.STALE

    def answers(self, authorization: str, host: str) -> bool:
        """Whether it answers a challenge that was sent to that host: nobody else saw its nonce."""
        return self._nonces.given_to(parameters(authorization).get("nonce", ""), host)

    def next_nonce(self, authorization: str, host: str, now: float) -> str:
        """Value of Authentication-Info for an answer that was right (RFC 7616, 3.5).

        Empty while the nonce that was used is young enough.
        """
        if not self._nonces.aging(parameters(authorization)["nonce"], now):
            return ""
        return f'nextnonce="{self._nonces.issue(host, now)}"'


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Digest header; empty when it is of another scheme or cannot be read."""
    scheme = _SCHEME.match(value)
    if scheme is None:
        return {}
    found: dict[str, str] = {}
    position = scheme.end()
    while position < len(value):
        item = _PARAMETER.match(value, position)
        if item is None:
            return {}
        quoted, plain = item[2], item[3]
        found[item[1].lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        position = item.end()
    return found


def response(algorithm: Algorithm, ha1: str, method: str, given: Mapping[str, str]) -> str:
    """The request-digest (RFC 7616, 3.4.1), without qop where none is given (RFC 2069)."""
    ha2 = algorithm.hash(f"{method}:{given.get('uri', '')}")
    nonce = given.get("nonce", "")
    if given.get("qop"):
        nonce = f"{nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:{given['qop']}"
    return algorithm.hash(f"{ha1}:{nonce}:{ha2}")


def strongest(values: Sequence[str]) -> Challenge | None:
    """The best of these challenges that we can answer (RFC 8760, 2.4)."""
    known = [challenge for value in values if (challenge := _challenge(value)) is not None]
    return min(known, key=lambda each: _STRENGTH.index(each.algorithm), default=None)


def authorization(
    challenge: Challenge, user: str, secret: str, method: str, uri: str, cnonce: str
) -> str:
    """The Authorization value that answers a challenge with nonce count 1."""
    given = {"uri": uri, "nonce": challenge.nonce}
    if challenge.qop:
        given |= {"qop": "auth", "nc": "00000001", "cnonce": cnonce}
    ha1 = challenge.algorithm.hash(f"{user}:{challenge.realm}:{secret}")
    digest = response(challenge.algorithm, ha1, method, given)
    parts = [
        f"username={_quoted(user)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(uri)}",
        f'response="{digest}"',
        f"algorithm={challenge.algorithm.value}",
    ]
    if challenge.qop:
        parts += [f'cnonce="{cnonce}"', "qop=auth", "nc=00000001"]
    if challenge.opaque is not None:
        parts.append(f"opaque={_quoted(challenge.opaque)}")
    return "Digest " + ", ".join(parts)


def _challenge(value: str) -> Challenge | None:
    given = parameters(value)
    algorithm = _algorithm(given.get("algorithm", "MD5"))
    if algorithm is None or "realm" not in given or "nonce" not in given:
        return None
    qualities = {each.strip() for each in given.get("qop", "").split(",")} - {""}
    if qualities and "auth" not in qualities:
        return None
    stale = given.get("stale", "").lower() == "true"
    return Challenge(
        given["realm"], given["nonce"], algorithm, given.get("opaque"), bool(qualities), stale
    )


def _proper(given: Mapping[str, str]) -> bool:
    """Whether everything is there that quality ``auth`` asks for (RFC 7616, 3.4)."""
    return (
        given.get("qop") == "auth"
        and bool(given.get("cnonce"))
        and bool(_COUNT.fullmatch(given.get("nc", "")))
        and bool(given.get("nonce"))
        and given.get("response", "").isascii()
        and bool(given.get("response"))
    )


def _algorithm(name: str) -> Algorithm | None:
    return next((each for each in _STRENGTH if each.value == name.upper()), None)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
