"""Digest authentication against the vectors of RFC 2617 and RFC 7616, and against replay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access import digest
from cti.sip.access.digest import Algorithm, Authenticator, Verdict, account
from cti.sip.access.nonces import NONCE_LIFE
from tests.support.lossy_link import counting_entropy

RFC_7616 = {
    "uri": "/dir/index.html",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "nc": "00000001",
    "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    "qop": "auth",
}
ALICE = account("alice", "hotline", "open sesame")


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Algorithm.SHA256,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ],
)
def test_rfc_7616_3_9_1(algorithm: Algorithm, expected: str) -> None:
    ha1 = account("Mufasa", "http-auth@example.org", "Circle of Life").ha1(algorithm)
    assert digest.response(algorithm, ha1, "GET", RFC_7616) == expected


def test_rfc_2617_3_5() -> None:
    ha1 = account("Mufasa", "testrealm@host.com", "Circle Of Life").ha1_md5
    given = {
        "uri": "/dir/index.html",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "qop": "auth",
    }
    expected = "6629fae49393a05397450978507c4ef1"
    assert digest.response(Algorithm.MD5, ha1, "GET", given) == expected


HOST, ELSEWHERE = "192.0.2.1", "192.0.2.2"
ALL = tuple(Algorithm)


def guard(seed: int = 0) -> Authenticator:
    return Authenticator("hotline", counting_entropy(seed))


def answer(challenges: tuple[str, ...], password: str = "open sesame", user: str = "alice") -> str:
    challenge = digest.strongest(challenges)
    assert challenge is not None
    return digest.authorization(challenge, user, password, "INVITE", "sip:95588@bank", "c0ffee")


def check(
    authenticator: Authenticator,
    given: str,
    now: float,
    who: digest.Account = ALICE,
    algorithms: tuple[Algorithm, ...] = ALL,
) -> Verdict:
    return authenticator.check(given, "INVITE", who, HOST, algorithms, now)


def test_the_strongest_challenge_comes_first_and_is_answered() -> None:
    authenticator = guard()
    challenges = authenticator.challenges(HOST, ALL, 1000.0)
    assert ["SHA-256" in value for value in challenges] == [True, False]
    given = answer(challenges)
    assert "algorithm=SHA-256" in given
    assert check(authenticator, given, 1000.0) is Verdict.VALID


@pytest.mark.parametrize("algorithm", ALL)
def test_each_algorithm_is_accepted(algorithm: Algorithm) -> None:
    authenticator = guard()
    challenges = authenticator.challenges(HOST, [algorithm], 1000.0)
    assert len(challenges) == 1
    assert check(authenticator, answer(challenges), 1001.0) is Verdict.VALID


def test_an_answer_is_worth_nothing_a_second_time() -> None:
    authenticator = guard()
    given = answer(authenticator.challenges(HOST, ALL, 1000.0))
    assert check(authenticator, given, 1001.0) is Verdict.VALID
    assert check(authenticator, given, 1002.0) is Verdict.STALE


@pytest.mark.parametrize("later", [NONCE_LIFE, 1e6, -5.0])
def test_a_nonce_lives_five_minutes(later: float) -> None:
    authenticator = guard()
    given = answer(authenticator.challenges(HOST, ALL, 1000.0))
    assert check(authenticator, given, 1000.0 + later) is Verdict.STALE


def test_a_nonce_of_somebody_else_is_stale_at_best() -> None:
    given = answer(guard(5).challenges(HOST, ALL, 1.0))
    assert check(guard(), given, 1.0) is Verdict.STALE
    authenticator = guard()
    given = answer(authenticator.challenges(ELSEWHERE, ALL, 1.0))
    assert check(authenticator, given, 1.0) is Verdict.STALE


def test_an_aging_nonce_is_followed_by_another() -> None:
    authenticator = guard()
    given = answer(authenticator.challenges(HOST, ALL, 1000.0))
    assert check(authenticator, given, 1200.0) is Verdict.VALID
    assert authenticator.next_nonce(given, HOST, 1149.0) == ""
    following = digest.parameters(f"Digest {authenticator.next_nonce(given, HOST, 1200.0)}")
    challenge = f'Digest realm="hotline", nonce="{following["nextnonce"]}", qop="auth"'
    assert check(authenticator, answer((challenge,)), 1499.0) is Verdict.VALID


def test_what_is_not_right_is_wrong() -> None:
    authenticator = guard()
    challenges = authenticator.challenges(HOST, [Algorithm.SHA256], 1000.0)
    good = answer(challenges)
    for bad in (
        answer(challenges, password="guess"),
        answer(challenges, user="bob"),
        good.replace('realm="hotline"', 'realm="elsewhere"'),
    ):
        assert check(authenticator, bad, 1000.0) is Verdict.WRONG
    bye = authenticator.check(good, "BYE", ALICE, HOST, ALL, 1000.0)
    assert bye is Verdict.WRONG
    assert check(authenticator, good, 1000.0) is Verdict.VALID


def test_what_answers_no_challenge_of_ours_is_improper_whoever_sends_it() -> None:
    authenticator = guard()
    good = answer(authenticator.challenges(HOST, [Algorithm.SHA256], 1000.0))
    for bad in (
        good.replace("SHA-256", "MD5"),
        good.replace("SHA-256", "SHA-512"),
        good.replace("qop=auth", "qop=auth-int"),
        good.replace(", qop=auth, nc=00000001", ""),
        good.replace("nc=00000001", "nc=1"),
        good.replace('cnonce="c0ffee"', 'cnonce=""'),
        good.replace("nonce=", "once="),
        good.replace("response=", "reply="),
        "Bearer abc",
        "Digest",
        "",
    ):
        for who in (ALICE, digest.Account("nobody")):
            verdict = check(authenticator, bad, 1000.0, who, (Algorithm.SHA256,))
            assert verdict is Verdict.IMPROPER, bad


@pytest.mark.parametrize(
    "modern",
    [
        digest.Account("alice", ha1_sha256=ALICE.ha1_sha256),
        digest.Account("alice", ALICE.ha1_sha256, ALICE.ha1_md5, (Algorithm.SHA256,)),
    ],
)
def test_an_account_that_cannot_use_it_is_not_proved_by_it(modern: digest.Account) -> None:
    authenticator = guard()
    weak = answer(authenticator.challenges(HOST, [Algorithm.MD5], 1.0))
    assert check(authenticator, weak, 1.0, modern) is Verdict.WRONG


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=MD5'], Algorithm.MD5),
        (['Digest realm="r",nonce="n"'], Algorithm.MD5),
        (['digest  nonce="a\\"b" , realm="r, s"'], Algorithm.MD5),
        (
            ['Digest realm="r", nonce="n"', 'Digest realm="r", nonce="n", algorithm=SHA-256'],
            Algorithm.SHA256,
        ),
        (['Digest realm="r", nonce="n", algorithm=SHA-512-256'], None),
        (['Digest realm="r", nonce="n", qop="auth-int"'], None),
        (["Digest nonsense"], None),
        ([], None),
    ],
)
def test_the_strongest_challenge_that_can_be_answered(
    values: list[str], expected: Algorithm | None
) -> None:
    challenge = digest.strongest(values)
    assert (challenge.algorithm if challenge else None) is expected


def test_a_challenge_without_qop_is_answered_as_rfc_2069_has_it() -> None:
    given = answer(('Digest realm="r", nonce="n", opaque="o"',))
    assert "qop" not in given
    assert 'opaque="o"' in given


@given(st.text(max_size=80))
def test_no_authorization_header_raises(value: str) -> None:
    digest.parameters(f"Digest {value}")
    verdict = check(guard(), f"Digest {value}", 1.0)
    assert verdict in (Verdict.WRONG, Verdict.IMPROPER)


def test_no_secret_shows_in_a_printed_account() -> None:
    assert ALICE.ha1_md5 not in repr(ALICE)
    assert ALICE.ha1_sha256 not in repr(ALICE)
