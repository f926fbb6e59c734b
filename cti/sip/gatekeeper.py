"""Who may call and who may register (RFC 3261, 8.2.1 and 22).

A caller whose From names an account proves it by digest; a caller from a trunk's address is
trusted; nobody else gets in. Unknown accounts are challenged like known ones, so that a scanner
learns nothing from the answers.
"""

from dataclasses import dataclass

from cti.kernel.identifiers import Entropy
from cti.sip.digest import Account, Algorithm, Authenticator, Verdict
from cti.sip.errors import RequestError
from cti.sip.message import InboundRequest
from cti.sip.settings import Accounts, UserAgentSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """Who vouches for a new call: a trunk or an account."""

    trunk: str | None = None
    account: str | None = None


class Gatekeeper:
    """Lets requests in, or says what to answer."""

    def __init__(self, settings: UserAgentSettings, accounts: Accounts, entropy: Entropy) -> None:
        self._settings = settings
        self._accounts = accounts
        self._authenticator = Authenticator(settings.realm, entropy, settings.algorithms)

    def caller(self, request: InboundRequest, now: float) -> Caller:
        """Who sends this INVITE; RequestError 401 or 403."""
        name = request.from_address.uri.user or ""
        account = self._accounts.find(name) if name else None
        if account is not None:
            self._authenticate(request, account, now)
            return Caller(account=account.username)
        trunk = self._settings.trunks.get(request.source.host)
        if trunk is None:
            raise RequestError("neither an account nor a trunk", 403)
        return Caller(trunk=trunk)

    def registrant(self, request: InboundRequest, now: float) -> str:
        """The account this REGISTER is about, its own; RequestError 401 or 403."""
        name = request.to_address.uri.user or ""
        self._authenticate(request, self._accounts.find(name) if name else None, now)
        return name

    def _authenticate(self, request: InboundRequest, account: Account | None, now: float) -> None:
        given = self._credentials(request)
        if given is None:
            raise self._challenge(request, now, stale=False)
        if account is None:
            raise RequestError("no such account", 403)
        match self._authenticator.check(given, request.method, account, now):
            case Verdict.STALE:
                raise self._challenge(request, now, stale=True)
            case Verdict.WRONG:
                raise RequestError("wrong credentials", 403)

    def _credentials(self, request: InboundRequest) -> str | None:
        """The Authorization header for our realm; others are for somebody else (22.3)."""
        values = request.message.headers.getlist("Authorization")
        return next((value for value in values if self._authenticator.username(value)), None)

    def _challenge(self, request: InboundRequest, now: float, *, stale: bool) -> RequestError:
        agent = request.message.headers.get("User-Agent") or ""
        only = (Algorithm.MD5,) if agent.startswith(self._settings.md5_only) else None
        values = self._authenticator.challenges(now, stale=stale, only=only)
        headers = tuple(("WWW-Authenticate", value) for value in values)
        return RequestError("credentials are needed", 401, headers)
