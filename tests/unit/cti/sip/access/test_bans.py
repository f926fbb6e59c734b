"""Who offends too much is banned, longer each time; operators and restarts see all of it."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access import bans
from cti.sip.access.bans import GRACE, BanRules, Bans, Offence

RULES = BanRules(points=9.0, period=90.0, lengths=(60.0, 600.0), forgiven=1000.0)
HOST = "198.51.100.7"


def offend(seen: Bans, now: float, *, times: int = 3, proven: bool = False) -> None:
    for _ in range(times):
        seen.offended(HOST, Offence.MALFORMED, now, proven=proven)


def test_a_ban_ends_and_the_next_is_longer() -> None:
    seen = Bans(RULES)
    offend(seen, 0.0, times=2)
    assert not seen.banned(HOST, 0.0)
    offend(seen, 0.0, times=1)
    assert seen.banned(HOST, 59.9)
    assert not seen.banned(HOST, 60.0)
    offend(seen, 100.0)
    assert [(ban.count, ban.until) for ban in seen.current(100.0)] == [(2, 700.0)]
    offend(seen, 800.0)
    assert [(ban.count, ban.until) for ban in seen.current(800.0)] == [(3, 1400.0)]
    offend(seen, 2500.0)
    assert [ban.count for ban in seen.current(2500.0)] == [1], "forgiven after a quiet time"


def test_points_fade() -> None:
    seen = Bans(RULES)
    for number in range(100):
        offend(seen, number * 31.0, times=1)
    assert not seen.current(3100.0)


def test_haste_bans_nobody_who_proves_a_name_within_a_moment_and_everybody_who_goes_on() -> None:
    office, scanner = Bans(RULES), Bans(RULES)
    for number in range(200):
        for seen in (office, scanner):
            assert seen.offended(HOST, Offence.UNPROVEN, number / 100, proven=False) is None
    office.forgive(HOST)
    for seen in (office, scanner):
        seen.offended(HOST, Offence.UNPROVEN, GRACE, proven=False)
    assert not office.banned(HOST, GRACE)
    assert scanner.banned(HOST, GRACE)


def test_there_is_a_moment_again_after_a_quiet_time() -> None:
    seen = Bans(RULES)
    seen.offended(HOST, Offence.UNPROVEN, 0.0, proven=False)
    for _ in range(200):
        seen.offended(HOST, Offence.UNPROVEN, RULES.period, proven=False)
    assert not seen.banned(HOST, RULES.period)


@pytest.mark.parametrize(
    ("offence", "proven"),
    [(Offence.WRONG_SECRET, False), (Offence.MALFORMED, False), (Offence.FLOOD, True)],
)
def test_there_is_no_moment_for_what_is_wrong_or_comes_over_a_connection(
    offence: Offence, proven: bool
) -> None:
    seen = Bans(RULES)
    for _ in range(200):
        seen.offended(HOST, offence, 0.0, proven=proven)
    assert seen.banned(HOST, 0.0)


def test_a_ban_on_what_can_be_forged_holds_for_datagrams_alone() -> None:
    seen = Bans(RULES)
    offend(seen, 0.0)
    assert seen.banned(HOST, 1.0)
    assert not seen.banned(HOST, 1.0, connected=True)
    offend(seen, 100.0, proven=True)
    assert seen.banned(HOST, 101.0, connected=True)


def test_the_networks_that_are_never_banned_are_not() -> None:
    seen = Bans(BanRules(points=1.0, never=(ip_network("198.51.100.0/24"), ip_network("::/0"))))
    offend(seen, 0.0)
    seen.offended("2001:db8::1%eth0", Offence.MALFORMED, 0.0, proven=True)
    assert len(seen) == 0
    seen.offended("198.51.101.7", Offence.MALFORMED, 0.0, proven=True)
    assert len(seen) == 1


def test_operators_ban_whom_they_like_and_lift_what_they_like() -> None:
    seen = Bans(BanRules(never=(ip_network("0.0.0.0/0"),)))
    seen.add(HOST, 500.0, 0.0)
    assert seen.banned(HOST, 1.0, connected=True)
    assert seen.lift(HOST, 2.0)
    assert not seen.banned(HOST, 2.0)
    assert not seen.lift(HOST, 2.0)
    with pytest.raises(ValueError, match="example"):
        seen.add("pbx.example", 1.0, 0.0)


def test_what_is_kept_is_taken_up_again() -> None:
    seen = Bans(RULES)
    offend(seen, 0.0)
    seen.add("203.0.113.1", 30.0, 0.0)
    again = Bans(RULES)
    again.resume(seen.kept(10.0), 10.0)
    assert again.current(10.0) == seen.current(10.0)
    assert [ban.ordered for ban in again.current(10.0)] == [False, True]
    offend(again, 100.0)
    assert again.current(100.0)[0].count == 2
    spared = Bans(BanRules(never=(ip_network("198.51.100.0/24"),)))
    spared.resume(seen.kept(10.0), 10.0)
    assert [ban.host for ban in spared.current(10.0)] == ["203.0.113.1"]


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MOST_TALLIES", 20)
    monkeypatch.setattr(bans, "MOST_BANS", 20)
    seen = Bans(BanRules(points=1.0))
    for number in range(200):
        seen.offended(f"198.51.100.{number}", Offence.MALFORMED, float(number), proven=False)
    quiet = Bans(BanRules())
    for number in range(200):
        quiet.offended(f"198.51.100.{number}", Offence.MALFORMED, 0.0, proven=False)
    assert len(seen) <= 20
    assert len(quiet._tallies) == 20
    assert seen.banned("198.51.100.199", 199.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(Offence), st.floats(0, 300), st.booleans()
        ),
        max_size=120,
    )
)
def test_a_ban_is_made_only_by_offences_of_its_host_and_always_ends(
    history: list[tuple[str, Offence, float, bool]],
) -> None:
    seen, now, made = Bans(RULES), 0.0, 0
    for host, offence, pause, proven in history:
        now += pause
        ban = seen.offended(host, offence, now, proven=proven)
        made += ban is not None
        assert ban is None or (ban.host == host and now < ban.until <= now + RULES.lengths[-1])
        assert ban is None or seen.banned(host, now)
    assert seen.changes == made
    assert not seen.current(now + RULES.lengths[-1])
