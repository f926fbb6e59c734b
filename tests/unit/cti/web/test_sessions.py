from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web.sessions import (
    MOST_OF_NAME,
    MOST_OF_SOURCE,
    MOST_UNDER_WAY,
    Session,
    SessionLimits,
    Sessions,
)
from cti.web.throttle import FIRST_WAIT, FREE_FAILURES, LONGEST_WAIT, REMEMBERED, Throttle
from tests.support.deferred import result_of
from tests.support.offices import AGENT, SUPERVISOR, OneList, counting


def sessions(clock: Clock, limits: SessionLimits | None = None) -> Sessions:
    people = {("agent", "right"): AGENT, ("supervisor", "right"): SUPERVISOR}
    return Sessions(OneList(people), clock, limits=limits or SessionLimits(), entropy=counting())


def sign_in(opened: Sessions, login: str, password: str, source: str = "192.0.2.1") -> Session:
    return result_of(Deferred.fromCoroutine(opened.sign_in(login, password, source)))


def test_signed_in_is_found_by_token_only() -> None:
    opened = sessions(Clock())
    session = sign_in(opened, "agent", "right")
    found = opened.find(session.token)
    assert found is not None
    assert found.principal == AGENT
    assert opened.find(session.csrf) is None
    assert opened.find("") is None


def test_wrong_password_is_refused_without_saying_which_was_wrong() -> None:
    opened = sessions(Clock())
    for login in ("agent", "nobody"):
        with pytest.raises(Refused) as caught:
            sign_in(opened, login, "wrong")
        assert caught.value.error_id == "access.wrong_sign_in"


def test_use_keeps_a_session_alive_until_its_longest_age() -> None:
    clock = Clock()
    opened = sessions(clock, SessionLimits(idle=10, longest=25))
    session = opened.open(AGENT)
    clock.advance(9)
    assert opened.find(session.token)
    clock.advance(9)
    assert opened.find(session.token)
    clock.advance(9)
    assert opened.find(session.token) is None


def test_listeners_hear_of_every_end_once() -> None:
    clock = Clock()
    opened = sessions(clock, SessionLimits(idle=10))
    ended: list[str] = []
    opened.on_end(lambda session: ended.append(session.token))
    first, second, third = opened.open(AGENT), opened.open(AGENT), opened.open(SUPERVISOR)
    opened.sign_out(first.token)
    opened.sign_out(first.token)
    opened.sign_out_staff(AGENT.staff_id)
    clock.advance(11)
    assert opened.signed_in(Role.SUPERVISOR) == set()
    assert ended == [first.token, second.token, third.token]


def test_signed_in_by_role() -> None:
    opened = sessions(Clock())
    opened.open(AGENT)
    opened.open(SUPERVISOR)
    assert opened.signed_in(Role.AGENT) == {AGENT.staff_id}


def test_guessing_one_name_from_many_addresses_is_slowed_down() -> None:
    opened = sessions(Clock())
    for number in range(FREE_FAILURES):
        with pytest.raises(Refused):
            sign_in(opened, "agent", "guess", f"192.0.2.{number}")
    with pytest.raises(Refused) as caught:
        sign_in(opened, "agent", "right", "198.51.100.1")
    assert caught.value.error_id == "access.too_many_attempts"
    assert sign_in(opened, "supervisor", "right", "198.51.100.1")


def test_guessing_many_names_from_one_address_is_slowed_down() -> None:
    opened = sessions(Clock())
    for number in range(FREE_FAILURES):
        with pytest.raises(Refused):
            sign_in(opened, f"name{number}", "guess")
    with pytest.raises(Refused) as caught:
        sign_in(opened, "agent", "right")
    assert caught.value.error_id == "access.too_many_attempts"


class Later:
    """Knows ``agent`` by the password ``right``, and says so when a test wants it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Deferred[Principal | None]]] = []

    def authenticate(self, login: str, password: str) -> Deferred[Principal | None]:
        del login
        self.asked.append((password, Deferred()))
        return self.asked[-1][1]

    def answer(self) -> None:
        asked, self.asked = self.asked, []
        for password, deferred in asked:
            deferred.callback(AGENT if password == "right" else None)


def guesses(opened: Sessions, names: Iterable[str], source: str = "192.0.2.1") -> list[Any]:
    """What becomes of guesses that are sent together: a list that fills as they are answered."""
    told: list[Any] = []
    for name in names:
        guess = Deferred.fromCoroutine(opened.sign_in(name, "guess", source))
        guess.addCallbacks(told.append, lambda failure: told.append(failure.value.error_id))
    return told


def test_guesses_sent_together_are_as_many_as_one_after_the_other() -> None:
    """However many are on their way when the first is answered, the right one among them too."""
    later = Later()
    opened = Sessions(later, Clock())
    told = guesses(opened, [f"name{number}" for number in range(40)])
    right = Deferred.fromCoroutine(opened.sign_in("agent", "right", "192.0.2.1"))
    later.answer()
    assert told.count("access.wrong_sign_in") == FREE_FAILURES
    assert set(told[FREE_FAILURES:]) == {"access.too_many_attempts"}
    with pytest.raises(Refused, match="too_many_attempts"):
        result_of(right)


def test_passwords_are_looked_at_a_few_at_once() -> None:
    """Of one name, from one address, and all in all: the rest is refused and costs nothing."""
    later = Later()
    opened = Sessions(later, Clock())
    guesses(opened, ["agent"] * 1000)
    assert len(later.asked) == MOST_OF_NAME
    guesses(opened, (f"name{number}" for number in range(1000)))
    assert len(later.asked) == MOST_OF_SOURCE
    for number in range(20):
        guesses(opened, (f"{number}-{each}" for each in range(50)), f"198.51.100.{number}")
    assert len(later.asked) == MOST_UNDER_WAY
    later.answer()
    signed_in = Deferred.fromCoroutine(opened.sign_in("other", "right", "203.0.113.1"))
    later.answer()
    assert result_of(signed_in).principal is AGENT
    assert opened._looked_at == {}


def test_wait_doubles_and_has_an_end() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE_FAILURES - 1):
        throttle.failed("a")
        throttle.check("a")
    waits = []
    for _ in range(9):
        throttle.failed("a")
        with pytest.raises(Refused) as caught:
            throttle.check("a")
        waits.append(caught.value.details["seconds"])
        clock.advance(LONGEST_WAIT)
        throttle.check("a")
    assert waits[:3] == [FIRST_WAIT + 1, 2 * FIRST_WAIT + 1, 4 * FIRST_WAIT + 1]
    assert waits[-1] == LONGEST_WAIT + 1


def test_throttle_forgets_on_success_and_never_grows_without_end() -> None:
    throttle = Throttle(Clock())
    for _ in range(FREE_FAILURES):
        throttle.failed("a")
    throttle.succeeded("a")
    throttle.check("a")
    for number in range(REMEMBERED + 5):
        throttle.failed(str(number))
    assert len(throttle._failures) == REMEMBERED
