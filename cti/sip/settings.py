"""What a user agent is told about itself and about those who may use it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cti.sip.access.antechamber import OverloadRules
from cti.sip.access.attempts import AttemptLimits
from cti.sip.access.digest import Account, Algorithm, Md5
from cti.sip.access.doorkeeper import DoorRules
from cti.sip.events import Transport
from cti.sip.outgoing import hostport
from cti.sip.sdp import DEFAULT_CODECS
from cti.sip.session.session_timer import Terms
from cti.sip.timers import TimerSettings

__all__ = ["Account", "Accounts", "UserAgentSettings"]

FIRST_CHALLENGE_ONLY = ("baresip", "JsSIP", "sipsak")
"""User agents that look at the first challenge alone and know only MD5."""


class Accounts(Protocol):
    """Finds who may register and call."""

    def find(self, username: str) -> Account | None:
        """The account of that name, exactly as the far side spells it."""


@dataclass(frozen=True, slots=True)
class UserAgentSettings:
    """One user agent; `host` and `port` are what others reach it by (Via, Contact)."""

    host: str
    port: int
    realm: str = "hotline"
    user_agent: str = "Hotline"
    contact_user: str = "hotline"
    trunks: Mapping[str, str] = field(default_factory=dict)
    """Name of the trunk by the IP address its requests come from, or by `user@address`: the contact
    called, where several trunks share an address."""
    codecs: tuple[str, ...] = DEFAULT_CODECS
    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    """Challenges to send, in this order; see RFC 8760, 2.4."""
    md5_only: tuple[str, ...] = FIRST_CHALLENGE_ONLY
    """User-Agent prefixes that are challenged with MD5 alone, where it is allowed."""
    md5: Md5 = Md5.SECURE
    """When accounts may prove themselves by MD5 that say nothing of it themselves."""
    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    door: DoorRules = field(default_factory=DoorRules)
    """What strangers may send, and who is banned."""
    overload: OverloadRules = field(default_factory=OverloadRules)
    minimum_expires: int = 60
    maximum_expires: int = 3600
    """Seconds a binding may last."""
    translated_expires: int = 90
    """The same over UDP through a translator, which forgets whom it heard nothing of (RFC 4787,
    4.3, asks it for 2 minutes)."""
    session_terms: Terms = field(default_factory=Terms)
    """How long a session lasts without a sign of life (RFC 4028)."""
    tcp: bool = True
    """Whether TCP is spoken, beside UDP."""
    ports: Mapping[Transport, int] = field(default_factory=dict)
    """Ports of what listens elsewhere than at `port`: TLS, WS, WSS."""
    timers: TimerSettings = field(default_factory=TimerSettings)
    house_key: bytes = field(default=b"", repr=False)
    """A secret that outlives the process, by which a later one knows what this one sent."""

    @property
    def transports(self) -> tuple[Transport, ...]:
        """What requests may go out by to where no connection leads yet."""
        usual = (Transport.UDP, Transport.TCP, Transport.TLS)
        return usual if self.tcp else (Transport.UDP,)

    @property
    def sent_by(self) -> str:
        """Host and port as they stand in Via."""
        return hostport(self.host, self.port)

    @property
    def contact(self) -> str:
        """The Contact header of this user agent over UDP; `Core` completes it for the others."""
        return f"<sip:{self.contact_user}@{self.sent_by}>"

    def sent_by_over(self, transport: Transport) -> str:
        """Host and port as they stand in the Via of that transport (RFC 3261, 18.1.1)."""
        if transport in (Transport.UDP, Transport.TCP):
            return self.sent_by
        return hostport(self.host, self.ports.get(transport, transport.default_port))

    def contact_over(self, transport: Transport, *, secure: bool = False, user: str = "") -> str:
        """The Contact header where messages go by that transport; `user` is ours by default.

        A SIPS URI where the request asks for it (RFC 3261, 8.1.1.8 and 12.1.1).
        """
        user = user or self.contact_user
        if transport is Transport.UDP:
            return f"<sip:{user}@{self.sent_by}>"
        scheme, name = ("sips", "tcp") if secure else ("sip", transport.value.lower())
        if secure and transport is not Transport.TLS:
            name = "ws"
        return f"<{scheme}:{user}@{self.sent_by_over(transport)};transport={name}>"
