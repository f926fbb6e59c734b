"""Who is let in: the challenge by transport and account, strangers, guesses, and the way back."""

import pytest

from cti.sip.access import digest
from cti.sip.access.attempts import AttemptLimits
from cti.sip.access.digest import Account, Algorithm, Md5
from cti.sip.access.doorkeeper import Doorkeeper, DoorRules
from cti.sip.access.gatekeeper import Caller, Gatekeeper, Registrant
from cti.sip.errors import RequestError
from cti.sip.events import Endpoint, SignInFailed, Transport
from cti.sip.message import InboundRequest
from cti.sip.settings import UserAgentSettings
from tests.support.lossy_link import counting_entropy
from tests.support.sip_messages import TRUNK, Changes, request

PHONE = Endpoint("203.0.113.9", 5060)
SAFE = Endpoint("203.0.113.9", 5061, Transport.TLS, "flow-1")
HERE, HERE_6 = Endpoint("127.0.0.1", 5062), Endpoint("::1", 5062)
BOTH, STRONG, WEAK = ["SHA-256", "MD5"], ["SHA-256"], ["MD5"]

PASS = digest.account("1005", "hotline", "of the page")


class Accounts:
    """1001 is usual, 1002 may use MD5 anywhere, 1003 never, 1004 has nothing but MD5.

    1005 has a browser's pass, too.
    """

    def find(self, username: str) -> Account | None:
        known = digest.account(username, "hotline", f"secret-{username}")
        both = known.username, known.ha1_sha256, known.ha1_md5
        return {
            "1001": known,
            "1002": Account(*both, md5=Md5.ALWAYS),
            "1003": Account(*both, algorithms=(Algorithm.SHA256,)),
            "1004": Account(username, "", known.ha1_md5),
            "1005": Account(*both, passes=(PASS.ha1_sha256,)),
        }.get(username)


class Door:
    """A gatekeeper, what it reported, and a telephone that answers its challenges."""

    def __init__(self, **settings: object) -> None:
        self.failed: list[SignInFailed] = []
        trunks = {TRUNK.host: "carrier"}
        self.door = Doorkeeper(DoorRules(), trunks)
        self.keeper = Gatekeeper(
            UserAgentSettings("192.0.2.9", 5060, trunks=trunks, **settings),  # type: ignore[arg-type]  # any setting
            Accounts(),
            counting_entropy(),
            self.failed.append,
            self.door,
        )

    def refusal(self, message: InboundRequest, now: float = 100.0) -> RequestError:
        asked = self.keeper.registrant if message.method == "REGISTER" else self.keeper.caller
        with pytest.raises(RequestError) as refused:
            asked(message, now)
        return refused.value

    def offered(self, name: str, source: Endpoint, agent: str = "") -> list[str]:
        """The algorithms of the challenge, in order."""
        refused = self.refusal(register(name, source, {"User-Agent": agent}))
        assert refused.status in (401, 403)
        return [digest.parameters(value)["algorithm"] for _, value in refused.headers]

    def answer(self, name: str, secret: str, source: Endpoint = PHONE, now: float = 100.0) -> str:
        challenges = [value for _, value in self.refusal(register(name, source), now).headers]
        challenge = digest.strongest(challenges)
        assert challenge is not None
        return digest.authorization(challenge, name, secret, "REGISTER", "sip:bank", "c0ffee")


MOBILE = Endpoint("203.0.113.6", 5060)


def register(name: str, source: Endpoint, headers: Changes | None = None) -> InboundRequest:
    to: Changes = {"To": f"<sip:{name}@192.0.2.9>", **(headers or {})}
    return request("REGISTER", to, source=source)


def invite(name: str, source: Endpoint) -> InboundRequest:
    return request("INVITE", {"From": f"<sip:{name}@192.0.2.9>;tag=1"}, source=source)


@pytest.mark.parametrize(
    ("source", "usual", "anywhere", "never", "only_weak"),
    [
        (PHONE, STRONG, BOTH, STRONG, STRONG),
        (SAFE, BOTH, BOTH, STRONG, WEAK),
        (HERE, BOTH, BOTH, STRONG, WEAK),
        (HERE_6, BOTH, BOTH, STRONG, WEAK),
    ],
)
def test_md5_where_nobody_reads_along_unless_the_account_says_otherwise(
    source: Endpoint, usual: list[str], anywhere: list[str], never: list[str], only_weak: list[str]
) -> None:
    door = Door()
    offers = [door.offered(name, source) for name in ("1001", "1002", "1003", "1004")]
    assert offers == [usual, anywhere, never, only_weak]
    assert door.offered("nobody", source) == usual, "a scanner learns nothing"


@pytest.mark.parametrize(
    ("md5", "source", "expected"),
    [
        (Md5.ALWAYS, PHONE, BOTH),
        (Md5.NEVER, SAFE, STRONG),
        (Md5.NEVER, HERE, STRONG),
        (Md5.SECURE, PHONE, STRONG),
    ],
)
def test_the_houses_rule(md5: Md5, source: Endpoint, expected: list[str]) -> None:
    assert Door(md5=md5).offered("1001", source) == expected


def test_telephones_known_for_it_are_asked_for_md5_alone_where_it_is_safe() -> None:
    baresip = "baresip v1.0.0 (x86_64/linux)"
    assert Door().offered("1001", SAFE, baresip) == WEAK
    assert Door().offered("1001", SAFE, "sipsak 0.9.8.1") == WEAK
    assert Door().offered("1001", PHONE, baresip) == STRONG
    refused = Door(algorithms=(Algorithm.MD5,)).refusal(register("1001", PHONE))
    assert refused.status == 403


def test_an_answer_by_what_was_not_offered_is_improper() -> None:
    door = Door()
    given = door.answer("1001", "secret-1001")
    weak = digest.Challenge(
        "hotline", digest.parameters(given)["nonce"], Algorithm.MD5, None, True, False
    )
    answer = digest.authorization(weak, "1001", "secret-1001", "REGISTER", "sip:bank", "c0ffee")
    refused = door.refusal(register("1001", PHONE, {"Authorization": answer}))
    assert refused.status == 400
    assert door.failed == []


def test_strangers_and_scanners_are_asked_like_anybody_and_refused_like_anybody() -> None:
    door = Door()
    for name in ("1001", "nobody"):
        assert door.refusal(invite(name, PHONE)).status == 401
        assert door.refusal(register(name, PHONE)).status == 401
    for name in ("1001", "nobody"):
        given = door.answer(name, "guess")
        refused = door.refusal(register(name, PHONE, {"Authorization": given}))
        assert (refused.status, refused.headers) == (403, ())
    assert door.failed == [SignInFailed(PHONE, "1001"), SignInFailed(PHONE, "nobody")]


def test_a_trunk_is_trusted_unless_it_gives_the_name_of_a_telephone() -> None:
    door = Door()
    assert door.keeper.caller(invite("13800138000", TRUNK), 1.0) == Caller(trunk="carrier")
    assert door.refusal(invite("1001", TRUNK)).status == 401


def test_an_account_proves_itself_and_is_given_the_next_nonce() -> None:
    door = Door()
    given = door.answer("1001", "secret-1001")
    message = register("1001", PHONE, {"Authorization": given})
    ((name, value),) = door.keeper.registrant(message, 300.0).headers
    assert name == "Authentication-Info"
    assert value.startswith('nextnonce="')
    assert b"stale=true" in str(door.refusal(message, 301.0).headers).encode()
    given = door.answer("1001", "secret-1001", now=400.0)
    fresh = register("1001", PHONE, {"Authorization": given})
    assert door.keeper.registrant(fresh, 400.0) == Registrant("1001")


def test_guesses_are_slowed_and_the_right_secret_waits_too() -> None:
    door = Door(attempts=AttemptLimits(per_account=3, per_host=9, period=60.0, hold=30.0))
    for _ in range(3):
        wrong = register("1001", PHONE, {"Authorization": door.answer("1001", "guess")})
        assert door.refusal(wrong).headers == ()
    given = door.answer("1001", "secret-1001")
    right = register("1001", PHONE, {"Authorization": given})
    held = door.refusal(right)
    assert (held.status, held.headers) == (403, (("Retry-After", "30"),))
    assert len(door.failed) == 3
    assert door.keeper.registrant(right, 131.0).account == "1001"


def test_names_nobody_has_ban_as_soon_as_others_so_that_no_ban_tells_them_apart() -> None:
    def requests(name: str) -> int:
        door = Door()
        for number in range(1000):
            now = 100.0 + number / 5
            if door.door.bans.banned(PHONE.host, now):
                return number
            door.refusal(register(name, PHONE), now)
        raise AssertionError("never banned")

    assert requests("nobody") == requests("1001") < 100


def test_a_ban_for_wrong_secrets_holds_for_connections_where_our_challenge_was_answered() -> None:
    honest, forged = Door(), Door()
    given = forged.answer("1001", "guess", Endpoint("203.0.113.99", 5060))
    for number in range(100):
        now = 100.0 + number / 10
        answer = honest.answer("1001", "guess", MOBILE, now)
        honest.refusal(register("1001", MOBILE, {"Authorization": answer}), now)
        forged.refusal(register("1001", PHONE, {"Authorization": given}), now)
    assert honest.door.bans.banned(MOBILE.host, 110.0, connected=True)
    assert forged.door.bans.banned(PHONE.host, 110.0)
    assert not forged.door.bans.banned(PHONE.host, 110.0, connected=True)


def test_who_proved_a_name_or_calls_by_a_trunk_is_known_and_never_banned() -> None:
    door = Door()
    right = door.answer("1001", "secret-1001")
    door.keeper.registrant(register("1001", PHONE, {"Authorization": right}), 100.0)
    door.keeper.caller(invite("13800138000", TRUNK), 100.0)
    for source in (PHONE, TRUNK):
        for number in range(500):
            door.refusal(register(f"{number}", source))
        assert door.door.admits(source.host, source.port, 100.0)
    assert not door.door.bans


def test_a_browser_is_not_counted_as_its_address_may_be_our_own_proxys() -> None:
    door = Door()
    browser = Endpoint("203.0.113.80", 443, Transport.WSS, "wss-1")
    for _ in range(500):
        door.refusal(register("1001", browser))
    assert not door.door.bans


@pytest.mark.parametrize("source", [SAFE, HERE, HERE_6])
def test_a_pass_is_as_good_as_the_secret_where_nobody_reads_along(source: Endpoint) -> None:
    door = Door()
    for secret in ("of the page", "secret-1005"):
        given = door.answer("1005", secret, source)
        proven = register("1005", source, {"Authorization": given})
        assert door.keeper.registrant(proven, 100.0).account == "1005"
    assert door.failed == []


def test_a_pass_is_worth_nothing_where_others_read_along() -> None:
    door = Door()
    given = door.answer("1005", "of the page")
    assert door.refusal(register("1005", PHONE, {"Authorization": given})).status == 403
    assert [each.account for each in door.failed] == ["1005"]
