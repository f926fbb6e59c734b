"""Bindings that outlive the process they were registered with."""

import json

from cti.kernel.plain import from_plain, to_plain
from cti.sip.access.kept import KeptBinding
from cti.sip.events import (
    BindingAdded,
    BindingRemoved,
    BindingsChanged,
    Endpoint,
    RegistrationSucceeded,
    Transport,
)
from cti.sip.user_agent import Output
from tests.support import far_side as far
from tests.support.lossy_link import LossyLink, Peer

ADDRESS = "sip:1001@192.0.2.1"
ACCOUNT = "1001"


NOW = 1_795_317_094.2292998


def registered() -> tuple[LossyLink, Peer, Peer]:
    """A house and a telephone that registered with it, at an instant like any other."""
    link = LossyLink()
    link.now = NOW
    house = link.peer("192.0.2.1", accounts=(ACCOUNT,))
    phone = link.peer("192.0.2.2", user=ACCOUNT)
    register(phone)
    link.run(NOW + 1.0)
    assert phone.told(RegistrationSucceeded)
    return link, house, phone


def register(phone: Peer) -> None:
    registrar = "sip:192.0.2.1"
    phone.perform(phone.user_agent.register(ADDRESS, registrar, ACCOUNT, "secret-1001", 600))


def written(house: Peer) -> tuple[KeptBinding, ...]:
    """As it comes back from JSON."""
    kept = house.user_agent.keep_bindings(ACCOUNT)
    record = json.loads(json.dumps(to_plain(kept)))
    found = from_plain(tuple[KeptBinding, ...], record)
    assert found == kept
    return found


def uris(house: Peer, now: float) -> list[str]:
    return [each.uri for each in house.user_agent.contacts(ACCOUNT, now)]


def test_a_telephone_is_reached_as_before() -> None:
    link, house, _ = registered()
    before = house.user_agent.contacts(ACCOUNT, link.now)
    kept = written(house)
    link.restart(house, ACCOUNT)
    house.reports.clear()
    house.perform(house.user_agent.resume_bindings(kept, link.now))
    assert house.user_agent.contacts(ACCOUNT, link.now) == before
    assert house.reports == [BindingAdded(ACCOUNT)], "and nothing is to be kept anew"


def test_it_runs_out_when_it_would_have() -> None:
    link, house, phone = registered()
    kept = written(house)
    link.unplug(phone)
    link.restart(house, ACCOUNT)
    house.perform(house.user_agent.resume_bindings(kept, link.now))
    link.run(kept[0].until.timestamp() - 1)
    assert not house.told(BindingRemoved)
    link.run(kept[0].until.timestamp() + 1)
    assert house.told(BindingRemoved) == [BindingRemoved(ACCOUNT)]
    assert house.told(BindingsChanged)[-1] == BindingsChanged(ACCOUNT)
    assert house.user_agent.keep_bindings(ACCOUNT) == ()


def test_what_has_run_out_meanwhile_is_not_taken_up() -> None:
    _, house, _ = registered()
    agent = far.agent()
    output: Output = agent.resume_bindings(written(house), NOW + 10_000.0)
    assert BindingsChanged(ACCOUNT) in output, "it is to be forgotten"
    assert not far.told(output, BindingAdded)
    assert agent.contacts(ACCOUNT, NOW + 10_000.0) == ()


def test_who_registered_since_is_not_overwritten() -> None:
    link, house, phone = registered()
    kept = written(house)
    link.restart(house, ACCOUNT)
    link.now += 100.0
    register(phone)
    link.run(link.now + 1.0)
    before = house.user_agent.contacts(ACCOUNT, link.now)
    assert before[0].expires > kept[0].until.timestamp()
    house.perform(house.user_agent.resume_bindings(kept, link.now))
    assert house.user_agent.contacts(ACCOUNT, link.now) == before


def test_a_late_registration_of_before_changes_nothing() -> None:
    """Order by Call-ID and CSeq holds across the restart (RFC 3261, 10.3, step 7)."""
    link, house, phone = registered()
    (last,) = [data for _, who, _, data in link.log if who == phone.endpoint][-1:]
    kept = written(house)
    link.restart(house, ACCOUNT)
    house.perform(house.user_agent.resume_bindings(kept, link.now))
    output = house.user_agent.datagram_received(last, phone.endpoint, link.now)
    assert not far.told(output, BindingsChanged)


def test_every_registration_is_told_of_but_none_over_a_connection() -> None:
    link, house, phone = registered()
    assert len(house.told(BindingsChanged)) == 1
    first = written(house)
    link.now += 10.0
    register(phone)
    link.run(link.now + 1.0)
    assert len(house.told(BindingsChanged)) == 2
    assert written(house) != first


def test_what_came_over_a_connection_is_not_kept() -> None:
    agent = far.agent()
    link, house, _ = registered()
    (kept,) = written(house)
    over = Endpoint("192.0.2.2", 40_000, Transport.TLS, flow="tls-1")
    agent.resume_bindings([kept], link.now)
    assert len(agent.keep_bindings(ACCOUNT)) == 1
    stray = KeptBinding(ACCOUNT, "sip:1001@b", over, "other", 1, kept.until)
    output = agent.resume_bindings([stray], link.now)
    assert [each.uri for each in agent.contacts(ACCOUNT, link.now)] == [kept.uri, stray.uri]
    assert [each.uri for each in agent.keep_bindings(ACCOUNT)] == [kept.uri]
    assert far.told(output, BindingsChanged)
