"""What the house is told of its trunks, as typed values; the settings file is read elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.secret import Secret
from cti.media.model import Security
from cti.sip.events import Transport
from cti.sip.outgoing import hostport, uri_host
from cti.trunks.numbers import Form, Reach

USUAL_REACHES = frozenset({Reach.SERVICE, Reach.FREE, Reach.LOCAL, Reach.NATIONAL, Reach.MOBILE})
"""What a trunk may be used for unless it is told otherwise: other countries and premium numbers
are what a stolen password is used for."""


class Show(Enum):
    """The header that tells a trunk who calls."""

    FROM = "from"
    PAI = "pai"
    """P-Asserted-Identity (RFC 3325)."""
    RPID = "rpid"
    """Remote-Party-ID, which came before it."""


class Dnis(Enum):
    """Where a trunk says which number was dialled."""

    REQUEST = "request"
    TO = "to"
    P_CALLED_PARTY_ID = "p-called-party-id"
    """RFC 7315, 4.2."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where a trunk is reached; `port` 0 leaves it to its name's SRV records (RFC 3263)."""

    host: str
    port: int = 0
    transport: Transport = Transport.UDP
    priority: int = 0
    """The smaller is tried first; among equals `weight` shares the calls (RFC 2782)."""
    weight: int = 1

    def __str__(self) -> str:
        place = hostport(self.host, self.port) if self.port else uri_host(self.host)
        return place if self.transport is Transport.UDP else f"{place}/{self.transport.value}"

    def uri(self, user: str = "") -> str:
        """A SIP URI that leads there."""
        place = hostport(self.host, self.port) if self.port else uri_host(self.host)
        explicit = self.transport is not Transport.UDP or self.port != 0
        transport = f";transport={self.transport.value.lower()}" if explicit else ""
        return f"sip:{user}@{place}{transport}" if user else f"sip:{place}{transport}"


@dataclass(frozen=True, slots=True)
class Account:
    """How we register with a carrier."""

    registrar: str
    """SIP URI."""
    domain: str
    """Host part of our address-of-record."""
    user: str
    secret: Secret
    login: str = ""
    """The name for digest where it is not `user`."""
    expires: int = 3600
    """Seconds asked for."""

    @property
    def address(self) -> str:
        """Our address-of-record there."""
        return f"sip:{self.user}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls a trunk carries at once, and how fast it takes new ones; 0: any number."""

    incoming: int = 0
    outgoing: int = 0
    total: int = 0
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What a trunk puts before numbers and we take away, and the other way round."""

    remove: str = ""
    """Taken from numbers that come in, called and calling."""
    add: str = ""
    """Put before numbers that go out."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """One line to a carrier or PBX."""

    name: str
    gateways: tuple[Gateway, ...] = ()
    """Empty: calls only come in."""
    trusted: tuple[str, ...] = ()
    """Addresses, networks and names whose calls are this trunk's, beside its gateways'."""
    account: Account | None = None
    proxy: str = ""
    """URI of an outbound proxy; empty: none."""
    domain: str = ""
    """Host of From and of asserted identities; empty: ours."""
    form: Form = Form.E164
    prefixes: Prefixes = Prefixes()
    believed: bool = True
    """Whether P-Asserted-Identity and Privacy are taken from it (RFC 3325, 5)."""
    reads_rpid: bool = False
    dnis: Dnis = Dnis.REQUEST
    show: Show = Show.PAI
    presented: tuple[str, ...] = ()
    """Numbers that may be shown, X for any digit; the first is shown when none is asked for."""
    reaches: frozenset[Reach] = USUAL_REACHES
    limits: Limits = Limits()
    codecs: tuple[str, ...] = ()
    security: Security = Security.NONE
    probed: bool = True
    """Whether its gateways are asked by OPTIONS whether they live."""


@dataclass(frozen=True, slots=True)
class Probing:
    """How gateways are watched; seconds, and answers in a row."""

    every: float = 30.0
    suspect: float = 5.0
    failures: int = 3
    successes: int = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """Which trunks carry calls to which numbers, the first first.

    `to` holds kinds of calls (``mobile``), exact numbers, numbers with X for any digit, and
    beginnings that end in ``*``; empty: every number.
    """

    to: tuple[str, ...]
    trunks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrunksSettings:
    """Every trunk by its name, in the order of the file."""

    trunks: Mapping[str, Trunk] = field(default_factory=dict)
    routes: tuple[Rule, ...] = ()
    """Empty: every number goes by every trunk with gateways, in order."""
    probing: Probing = Probing()
    patience: float = 4.0
    """Seconds a gateway may leave an INVITE or OPTIONS without any answer."""
