"""How often customers may ask and guess, and whom that holds up."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.portal import ADDRESS, MOBILE, TYPED, UNKNOWN, PortalDesk
from tickets.portal.settings import PortalSettings


@pytest.fixture
def desk(tmp_path: Path) -> PortalDesk:
    return PortalDesk(tmp_path / "attachments")


def test_too_many_codes_are_refused_until_then(desk: PortalDesk) -> None:
    for place in range(5):
        customer = desk.customer(address=f"192.0.2.{place + 20}")
        assert customer.send("/service/new/complaint", **TYPED).status == 303
    customer = desk.customer(address="192.0.2.99")
    answer = customer.send("/service/new/complaint", **TYPED)
    assert answer.status == 429
    wait = int(answer.headers["retry-after"])
    desk.desk.clock.advance(wait)
    assert customer.send("/service/new/complaint", **TYPED).status == 303


def test_what_came_too_often_can_be_sent_again_as_it_was_typed(desk: PortalDesk) -> None:
    for _ in range(5):
        assert desk.customer().send("/service/new/complaint", **TYPED).status == 303
    customer = desk.customer()
    answer = customer.send("/service/new/complaint", **TYPED)
    assert answer.status == 429
    [form] = [each for each in forms_of(answer.text) if each.action == "/service/new/complaint"]
    assert form.fields.items() >= TYPED.items()
    desk.desk.clock.advance(int(answer.headers["retry-after"]))
    assert customer.browser.post(form.action, form.fields).status == 303


def test_a_limit_holds_through_a_restart(desk: PortalDesk) -> None:
    for _ in range(5):
        assert desk.customer().send("/service/new/complaint", **TYPED).status == 303
    desk.desk.start_again()
    after = PortalDesk(desk.folder, desk=desk.desk)
    assert after.customer().send("/service/new/complaint", **TYPED).status == 429


def test_who_guesses_at_a_ticket_takes_nothing_from_its_customer(desk: PortalDesk) -> None:
    number = desk.desk.register().number
    for place in range(9):
        guesser = desk.customer(address=f"192.0.2.{place + 20}")
        assert guesser.follow(number, f"1380013810{place}").status == 303
        assert guesser.follow(UNKNOWN, MOBILE).status == (303 if place < 5 else 429)
    customer = desk.customer()
    assert customer.follow(number).status == 303
    assert customer.enter() == number


def test_one_network_does_not_use_up_what_everybody_may(tmp_path: Path) -> None:
    desk = PortalDesk(tmp_path, PortalSettings(codes_an_hour=25))

    def submitted(address: str, contact: str) -> int:
        return (
            desk.customer(address=address)
            .send("/service/new/complaint", **TYPED | {"contact": contact})
            .status
        )

    told = [submitted(f"192.0.2.{each}", f"138001381{each:02}") for each in range(20)]
    assert told == [303] * 5 + [429] * 15
    assert submitted("198.51.100.7", MOBILE) == 303


def test_what_everybody_may_together_is_no_matter_of_a_tickets_own_customer(
    tmp_path: Path,
) -> None:
    desk = PortalDesk(tmp_path, PortalSettings(codes_an_hour=1))
    number = desk.desk.register().number
    stranger = desk.customer(address="198.51.100.7")
    assert stranger.send("/service/new/complaint", **TYPED).status == 303
    late = desk.customer(address="203.0.113.7")
    assert late.send("/service/new/enquiry", **TYPED | {"contact": ADDRESS}).status == 429
    customer = desk.customer()
    customer.follow(number)
    assert customer.enter() == number


def test_what_is_counted_tells_nobody_who_asked(desk: PortalDesk) -> None:
    customer = desk.customer()
    number = customer.submit()
    kept = str(result_of(desk.desk.database.read(lambda s: s.execute(COUNTED).all())))
    assert kept.count("-") > 2
    for told in (MOBILE, number, "192.0.2"):
        assert told not in kept


COUNTED = text("SELECT * FROM portal_quotas")
