from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

import pytest

from config.cli.bans import TEXTS, _length, add_arguments, give, told, trunk_at
from cti.sip.access.bans import BY_OPERATOR, Offence
from cti.trunks.settings import Gateway, Trunk, TrunksSettings

SEEN = {
    "bans": [
        {
            "host": "203.0.113.9",
            "why": "wrong secret",
            "since": 940.0,
            "until": 1540.0,
            "count": 2,
            "everywhere": True,
        },
        {
            "host": "2001:db8::9",
            "why": "flood",
            "since": 990.0,
            "until": 1050.0,
            "count": 1,
            "everywhere": False,
        },
    ]
}


def test_the_table() -> None:
    assert list(told(SEEN, "", "en", 1000.0)) == [
        "ADDRESS      WHY            SINCE       LEFT        TIMES  REACH",
        "203.0.113.9  wrong secrets  1 min 00 s  9 min 00 s  2      all",
        "2001:db8::9  flood          10 s        50 s        1      UDP",
    ]
    head, first, _ = told(SEEN, "", "zh", 1000.0)
    assert head == "地址         原因      已封        剩余        次数  范围"
    assert first == "203.0.113.9  密码错误  1 分 00 秒  9 分 00 秒  2     全部"


def test_every_reason_has_its_words() -> None:
    for texts in TEXTS.values():
        assert {each.value for each in Offence} | {BY_OPERATOR} <= texts.keys()


def test_what_became_of_an_order() -> None:
    assert list(told({"lifted": True}, "a", "en", 0.0)) == ["a is listened to again."]
    assert list(told({"lifted": False}, "a", "zh", 0.0)) == ["a 未被封禁。"]
    assert list(told({"bans": []}, "", "en", 0.0)) == ["Nobody is banned."]


def test_a_trunk_is_known_by_its_address() -> None:
    carrier = Trunk("carrier", (Gateway("198.51.100.20"),), ("192.0.2.0/24", "pbx.example"))
    trunks = TrunksSettings({"carrier": carrier})
    assert trunk_at("192.0.2.7", trunks) == "carrier"
    assert trunk_at("198.51.100.20", trunks) == "carrier"
    assert trunk_at("203.0.113.9", trunks) is None


def test_lengths_and_addresses_are_read() -> None:
    assert [_length(each) for each in ("90", "90s", "10m", "2h", "1d")] == [
        90,
        90,
        600,
        7200,
        86400,
    ]
    for wrong in ("", "0", "-1", "1w", "x"):
        with pytest.raises(ArgumentTypeError):
            _length(wrong)
    parser = ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(["add", "203.0.113.9", "--for", "2h"])
    assert (args.do, args.address, args.seconds) == ("add", "203.0.113.9", 7200.0)
    with pytest.raises(SystemExit):
        parser.parse_args(["lift", "pbx.example"])


def test_orders_work_on_what_is_kept_where_no_hotline_runs(tmp_path: Path) -> None:
    file = tmp_path / "bans.json"
    add = {"do": "add", "address": "203.0.113.9", "seconds": 600.0}
    assert give(tmp_path, file, {"do": "list"}) == {"bans": []}
    given = give(tmp_path, file, add)
    assert give(tmp_path, file, {"do": "list"}) == given
    assert give(tmp_path, file, {"do": "lift", "address": "203.0.113.9"}) == {"lifted": True}
    assert give(tmp_path, file, {"do": "list"}) == {"bans": []}
