"""What each self-service says, read out in both languages."""

from dataclasses import dataclass, field

import pytest
from twisted.internet.defer import Deferred

from cti.kernel.errors import LocalError
from cti.kernel.identifiers import CallId
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Language
from ivr.bank.port import BankUnavailableError, CardState, SignIn
from ivr.effects import ServiceDone
from ivr.events import SignInOutcome
from ivr.reply_services import ReplyServices
from ivr.services import SIGNATURES, SelfServices
from ivr.ticket_services import TicketServices
from prompts.catalogue import load_catalogue
from tests.support.deferred import result_of
from tests.support.fake_bank import ENTITLED, FakeBank
from tests.support.fake_tickets import FakeReplies, FakeTickets

CATALOGUE = load_catalogue()


@dataclass
class Desk:
    """The self-services of one call, at a bank with one customer."""

    bank: FakeBank = field(default_factory=FakeBank)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    sign_ins: list[SignIn] = field(default_factory=list)

    def __post_init__(self) -> None:
        tickets = TicketServices(self.tickets, CallId("call-1"), lambda _: None)
        replies = ReplyServices(FakeReplies(), CallId("call-1"))
        self.services = SelfServices(self.bank, tickets, replies, self.sign_ins.append)

    def run(self, name: str, **arguments: str | Secret) -> ServiceDone:
        done = result_of(Deferred.fromCoroutine(self.services.run(name, arguments)))
        signature = SIGNATURES[name]
        assert done.outcome in signature.outcomes | {"unavailable"}
        assert done.values.keys() <= signature.values
        assert arguments.keys() == signature.arguments
        return done

    def sign_in(self, numbers: tuple[str, ...] = ENTITLED) -> ServiceDone:
        names = ("account", "pin", "banking_number", "banking_pin")
        return self.run(
            "sign_in", **{name: Secret(n) for name, n in zip(names, numbers, strict=True)}
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def said(done: ServiceDone, language: Language = Language.CHINESE) -> list[str]:
    return [CATALOGUE.text(each, language) for each in (*done.announcements, *done.choices)]


def test_rates_are_spoken_as_percentages(desk: Desk) -> None:
    done = desk.run("rates")
    assert said(done)[1:] == ["活期存款，百分之零点零五。", "定期一年，百分之零点九五。"]
    assert "2026" not in said(done)[0]
    assert said(done, Language.ENGLISH)[2] == "one year, zero point nine five percent."


def test_exchange_rates_are_spoken_as_money_where_they_are_as_coarse(desk: Desk) -> None:
    done = desk.run("exchange_rates")
    assert said(done)[1:] == [
        "一百美元，买入七百零七元三角二分，卖出七百一十元三角。",
        "一百日元，买入四点五二一八元，卖出四点五五五一元。",
    ]


def test_signing_in(desk: Desk) -> None:
    done = desk.sign_in()
    assert (done.outcome, done.facts) == ("verified", {"verification": "signed_in"})
    assert [each.outcome for each in desk.sign_ins] == [SignInOutcome.VERIFIED]


def test_three_wrong_sign_ins_lock(desk: Desk) -> None:
    wrong = (*ENTITLED[:3], "000000")
    assert [desk.sign_in(wrong).outcome for _ in range(3)] == ["wrong", "wrong", "locked"]
    locked = desk.sign_in()
    assert locked.outcome == "locked"
    assert not locked.succeeded
    assert "PM" in said(locked, Language.ENGLISH)[0] or "p.m." in said(locked, Language.ENGLISH)[0]


def test_balance_and_transactions(desk: Desk) -> None:
    desk.sign_in()
    assert said(desk.run("balance")) == [
        (
            "您尾号零幺零幺的账户，当前余额一百一十六万九千二百八十一元九角五分，"
            "可用余额一百一十六万八千七百八十一元九角五分。"
        )
    ]
    heading, bought, paid_in = said(desk.run("transactions"))
    assert heading == "最近两笔交易如下。"
    assert bought == "十一月二十日，刷卡消费，支出三十八元五角。"
    assert paid_in == "十一月十四日，工资，收入一万两千八百六十元。"


def test_an_account_without_transactions(desk: Desk) -> None:
    desk.bank.booked.clear()
    desk.sign_in()
    assert said(desk.run("transactions")) == ["该账户近期没有交易。"]


@pytest.mark.parametrize("service", ["balance", "transactions", "cards"])
def test_account_services_want_a_sign_in(desk: Desk, service: str) -> None:
    assert desk.run(service).outcome == "not_signed_in"


def test_one_card_is_chosen_by_itself(desk: Desk) -> None:
    del desk.bank.cards_held[1]
    desk.sign_in()
    done = desk.run("cards")
    assert (done.outcome, done.values) == ("one", {"card": "1", "card_ending": "8475"})


def test_several_cards_are_numbered_for_the_keys(desk: Desk) -> None:
    desk.sign_in()
    done = desk.run("cards")
    assert done.outcome == "several"
    assert said(done, Language.ENGLISH)[2].startswith("For the credit card ending in zero four")
    assert desk.run("choose_card", card="2").values == {"card_ending": "0405"}
    assert desk.run("choose_card", card="3").outcome == "unknown"
    assert desk.run("choose_card", card="0").outcome == "unknown"


def test_no_more_cards_than_keys(desk: Desk) -> None:
    desk.bank.cards_held *= 5
    desk.sign_in()
    assert len([each for each in desk.run("cards").choices if each.id == "loss.item"]) == 9
    assert desk.run("choose_card", card="9").outcome == "chosen"


def test_a_lost_card_is_not_offered_again(desk: Desk) -> None:
    desk.sign_in()
    desk.run("cards")
    assert said(desk.run("report_loss", card="1"))[0].startswith("挂失成功，尾号八四七五")
    assert desk.bank.cards_held[0].state is CardState.LOST
    assert desk.run("cards").values["card_ending"] == "0405"


def test_reporting_twice_tells_the_first_report(desk: Desk) -> None:
    desk.sign_in()
    desk.run("cards")
    desk.run("report_loss", card="1")
    assert "已于" in said(desk.run("report_loss", card="1"))[0]


def test_a_card_nobody_chose_is_not_reported(desk: Desk) -> None:
    assert desk.run("report_loss", card="1").outcome == "unavailable"


def test_a_bank_that_is_down_is_an_error_of_the_far_side(desk: Desk) -> None:
    desk.bank.down = True
    with pytest.raises(BankUnavailableError):
        desk.run("rates")


def test_a_service_nobody_wrote(desk: Desk) -> None:
    with pytest.raises(LocalError):
        result_of(Deferred.fromCoroutine(desk.services.run("weather", {})))
