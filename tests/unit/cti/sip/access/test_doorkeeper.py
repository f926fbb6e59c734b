"""Strangers share what is left of the day; whoever is known never waits behind them."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access import conduct, doorkeeper
from cti.sip.access.bans import BanRules, Offence
from cti.sip.access.doorkeeper import CENSUS, VOUCHED, Doorkeeper, DoorRules
from cti.trunks.trusted import Trusted

TRUNK, PHONE, STRANGER = "192.0.2.1", "203.0.113.5", "198.51.100.7"
RULES = DoorRules(each=5.0, strangers=20.0, burst=1.0)


def door(rules: DoorRules = RULES) -> Doorkeeper:
    return Doorkeeper(rules, {TRUNK: "carrier"})


def admitted(keeper: Doorkeeper, host: str, times: int, now: float, port: int = 5060) -> int:
    return sum(keeper.admits(host, port, now) for _ in range(times))


def test_a_stranger_has_its_share_and_all_of_them_theirs() -> None:
    keeper = door()
    assert admitted(keeper, STRANGER, 100, 0.0) == 5
    assert sum(keeper.admits(f"198.51.{number}.1", 5060, 0.0) for number in range(100)) == 15
    assert keeper.turned_away == {"flood": 95, "crowd": 85}
    assert keeper.unheard == 180
    assert admitted(keeper, STRANGER, 100, 1.0) == 5


def test_known_ones_are_heard_in_any_crowd() -> None:
    keeper = door()
    for number in range(1000):
        keeper.admits(f"198.51.{number % 200}.{number % 7}", 5060, 0.0)
    assert admitted(keeper, TRUNK, 1000, 0.0) == 1000
    assert not keeper.admits(PHONE, 5060, 0.0)
    keeper.vouch(PHONE, 5060, 0.0)
    assert admitted(keeper, PHONE, 1000, 0.0) == 1000


def test_who_is_registered_or_in_a_dialog_is_known_for_as_long_as_that_lasts() -> None:
    keeper = door()
    here = [PHONE]
    keeper.residents = lambda: here
    assert admitted(keeper, PHONE, 100, 0.0) == 100
    assert admitted(keeper, PHONE, 100, VOUCHED * 3) == 100
    here.clear()
    assert admitted(keeper, PHONE, 100, VOUCHED * 3 + CENSUS) == 100, "vouched for a while"
    assert admitted(keeper, PHONE, 100, VOUCHED * 5) == 5


def test_the_census_is_taken_now_and_then_only() -> None:
    keeper, taken = door(), []
    keeper.residents = lambda: taken.append(1) or ()  # type: ignore[func-returns-value]  # counts
    for number in range(1000):
        keeper.admits(STRANGER, 5060, number / 100)
    assert len(taken) == 1


def test_whom_we_ask_may_answer() -> None:
    keeper = door()
    keeper.expect(PHONE, 5060, 0.0)
    assert admitted(keeper, PHONE, 100, 1.0) == 100


def test_an_office_behind_one_address_that_comes_back_all_at_once_is_let_in() -> None:
    keeper, phones, now = door(DoorRules()), 300, 50.0
    challenged = [port for port in range(phones) if keeper.admits(STRANGER, port, now)]
    for port in challenged:
        keeper.offended(STRANGER, port, Offence.UNPROVEN, now, proven=False)
    assert len(challenged) == 100
    now += 0.1
    assert keeper.admits(STRANGER, challenged[0], now), "the answer of the first is read"
    keeper.vouch(STRANGER, challenged[0], now)
    for port in challenged[1:]:
        assert keeper.admits(STRANGER, port, now)
        keeper.vouch(STRANGER, port, now)
    now += 0.4
    unheard = [port for port in range(phones) if port not in challenged]
    for port in unheard:
        assert keeper.admits(STRANGER, port, now), "RFC 3261, 17.1.2.2: sent again after T1"
        keeper.vouch(STRANGER, port, now)
    assert len(keeper.bans) == 0


def test_a_flood_of_one_address_bans_it() -> None:
    keeper = door()
    for tick in range(100):
        admitted(keeper, STRANGER, 50, tick / 10)
    assert [ban.host for ban in keeper.bans.current(10.0)] == [STRANGER]
    assert admitted(keeper, STRANGER, 10, 10.0) == 0
    assert not keeper.admits(STRANGER, 5060, 10.0)
    assert keeper.admits_connection(STRANGER, 10.0), "anybody can write that address on a datagram"


def test_who_holds_a_connection_waits_behind_no_crowd_but_is_banned_for_a_flood() -> None:
    keeper = door()
    for number in range(1000):
        keeper.admits(f"198.51.{number % 200}.{number % 7}", 5060, 0.0)
    heard = sum(keeper.admits(PHONE, 40000, 0.0, connected=True) for _ in range(1000))
    assert heard == 5
    assert not keeper.admits_connection(PHONE, 1.0)


def test_nobody_known_is_banned_on_what_anybody_can_send() -> None:
    keeper = door()
    keeper.vouch(PHONE, 5060, 0.0)
    for host in (TRUNK, PHONE):
        for offence in Offence:
            for _ in range(1000):
                keeper.offended(host, 5060, offence, 1.0, proven=False)
    assert len(keeper.bans) == 0
    assert admitted(keeper, PHONE, 1000, 2.0) == 1000


def test_what_bears_a_known_address_and_proves_nothing_is_rationed_when_much_is_wrong() -> None:
    keeper = door()
    keeper.called(TRUNK, 5060, 0.0)
    keeper.proved(TRUNK, 5060)
    for port in range(40000, 40100):
        keeper.offended(TRUNK, port, Offence.MALFORMED, 0.0, proven=False)
    heard = sum(keeper.admits(TRUNK, port, 0.0) for port in range(40000, 50000))
    assert heard == conduct.RATION, "made-up ports share one ration"
    assert admitted(keeper, TRUNK, 1000, 0.0, port=5060) == 1000
    keeper.vouch(TRUNK, 40000, 0.0)
    assert admitted(keeper, TRUNK, 1000, 0.0, port=40000) == 1000
    assert admitted(keeper, TRUNK, 1000, 100.0, port=40001) == 1000, "it is quiet again"


def test_a_trunk_whose_calls_are_answered_is_not_rationed_and_one_that_only_rings_is() -> None:
    keeper = door()
    for number in range(1000):
        assert keeper.admits(TRUNK, 5060, number / 500)
        keeper.called(TRUNK, 5060, number / 500)
        keeper.proved(TRUNK, 5060)
    forged = sum(keeper.admits(TRUNK, 6000 + number, 2.0) for number in range(20))
    for number in range(1000):
        keeper.called(TRUNK, 6000 + number, 2.0)
    assert forged == 20
    assert admitted(keeper, TRUNK, 1000, 2.0, port=9999) == conduct.RATION


def test_what_an_operator_bans_is_banned_whoever_it_is() -> None:
    keeper = door()
    keeper.vouch(TRUNK, 5060, 0.0)
    keeper.bans.add(TRUNK, 60.0, 0.0)
    assert not keeper.admits(TRUNK, 5060, 1.0)
    assert not keeper.admits_connection(TRUNK, 1.0)
    assert keeper.admits(TRUNK, 5060, 60.0)


def test_a_banned_address_that_becomes_a_trunk_is_heard() -> None:
    trunks: dict[str, str] = {}
    keeper = Doorkeeper(DoorRules(bans=BanRules(points=1.0)), trunks)
    keeper.offended(PHONE, 5060, Offence.MALFORMED, 0.0, proven=True)
    assert not keeper.admits(PHONE, 5060, 1.0)
    assert not keeper.admits_connection(PHONE, 1.0)
    trunks[PHONE] = "carrier"
    assert keeper.admits_connection(PHONE, CENSUS)
    assert keeper.admits(PHONE, 5060, CENSUS)


def test_a_proof_makes_up_for_what_was_counted() -> None:
    keeper = door(DoorRules(bans=BanRules(points=10.0)))
    for _ in range(4):
        keeper.offended(PHONE, 5060, Offence.UNPROVEN, 0.0, proven=False)
    keeper.vouch(PHONE, 5060, 0.0)
    later = VOUCHED + 1
    for _ in range(4):
        keeper.offended(PHONE, 5060, Offence.UNPROVEN, later, proven=False)
    assert len(keeper.bans) == 0


def test_trunks_may_be_networks() -> None:
    trusted = Trusted()
    trusted.trust("192.0.2.0/24", "carrier")
    keeper = Doorkeeper(RULES, trusted)
    assert admitted(keeper, "192.0.2.77", 100, 0.0) == 100
    assert admitted(keeper, "192.0.3.77", 100, 0.0) == 5


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_KNOWN", "MOST_SOURCES"):
        monkeypatch.setattr(doorkeeper, name, 10)
    for name in ("MOST_PROVEN", "MOST_ADDRESSES"):
        monkeypatch.setattr(conduct, name, 10)
    keeper = door(DoorRules(strangers=1e6, bans=BanRules(never=(ip_network("0.0.0.0/0"),))))
    for number in range(200):
        keeper.admits(f"198.51.100.{number}", 5060, 0.0)
        keeper.vouch(f"198.51.101.{number}", 5060, 0.0)
        keeper.offended(f"198.51.101.{number}", 9, Offence.MALFORMED, 0.0, proven=False)
    assert len(keeper._known) <= 10
    assert len(keeper._sources) <= 10
    assert len(keeper._conduct._proven) <= 10
    assert len(keeper._conduct._records) <= 10


@given(
    st.lists(
        st.tuples(st.sampled_from([TRUNK, PHONE, "a", "b", "c"]), st.floats(0, 0.2)), max_size=300
    )
)
def test_whatever_strangers_send_they_get_no_more_than_is_theirs_and_the_trunk_all(
    history: list[tuple[str, float]],
) -> None:
    keeper, now = door(), 0.0
    heard: dict[str, int] = {}
    for host, pause in history:
        now += pause
        heard[host] = heard.get(host, 0) + keeper.admits(host, 5060, now)
    assert heard.pop(TRUNK, 0) == sum(host == TRUNK for host, _ in history)
    assert all(count <= 5.0 + 5.0 * now + 1e-6 for count in heard.values())
    assert sum(heard.values()) <= 20.0 + 20.0 * now + 1e-6
    assert keeper.unheard == keeper.turned_away.total()
