"""Who is signed in: sessions kept in memory, found by a random token in a cookie or header.

A session ends by signing out, after being idle, or at its longest age. A restart of the server
ends all of them, which is meant: agents sign in again and their state is fresh.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from twisted.internet.defer import Deferred

from cti.kernel.clock import Clock
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy, StaffId, system_entropy
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.throttle import Throttle

TOKEN_BYTES = 32


class Authenticator(Protocol):
    """Knows staff by login name and password (implemented by `agents.roster`)."""

    def authenticate(self, login: str, password: str) -> Deferred[Principal | None]:
        """The member of staff, or None when name or password is wrong; takes equally long."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts, in seconds."""

    idle: float = 60 * 60.0
    longest: float = 12 * 60 * 60.0


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in member of staff. `csrf` stands in every form of this session."""

    token: str
    principal: Principal
    csrf: str
    opened: float
    used: float


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self,
        authenticator: Authenticator,
        clock: Clock,
        *,
        limits: SessionLimits = SessionLimits(),
        entropy: Entropy = system_entropy,
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._limits = limits
        self._entropy = entropy
        self._throttle = Throttle(clock)
        self._sessions: dict[str, Session] = {}
        self._on_end: list[Callable[[Session], object]] = []

    async def sign_in(self, login: str, password: str, source: str) -> Session:
        """Open a session; Refused when name or password is wrong or was guessed too often.

        `source` is the client's address: guessing is slowed down by name and by address.
        """
        keys = (f"login {login}", f"source {source}")
        self._throttle.check(*keys)
        principal = await self._authenticator.authenticate(login, password)
        if principal is None:
            self._throttle.failed(*keys)
            raise Refused("access.wrong_sign_in")
        self._throttle.succeeded(*keys)
        return self.open(principal)

    def open(self, principal: Principal) -> Session:
        """A new session for someone whose identity is already established."""
        self._drop_expired()
        now = self._clock.seconds()
        token = self._entropy(TOKEN_BYTES)
        session = Session(token, principal, self._entropy(TOKEN_BYTES), now, now)
        self._sessions[token] = session
        return session

    def find(self, token: str) -> Session | None:
        """The living session of that token; being found counts as use."""
        session = self._sessions.get(token)
        if session is None:
            return None
        if self._expired(session):
            self._end(session)
            return None
        session = replace(session, used=self._clock.seconds())
        self._sessions[token] = session
        return session

    def sign_out(self, token: str) -> None:
        """End the session; nothing happens when there is none."""
        if session := self._sessions.get(token):
            self._end(session)

    def sign_out_staff(self, staff_id: StaffId) -> None:
        """End every session of that person."""
        for session in tuple(self._sessions.values()):
            if session.principal.staff_id == staff_id:
                self._end(session)

    def on_end(self, listener: Callable[[Session], object]) -> None:
        """Call `listener` with every session that ends."""
        self._on_end.append(listener)

    def signed_in(self, role: Role) -> set[StaffId]:
        """Who with that role has a living session."""
        self._drop_expired()
        people = (session.principal for session in self._sessions.values())
        return {person.staff_id for person in people if role in person.roles}

    def _expired(self, session: Session) -> bool:
        now = self._clock.seconds()
        return now - session.used > self._limits.idle or now - session.opened > self._limits.longest

    def _drop_expired(self) -> None:
        for session in [s for s in self._sessions.values() if self._expired(s)]:
            self._end(session)

    def _end(self, session: Session) -> None:
        del self._sessions[session.token]
        for listener in self._on_end:
            listener(session)
