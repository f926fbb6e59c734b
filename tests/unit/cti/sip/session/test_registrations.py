"""Whole registrations of a telephone with the house: refreshed, run out, refused, taken back."""

from cti.sip.events import (
    BindingAdded,
    BindingRemoved,
    RegistrationFailed,
    RegistrationSucceeded,
    SignInFailed,
)
from tests.support.lossy_link import LossyLink
from tests.unit.cti.sip.session.test_calls import CALLED, CALLER, assert_nothing_left, kinds


def test_a_registration_is_refreshed_and_taken_back() -> None:
    link = LossyLink()
    phone = link.peer(CALLER, user="1001")
    house = link.peer(CALLED, accounts=("1001",))
    address = "sip:1001@192.0.2.2"
    phone.perform(
        phone.user_agent.register(address, f"sip:{CALLED}", "1001", "secret-1001", expires=100)
    )
    link.run(400)
    assert kinds(phone) == ["RegistrationSucceeded"] * 5
    assert house.told(BindingAdded) == [BindingAdded("1001")]
    assert not house.told(BindingRemoved)
    (binding,) = house.user_agent.contacts("1001", link.now)
    assert (binding.uri, binding.destination) == ("sip:1001@192.0.2.1:5060", phone.endpoint)
    phone.perform(phone.user_agent.unregister(address))
    link.run()
    assert phone.reports[-1] == RegistrationSucceeded(address, 0)
    assert house.told(BindingAdded) == [BindingAdded("1001")]
    assert house.told(BindingRemoved) == [BindingRemoved("1001")]
    assert_nothing_left(phone, house)


def test_a_binding_runs_out_when_its_telephone_is_gone() -> None:
    link = LossyLink()
    phone = link.peer(CALLER, user="1001")
    house = link.peer(CALLED, accounts=("1001",))
    register = phone.user_agent.register
    phone.perform(
        register("sip:1001@192.0.2.2", f"sip:{CALLED}", "1001", "secret-1001", expires=100)
    )
    link.run(50)
    link.unplug(phone)
    link.run(99)
    assert house.user_agent.contacts("1001", link.now) != ()
    link.run(101)
    assert house.user_agent.contacts("1001", link.now) == ()
    assert house.told(BindingRemoved) == [BindingRemoved("1001")]


def test_a_wrong_password_fails_the_registration() -> None:
    link = LossyLink()
    phone = link.peer(CALLER)
    house = link.peer(CALLED, accounts=("1001",))
    register = phone.user_agent.register
    phone.perform(register("sip:1001@192.0.2.2", f"sip:{CALLED}", "1001", "guess", expires=100))
    link.run()
    assert phone.reports == [RegistrationFailed("sip:1001@192.0.2.2", 403)]
    assert house.reports == [SignInFailed(phone.endpoint, "1001")]
    assert_nothing_left(phone, house)


def test_registering_anew_with_the_right_password_outlives_the_wrong_one() -> None:
    link = LossyLink()
    phone = link.peer(CALLER)
    link.peer(CALLED, accounts=("1001",))
    address, register = "sip:1001@192.0.2.2", phone.user_agent.register
    phone.perform(register(address, f"sip:{CALLED}", "1001", "guess", expires=100))
    phone.perform(register(address, f"sip:{CALLED}", "1001", "secret-1001", expires=100))
    link.run(150)
    assert phone.told(RegistrationFailed) == [RegistrationFailed(address, 403)]
    assert len(phone.told(RegistrationSucceeded)) == 2
    assert not phone.user_agent.idle


def test_a_too_short_interval_is_lengthened() -> None:
    link = LossyLink()
    phone = link.peer(CALLER)
    link.peer(CALLED, accounts=("1001",))
    register = phone.user_agent.register
    phone.perform(register("sip:1001@192.0.2.2", f"sip:{CALLED}", "1001", "secret-1001", expires=5))
    link.run(10)
    assert phone.reports == [RegistrationSucceeded("sip:1001@192.0.2.2", 60)]
