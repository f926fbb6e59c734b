"""One room's knowledge in the shape another asks for."""

from types import SimpleNamespace
from typing import Any, cast

from agents.roster import Roster
from config.adapters import StaffTelephones
from config.settings import TelephoneSettings
from cti.sip.access.digest import Algorithm, Md5


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
