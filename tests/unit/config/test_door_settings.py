"""What the settings file says of strangers, and its mistakes."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from config.settings_file import read_settings
from cti.kernel.document import DocumentError
from cti.sip.access.bans import BanRules
from cti.sip.access.doorkeeper import DoorRules


def read(folder: Path, text: str) -> DoorRules:
    path = folder / "hotline.yaml"
    path.write_text(text, "utf-8")
    return read_settings(path).sip.door


def test_each_key_is_read(tmp_path: Path) -> None:
    door = read(
        tmp_path,
        "sip:\n  door: {each: 5, strangers: 20, burst: 3}\n"
        "  bans: {points: 9, period: 90, lengths: [10, 20], forgiven: 100, never: [10.0.0.1/8]}\n",
    )
    never = (ip_network("10.0.0.0/8"),)
    assert door == DoorRules(5.0, 20.0, 3.0, BanRules(9.0, 90.0, (10.0, 20.0), 100.0, never))


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    assert read(tmp_path, "sip: {door: {each: 5}}") == DoorRules(each=5.0)
    assert read(tmp_path, "sip: {bans: {points: 5}}") == DoorRules(bans=BanRules(points=5.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sip: {bans: {lengths: []}}", "no less than the one before"),
        ("sip: {bans: {lengths: [60, 10]}}", "no less than the one before"),
        ("sip: {bans: {never: [pbx.example]}}", "no address or network"),
        ("sip: {bans: {nevr: []}}", "nevr"),
        ("sip: {door: {each: 0}}", "each"),
        ("calls: {most: 0}", "most"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read(tmp_path, text)
