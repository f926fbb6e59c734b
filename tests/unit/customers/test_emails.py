"""Addresses in one form."""

import pytest

from customers.emails import normalise_email


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Wang@Example.COM ", "wang@example.com"),
        ("王@例子.中国", "王@例子.中国"),
        ("wang", ""),
        ("wang@localhost", ""),
        ("a b@example.com", ""),
        ("<wang@example.com>", ""),
        ("w@x@example.com", ""),
        ("w@.example.com", ""),
        (f"w@{'x' * 250}.example", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_in_one_form_and_nothing_else_is(written: str, kept: str) -> None:
    assert normalise_email(written) == kept
