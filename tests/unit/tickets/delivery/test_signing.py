"""A stranger who has read the README alone knows our messages from those of others."""

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.secret import Secret
from tickets.delivery.signing import KEY, signed_headers

README = Path(__file__).parents[4] / "README.md"
SECRET, NOW = "0123456789abcdef", 1_795_400_000
BODY = '{"alarm": {"event": "ticket.breach"}, "to": "王"}'.encode()


def recipe() -> Callable[[dict[str, str], bytes, bytes, float], bool]:
    """What the README tells programs to do, as it stands there."""
    [written] = re.findall(r"```python\n(def ours.*?)```", README.read_text("utf-8"), re.DOTALL)
    room: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib, "re": re}
    exec(written, room)
    ours: Callable[[dict[str, str], bytes, bytes, float], bool] = room["ours"]
    return ours


OURS = recipe()


def sent(body: bytes = BODY, delivery: str = "20261123-7") -> dict[str, str]:
    return dict(signed_headers(Secret(SECRET), body, NOW, delivery))


@given(st.binary(max_size=200), st.integers(-300, 300))
def test_what_we_send_passes_while_it_is_fresh(body: bytes, later: int) -> None:
    assert OURS(sent(body), body, SECRET.encode(), NOW + later)


@pytest.mark.parametrize("later", [301, -301, 86_400])
def test_what_was_sent_long_ago_does_not(later: int) -> None:
    assert not OURS(sent(), BODY, SECRET.encode(), NOW + later)


@given(st.binary(max_size=200))
def test_nor_does_another_body(body: bytes) -> None:
    assert OURS(sent(), body, SECRET.encode(), NOW) is (body == BODY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Hotline-Timestamp", ""),
        ("Hotline-Timestamp", str(NOW + 1)),
        ("Hotline-Timestamp", f" {NOW}"),
        ("Hotline-Timestamp", f"{NOW}.{BODY.decode()[:5]}"),
        ("Hotline-Timestamp", "9" * 5000),
        ("Hotline-Timestamp", "١٧٩٥٤٠٠٠٠٠"),
        ("Hotline-Signature", ""),
        ("Hotline-Signature", "v1="),
        ("Hotline-Signature", "v0=" + "0" * 64),
        ("Hotline-Signature", "签名"),
    ],
)
def test_nor_do_other_headers(name: str, value: str) -> None:
    assert not OURS(sent() | {name: value}, BODY, SECRET.encode(), NOW)


def test_nor_does_another_key() -> None:
    assert not OURS(sent(), BODY, SECRET[:-1].encode(), NOW)


def test_what_comes_twice_is_known_by_its_key_however_often_it_is_signed() -> None:
    first = sent()
    again = signed_headers(Secret(SECRET), BODY, NOW + 60, "20261123-7")
    assert first[KEY] == again[KEY]
    assert first["Hotline-Signature"] != again["Hotline-Signature"]
