"""What a page's telephone proves itself with: one page at a time, no longer than the sign-in."""

from datetime import timedelta

import pytest
from twisted.internet.task import Clock

from agents.passes import LASTS, Pass, Passes, instance_of
from cti.kernel.errors import Refused
from cti.kernel.identifiers import DeviceId
from cti.sip.access.digest import account
from tests.support.lossy_link import counting_entropy

PHONE = DeviceId("1001")


class House:
    """Passes, and whether a page is registered."""

    def __init__(self) -> None:
        self.clock, self.present = Clock(), False
        self.passes = Passes(self.clock, counting_entropy(), "bank", self._present)

    def _present(self, extension: DeviceId, instance: str) -> bool:
        assert instance == instance_of("bank", extension)
        return self.present

    def proves(self, given: Pass) -> bool:
        ha1 = account(given.user, given.realm, given.password).ha1_sha256
        return ha1 in self.passes.digests(given.user)


def test_a_page_that_connects_again_has_another_pass_and_the_old_one_is_worth_nothing() -> None:
    house = House()
    first = house.passes.issue(PHONE, "one")
    house.present = True
    second = house.passes.issue(PHONE, "one")
    assert not house.proves(first)
    assert house.proves(second)
    assert first.instance == second.instance


def test_another_page_has_it_when_the_first_is_gone_or_by_taking_it_over() -> None:
    house = House()
    first = house.passes.issue(PHONE, "one")
    house.present = True
    with pytest.raises(Refused) as refused:
        house.passes.issue(PHONE, "two")
    assert refused.value.error_id == "phone.elsewhere"
    assert house.proves(first), "whoever is refused takes nothing away"
    taken = house.passes.issue(PHONE, "two", takeover=True)
    assert house.proves(taken)
    assert not house.proves(first)
    house.present = False
    assert house.proves(house.passes.issue(PHONE, "one"))


def test_a_pass_ends_with_its_time_and_with_the_sign_in() -> None:
    house = House()
    given = house.passes.issue(PHONE, "one")
    assert house.passes.in_page(PHONE)
    house.clock.advance(LASTS / timedelta(seconds=1))
    assert not house.proves(given)
    again = house.passes.issue(PHONE, "one")
    house.passes.withdraw(PHONE)
    assert not house.proves(again)
    assert not house.passes.in_page(PHONE)
    house.passes.withdraw(PHONE)


def test_a_pass_shows_nobody_its_password() -> None:
    given = House().passes.issue(PHONE, "one")
    assert given.password not in repr(given)


def test_every_extension_is_a_telephone_of_its_own() -> None:
    names = {instance_of("bank", DeviceId(str(each))) for each in range(1000, 1100)}
    assert len(names) == 100
    assert all(len(name) == len("urn:uuid:") + 36 for name in names)
