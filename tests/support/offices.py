"""A frame with people to sign in, for tests of pages."""

from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from cti.kernel.identifiers import Entropy, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language, Role
from cti.web.frame import SESSION_COOKIE, Frame, WebSettings
from cti.web.sessions import SessionLimits, Sessions
from tests.support.browsers import Browser

AGENT = Principal(
    StaffId("a1"), "李明", frozenset({Role.AGENT}), Language.CHINESE, extension="1001"
)
SUPERVISOR = Principal(StaffId("s1"), "Wang Fang", frozenset({Role.SUPERVISOR}), Language.ENGLISH)


def counting() -> Entropy:
    """Tokens that count, as wide as the real ones."""
    numbers = iter(range(1, 1_000_000))
    return lambda size: f"{next(numbers):0{2 * size}x}"


class OneList:
    """An authenticator over a dictionary of (login, password)."""

    def __init__(self, people: dict[tuple[str, str], Principal]) -> None:
        self.people = people

    def authenticate(self, login: str, password: str) -> Deferred[Principal | None]:
        return succeed(self.people.get((login, password)))


@dataclass
class Office:
    """Clock, sessions and frame. `agent` and `supervisor` sign in with the password ``right``."""

    clock: Clock = field(default_factory=Clock)
    limits: SessionLimits = field(default_factory=SessionLimits)
    settings: WebSettings = field(default_factory=WebSettings)

    def __post_init__(self) -> None:
        people = {("agent", "right"): AGENT, ("supervisor", "right"): SUPERVISOR}
        entropy = counting()
        self.sessions = Sessions(OneList(people), self.clock, limits=self.limits, entropy=entropy)
        self.frame = Frame(self.settings, self.sessions, self.clock, entropy=entropy)

    def signed_in(self, browser: Browser, principal: Principal) -> str:
        """Give the browser a session of that person; returns the session's CSRF token."""
        session = self.sessions.open(principal)
        browser.cookies[SESSION_COOKIE] = session.token
        return session.csrf
