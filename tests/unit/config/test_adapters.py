"""One room's knowledge in the shape another asks for."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.roster import Roster
from config.adapters import BankProducts, StaffTelephones
from config.settings import TelephoneSettings
from cti.kernel.money import Money
from cti.sip.access.digest import Algorithm, Md5
from ivr.bank.port import BankUnavailableError, CardRef
from tests.support.deferred import result_of
from tests.support.fake_bank import CUSTOMER, LOCKED_UNTIL, FakeBank


def roster(**digests: Any) -> Roster:
    """Whose telephones have these digests."""
    return cast(Roster, SimpleNamespace(sip_digests=digests.get))


def test_a_telephone_is_proved_by_what_its_rule_allows() -> None:
    both = SimpleNamespace(sha256="long", md5="short")
    rules = {"old": TelephoneSettings((Algorithm.MD5,), Md5.ALWAYS)}
    telephones = StaffTelephones(roster(old=both, new=both), rules)
    old, new = telephones.find("old"), telephones.find("new")
    assert old is not None
    assert new is not None
    assert (old.can(Algorithm.SHA256), old.can(Algorithm.MD5), old.md5) == (False, True, Md5.ALWAYS)
    assert (new.can(Algorithm.SHA256), new.can(Algorithm.MD5), new.md5) == (True, True, None)
    assert telephones.find("nobody") is None


def test_a_browser_has_a_pass_whatever_the_telephone_beside_it_can_do() -> None:
    both = SimpleNamespace(sha256="long", md5="short")
    rules = {"old": TelephoneSettings((Algorithm.MD5,), Md5.ALWAYS)}
    passes = {"old": ("of the page",)}
    telephones = StaffTelephones(roster(old=both, new=both), rules, lambda e: passes.get(e, ()))
    old, new = telephones.find("old"), telephones.find("new")
    assert old is not None
    assert new is not None
    assert old.hashes(Algorithm.SHA256) == ("of the page",)
    assert old.hashes(Algorithm.MD5) == ("short",)
    assert new.hashes(Algorithm.SHA256) == ("long",)


def test_products_are_accounts_then_cards_by_their_last_digits() -> None:
    bank = FakeBank()
    bank.report_loss(CardRef("card-2"))
    account, debit, credit = result_of(BankProducts(bank).products(CUSTOMER))
    assert (account.kind, account.ending, account.lost) == ("account", "0101", False)
    assert account.balance == Money(Decimal("1169281.95"))
    assert (debit.kind, debit.ending, debit.lost, debit.balance) == ("debit", "8475", False, None)
    assert (credit.kind, credit.lost) == ("credit", True)


def test_a_lock_is_told_and_a_silent_bank_fails() -> None:
    bank = FakeBank(wrong=3)
    assert result_of(BankProducts(bank).locked_until(CUSTOMER)) == LOCKED_UNTIL
    bank.down = True
    with pytest.raises(BankUnavailableError):
        result_of(BankProducts(bank).products(CUSTOMER))
