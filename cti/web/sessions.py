"""Who is signed in: sessions kept in memory, found by a random token in a cookie or header.

A session ends by signing out, after being idle, or at its longest age, and with a server that is
stopped: agents sign in again and their state is fresh. A restart that agents stay signed in through
keeps them, by digests of their tokens (`cti.web.kept`).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
MOST_OF_NAME = 5
"""Sign-ins of one name that are under way at once."""
MOST_OF_SOURCE = 50
MOST_UNDER_WAY = 200
"""Sign-ins from one address and from all: each takes a thread as long as a guess is to be dear."""
WRITE_AFTER = 60.0
"""Seconds of use before it is written down again when a session was used last."""


class Authenticator(Protocol):
    """Knows staff by login name and password (implemented by `agents.roster`)."""

    def authenticate(self, login: str, password: str) -> Deferred[Principal | None]:
        """The member of staff, or None when name or password is wrong; takes equally long."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session as it is written down; instants in seconds since the epoch."""

    digest: str
    staff_id: StaffId
    opened: float
    used: float


class Keeper(Protocol):
    """Where sessions are written down (implemented by `cti.web.kept`)."""

    def keep(self, session: KeptSession) -> None:
        """The session is open, and was used then."""

    def forget(self, digest: str) -> None:
        """The session is over."""


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

    @property
    def kept(self) -> KeptSession:
        """What is written down of it."""
        return KeptSession(digest_of(self.token), self.principal.staff_id, self.opened, self.used)


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(
        self,
        authenticator: Authenticator,
        clock: Clock,
        *,
        limits: SessionLimits = SessionLimits(),
        entropy: Entropy = system_entropy,
        keeper: Keeper | None = None,
    ) -> None:
        """`keeper` writes sessions down; without one they end with us."""
        self._keeper = keeper
        self._written: dict[str, float] = {}
        """By token, until when use is written down."""
        self._found: dict[str, tuple[KeptSession, Principal]] = {}
        """Sessions of the server before us that nobody has used yet, by digest."""
        self._authenticator = authenticator
        self._clock = clock
        self._limits = limits
        self._entropy = entropy
        self._throttle = Throttle(clock)
        self._looked_at: Counter[str] = Counter()
        """Passwords that are being looked at, by name, by source, and all of them."""
        self._sessions: dict[str, Session] = {}
        self._on_end: list[Callable[[Session], object]] = []

    async def sign_in(self, login: str, password: str, source: str) -> Session:
        """Open a session; Refused when name or password is wrong or was guessed too often.

        `source` is the client's address: guessing is slowed down by name and by address.
        """
        keys = (f"login {login}", f"source {source}")
        self._throttle.check(*keys)
        with self._under_way(*keys):
            principal = await self._authenticator.authenticate(login, password)
        # Guesses that were sent together are as many as if one had followed the other.
        self._throttle.check(*keys)
        if principal is None:
            self._throttle.failed(*keys)
            raise Refused("access.wrong_sign_in")
        self._throttle.succeeded(*keys)
        return self.open(principal)

    @contextmanager
    def _under_way(self, name: str, source: str) -> Iterator[None]:
        """While a password is looked at; Refused where too many are already."""
        counted = self._looked_at
        most = {name: MOST_OF_NAME, source: MOST_OF_SOURCE, "": MOST_UNDER_WAY}
        if any(counted[key] >= limit for key, limit in most.items()):
            raise Refused("access.too_many_attempts", seconds=1)
        counted.update(most.keys())
        try:
            yield
        finally:
            counted.subtract(most.keys())
            for key in most:
                if not counted[key]:
                    del counted[key]

    def open(self, principal: Principal) -> Session:
        """A new session for someone whose identity is already established."""
        self._drop_expired()
        now = self._clock.seconds()
        token = self._entropy(TOKEN_BYTES)
        session = self._sessions[token] = Session(token, principal, csrf_of(token), now, now)
        self._keep(session)
        return session

    def restore(self, found: Iterable[tuple[KeptSession, Principal]]) -> None:
        """Sessions of the server before us, each with whose it is, are open on."""
        self._found = {kept.digest: (kept, principal) for kept, principal in found}

    def find(self, token: str) -> Session | None:
        """The living session of that token; being found counts as use."""
        session = self._sessions.get(token) or self._restored(token)
        if session is None:
            return None
        if self._expired(session):
            self._end(session)
            return None
        session = replace(session, used=self._clock.seconds())
        self._sessions[token] = session
        if session.used - self._written.get(token, 0.0) > WRITE_AFTER:
            self._keep(session)
        return session

    def sign_out(self, token: str) -> None:
        """End the session; nothing happens when there is none."""
        if session := self._sessions.get(token) or self._restored(token):
            self._end(session)

    def sign_out_staff(self, staff_id: StaffId) -> None:
        """End every session of that person."""
        for digest, (kept, _) in tuple(self._found.items()):
            if kept.staff_id == staff_id:
                del self._found[digest]
                if self._keeper is not None:
                    self._keeper.forget(digest)
        for session in tuple(self._sessions.values()):
            if session.principal.staff_id == staff_id:
                self._end(session)

    def on_end(self, listener: Callable[[Session], object]) -> None:
        """Call `listener` with every session that ends."""
        self._on_end.append(listener)

    def has(self, staff_id: StaffId) -> bool:
        """Whether that person has a session, used by now or not."""
        people = (session.principal for session in self._sessions.values())
        found = (kept.staff_id for kept, _ in self._found.values())
        return staff_id in {*(person.staff_id for person in people), *found}

    def signed_in(self, role: Role) -> set[StaffId]:
        """Who with that role has a living session."""
        self._drop_expired()
        people = (session.principal for session in self._sessions.values())
        return {person.staff_id for person in people if role in person.roles}

    def _restored(self, token: str) -> Session | None:
        """The session of the server before us, which has the same form secret."""
        kept, principal = self._found.pop(digest_of(token), (None, None))
        if kept is None or principal is None:
            return None
        session = Session(token, principal, csrf_of(token), kept.opened, kept.used)
        self._sessions[token] = session
        return session

    def _keep(self, session: Session) -> None:
        if self._keeper is not None:
            self._written[session.token] = session.used
            self._keeper.keep(session.kept)

    def _expired(self, session: Session) -> bool:
        now = self._clock.seconds()
        return now - session.used > self._limits.idle or now - session.opened > self._limits.longest

    def _drop_expired(self) -> None:
        for session in [s for s in self._sessions.values() if self._expired(s)]:
            self._end(session)

    def _end(self, session: Session) -> None:
        del self._sessions[session.token]
        self._written.pop(session.token, None)
        if self._keeper is not None:
            self._keeper.forget(digest_of(session.token))
        for listener in self._on_end:
            listener(session)


def digest_of(token: str) -> str:
    """What is written down in the place of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str) -> str:
    """What stands in the forms of the session: another digest, so that a restart changes none."""
    return hashlib.sha256(b"form " + token.encode()).hexdigest()
