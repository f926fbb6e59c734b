"""Who may call and who may register (RFC 3261, 8.2.1 and 22).

A caller whose From names an account proves it by digest; a caller from a trunk's address is
trusted; nobody else gets in. Names nobody has are challenged and refused as known ones are, after
the same work, so that a scanner learns nothing from the answers. Only an account whose algorithms
differ from the house's is challenged otherwise.

A connection that an account registered over vouches for nothing: every INVITE is asked to prove
itself, wherever it comes from.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address

from cti.kernel.identifiers import Entropy
from cti.sip.access.attempts import Attempts
from cti.sip.access.bans import Offence
from cti.sip.access.digest import Account, Algorithm, Authenticator, Md5, Verdict
from cti.sip.access.doorkeeper import Doorkeeper
from cti.sip.errors import Header, RequestError
from cti.sip.events import Endpoint, SignInFailed, Transport
from cti.sip.message import InboundRequest
from cti.sip.settings import Accounts, UserAgentSettings

BROWSERS = (Transport.WS, Transport.WSS)
"""What no trunk calls by: the address is often that of a proxy in front of the web site."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who vouches for a new call: a trunk or an account."""

    trunk: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Registrant:
    """An account that proved itself, and headers for its 200."""

    account: str
    headers: tuple[Header, ...] = ()


class Gatekeeper:
    """Lets requests in, or says what to answer; `report` is told of wrong secrets."""

    def __init__(
        self,
        settings: UserAgentSettings,
        accounts: Accounts,
        entropy: Entropy,
        report: Callable[[SignInFailed], object],
        door: Doorkeeper,
    ) -> None:
        self._settings, self._accounts, self._report = settings, accounts, report
        self._door = door
        self._authenticator = Authenticator(settings.realm, entropy)
        self._attempts = Attempts(settings.attempts)

    def caller(self, request: InboundRequest, now: float) -> Caller:
        """Who sends this INVITE; RequestError 400, 401 or 403."""
        name = request.from_address.uri.user or ""
        trunks, host = self._settings.trunks, request.source.host
        trunk = trunks.get(f"{request.message.uri.user}@{host}") or trunks.get(host)
        if request.source.transport in BROWSERS:
            trunk = None
        if trunk is not None and self._find(name) is None:
            self._door.called(host, request.source.port, now)
            return Caller(trunk=trunk)
        self._authenticate(request, name, now)
        return Caller(account=name)

    def registrant(self, request: InboundRequest, now: float) -> Registrant:
        """The account this REGISTER is about, its own; RequestError 400, 401 or 403."""
        name = request.to_address.uri.user or ""
        given = self._authenticate(request, name, now)
        following = self._authenticator.next_nonce(given, request.source.host, now)
        return Registrant(name, (("Authentication-Info", following),) if following else ())

    def offended(
        self, source: Endpoint, offence: Offence, now: float, *, proven: bool = False
    ) -> None:
        """Count what is wrong with a message from there, unless a proxy of ours may stand there.

        `proven`: the address is the sender's own; that of a connection always is.
        """
        if source.transport not in BROWSERS:
            proven = proven or source.transport.reliable
            self._door.offended(source.host, source.port, offence, now, proven=proven)

    def _find(self, name: str) -> Account | None:
        return self._accounts.find(name) if name else None

    def _authenticate(self, request: InboundRequest, name: str, now: float) -> str:
        """The credentials that prove the name."""
        account = _without_passes(self._find(name), request.source)
        given = self._credentials(request)
        if given is None:
            self.offended(request.source, Offence.UNPROVEN, now)
            raise self._challenge(request, account, now, stale=False)
        host = request.source.host
        if seconds := self._attempts.held(name, host, now):
            proven = self._authenticator.answers(given, host)
            self.offended(request.source, Offence.UNPROVEN, now, proven=proven)
            raise RequestError("too many wrong secrets", 403, (("Retry-After", str(seconds)),))
        who = account or Account(name)
        algorithms = self._algorithms(account, request.source)
        match self._authenticator.check(given, request.method, who, host, algorithms, now):
            case Verdict.STALE:
                raise self._challenge(request, account, now, stale=True)
            case Verdict.IMPROPER:
                raise RequestError("no answer to our challenge", 400)
            case Verdict.WRONG:
                self._attempts.wrong(name, host, now)
                proven = self._authenticator.answers(given, host)
                self.offended(request.source, Offence.WRONG_SECRET, now, proven=proven)
                self._report(SignInFailed(request.source, name))
                raise RequestError("wrong credentials", 403)
        self._attempts.right(name, host)
        self._door.vouch(host, request.source.port, now)
        return given

    def _credentials(self, request: InboundRequest) -> str | None:
        """The Authorization header for our realm; others are for somebody else (22.3)."""
        values = request.message.headers.getlist("Authorization")
        return next((value for value in values if self._authenticator.username(value)), None)

    def _challenge(
        self, request: InboundRequest, account: Account | None, now: float, *, stale: bool
    ) -> RequestError:
        agent = request.message.headers.get("User-Agent") or ""
        algorithms = self._algorithms(account, request.source)
        if agent.startswith(self._settings.md5_only) and Algorithm.MD5 in algorithms:
            algorithms = (Algorithm.MD5,)
        if not algorithms:
            raise RequestError("no algorithm of ours is safe from there", 403)
        host = request.source.host
        values = self._authenticator.challenges(host, algorithms, now, stale=stale)
        headers = tuple(("WWW-Authenticate", value) for value in values)
        return RequestError("credentials are needed", 401, headers)

    def _algorithms(self, account: Account | None, source: Endpoint) -> tuple[Algorithm, ...]:
        """What to prove oneself with, coming from there; an account that has none of it
        is asked for what everybody is.
        """
        usual = self._permitted(self._settings.md5, source)
        if account is None:
            return usual
        own = self._permitted(account.md5 or self._settings.md5, source)
        return tuple(each for each in own if account.can(each)) or usual

    def _permitted(self, rule: Md5, source: Endpoint) -> tuple[Algorithm, ...]:
        weak = rule is Md5.ALWAYS or (rule is Md5.SECURE and unread(source))
        return tuple(
            each for each in self._settings.algorithms if weak or each is not Algorithm.MD5
        )


def _without_passes(account: Account | None, source: Endpoint) -> Account | None:
    """The account as it may be proved from there: passes count where nobody reads them."""
    if account is None or not account.passes or unread(source):
        return account
    return replace(account, passes=())


def unread(source: Endpoint) -> bool:
    """Whether nobody between there and us can read what is sent."""
    if source.transport.secure:
        return True
    try:
        return ip_address(source.host).is_loopback
    except ValueError:
        return False
