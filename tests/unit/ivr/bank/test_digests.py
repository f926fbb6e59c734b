import logging
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import system_entropy
from cti.kernel.secret import Secret
from ivr.bank.digests import Digests, read_or_make_key

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PIN = Secret("135790")


@pytest.fixture
def digests() -> Digests:
    return Digests(b"k" * 32, QUICK)


def test_numbers_are_found_again_by_kind_and_key(digests: Digests) -> None:
    number = Secret("6001010101")
    found = digests.number("account", number)
    assert found == digests.number("account", number)
    assert found != digests.number("card", number)
    assert found != Digests(b"K" * 32, QUICK).number("account", number)
    assert number.reveal() not in found
    assert len(found) == 64


def test_pins_fit_their_owner_and_key_alone(digests: Digests) -> None:
    kept = digests.hash_pin("account", PIN)
    assert digests.fits(kept, "account", PIN)
    assert not digests.fits(kept, "account", Secret("135791"))
    assert not digests.fits(kept, "other", PIN)
    assert not Digests(b"K" * 32, QUICK).fits(kept, "account", PIN)
    assert kept != digests.hash_pin("account", PIN)


@pytest.mark.parametrize("kept", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AA$AA"])
def test_a_damaged_hash_fits_nothing(digests: Digests, kept: str) -> None:
    assert not digests.fits(kept, "account", PIN)


def test_no_pin_fits_nobody(digests: Digests) -> None:
    assert not digests.fits(digests.nobody, "", Secret(""))
    assert not digests.fits(digests.nobody, "", PIN)


def test_the_cost_is_worth_it_by_default() -> None:
    assert Digests(b"k" * 32).nobody.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_nothing_secret_is_told(digests: Digests, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        kept = digests.hash_pin("account", PIN)
        digests.fits(kept, "account", Secret("999999"))
    assert "135790" not in repr(digests) + kept + caplog.text
    assert "kkkk" not in repr(digests)


def test_the_key_is_made_once_and_is_the_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "bank.key"
    key = read_or_make_key(path, system_entropy)
    assert len(key) == 32
    assert read_or_make_key(path, system_entropy) == key
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "not hexadecimal", "abcd", "ключ"])
def test_a_damaged_key_is_told_and_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bank.key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        read_or_make_key(path, system_entropy)
    assert path.read_text(encoding="utf-8") == content
