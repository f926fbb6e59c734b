"""Sign-ins through a restart: written by digests, read once, with the same form secret."""

from twisted.internet.task import Clock

import cti.web.schema  # noqa: F401  (its table is among those the database makes)
from cti.kernel.principal import Principal
from cti.web.kept import SessionKeeper
from cti.web.sessions import WRITE_AFTER, KeptSession, SessionLimits, Sessions
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.offices import AGENT, SUPERVISOR, OneList, counting

PEOPLE = {person.staff_id: person for person in (AGENT, SUPERVISOR)}


class House:
    """Sessions in a database, and those of the server after them."""

    def __init__(self, limits: SessionLimits | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.limits = limits or SessionLimits()
        self.keeper = SessionKeeper(DirectDatabase())
        self.sessions = self._new()

    def _new(self) -> Sessions:
        return Sessions(
            OneList({}), self.clock, limits=self.limits, entropy=counting(), keeper=self.keeper
        )

    def kept(self) -> list[KeptSession]:
        return result_of(self.keeper.load())

    def restart(self, people: dict[str, Principal] | None = None) -> None:
        known = PEOPLE if people is None else people
        self.sessions = self._new()
        found = ((each, known.get(each.staff_id)) for each in self.kept())
        self.sessions.restore((each, person) for each, person in found if person is not None)


def test_a_session_goes_on_with_its_form_secret() -> None:
    house = House()
    session = house.sessions.open(AGENT)
    house.restart()
    found = house.sessions.find(session.token)
    assert found is not None
    assert (found.principal, found.csrf, found.opened) == (AGENT, session.csrf, session.opened)
    assert house.sessions.find("another") is None


def test_no_token_is_written_down() -> None:
    house = House()
    session = house.sessions.open(AGENT)
    (kept,) = house.kept()
    assert session.token not in (kept.digest, kept.staff_id)
    assert session.csrf != kept.digest
    house.restart()
    assert house.sessions.find(kept.digest) is None


def test_a_session_that_ended_does_not_come_back() -> None:
    house = House()
    first, second = house.sessions.open(AGENT), house.sessions.open(SUPERVISOR)
    house.sessions.sign_out(first.token)
    house.restart()
    assert house.sessions.find(first.token) is None
    house.sessions.sign_out_staff(SUPERVISOR.staff_id)
    assert house.sessions.find(second.token) is None
    assert house.kept() == []


def test_a_restored_session_can_be_signed_out_unused() -> None:
    house = House()
    session = house.sessions.open(AGENT)
    house.restart()
    house.sessions.sign_out(session.token)
    assert house.sessions.find(session.token) is None
    assert house.kept() == []


def test_use_is_written_down_now_and_then_and_counts_after_a_restart() -> None:
    house = House(SessionLimits(idle=100))
    session = house.sessions.open(AGENT)
    house.clock.advance(WRITE_AFTER / 2)
    assert house.sessions.find(session.token)
    assert house.kept()[0].used == session.used
    house.clock.advance(WRITE_AFTER)
    assert house.sessions.find(session.token)
    assert house.kept()[0].used == session.used + 1.5 * WRITE_AFTER
    house.clock.advance(99)
    house.restart()
    assert house.sessions.find(session.token)
    house.clock.advance(101)
    house.restart()
    assert house.sessions.find(session.token) is None


def test_who_is_no_more_is_not_signed_in() -> None:
    house = House()
    session = house.sessions.open(AGENT)
    house.restart({})
    assert house.sessions.find(session.token) is None


def test_all_are_forgotten_when_nobody_stays() -> None:
    house = House()
    house.sessions.open(AGENT)
    result_of(house.keeper.forget_all())
    assert house.kept() == []
