"""What was not delivered is listed for those who look after it."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from twisted.web.resource import Resource

from cti.kernel.principal import Principal
from tests.support.browsers import Browser
from tests.support.deferred import result_of
from tests.support.deliveries import BUSY, UNKNOWN, OutboxDesk, letter
from tests.support.offices import AGENT, SUPERVISOR, Office
from tests.support.tickets import SHANGHAI
from tickets.delivery.model import Channel, Purpose, Undelivered
from tickets.web.deliveries import DeliveryPages


@pytest.fixture
def desk() -> OutboxDesk:
    desk = OutboxDesk()
    desk.outbox.start()
    return desk


def browser(desk: OutboxDesk, principal: Principal = SUPERVISOR) -> Browser:
    office = Office(clock=desk.clock)
    office.frame.add_package("tickets.web")
    root = Resource()
    root.putChild(
        b"deliveries", DeliveryPages(office.frame, desk.database, SHANGHAI).app.resource()
    )
    opened = Browser(root, desk.clock)
    office.signed_in(opened, principal)
    return opened


def test_what_failed_stands_there_with_its_reason(desk: OutboxDesk) -> None:
    desk.carrier.wrong = UNKNOWN
    desk.queue(letter("officer.of.cards@bank.example", Purpose.REPLY))
    desk.carrier.wrong = BUSY
    desk.queue(letter(purpose=Purpose.DIGEST))
    page = browser(desk).get("/deliveries/")
    assert page.status == 200
    for told in ("550 nobody of that name", "451 busy", "given up", "answer to the customer"):
        assert told in page.text
    assert "officer.of.cards@" not in page.text


def test_a_program_is_told_of_by_its_name_and_how_often_it_was_tried(desk: OutboxDesk) -> None:
    desk.carrier.wrong = BUSY
    desk.queue(replace(letter("alarms"), channel=Channel.WEBHOOK))
    page = browser(desk).get("/deliveries/").text
    assert "<td>alarms</td>" in page
    assert "tried 1 time<" in page


def test_nothing_failed_yet(desk: OutboxDesk) -> None:
    desk.queue(letter())
    assert "Everything was delivered" in browser(desk).get("/deliveries/").text


def test_agents_have_nothing_to_look_for_there(desk: OutboxDesk) -> None:
    assert browser(desk, AGENT).get("/deliveries/").status == 403


def test_what_a_server_says_shows_no_address_either(desk: OutboxDesk) -> None:
    said = "550 5.1.1 <wangfang@customer.example>: no such user"
    desk.carrier.wrong = Undelivered(said, temporary=False)
    desk.queue(letter("wangfang@customer.example", Purpose.REPLY))
    page = browser(desk).get("/deliveries/").text
    assert "wangfang@" not in page
    assert "no such user" in page


@pytest.mark.parametrize("temporary", [True, False])
def test_a_gateway_that_repeats_a_code_is_not_quoted_so_far(
    desk: OutboxDesk, temporary: bool
) -> None:
    said = '500 {"error": "busy", "text": "验证码 482913，10 分钟内有效"}'
    desk.carrier.wrong = Undelivered(said, temporary=temporary)
    desk.queue(letter("wang@example.com", Purpose.CODE, body="验证码 482913，10 分钟内有效"))
    page = browser(desk).get("/deliveries/").text
    assert "482913" not in page
    assert "****" in page
    kept = str(result_of(desk.database.read(lambda s: s.execute(SAID).all())))
    assert "busy" in kept
    assert "482913" not in kept


SAID = text("SELECT said FROM ticket_outbox")
