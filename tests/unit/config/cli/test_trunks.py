import pytest

from config.cli.trunks import TEXTS, ask, duration, table, with_addresses
from cti.kernel.errors import ConfigurationError
from cti.trunks.health import State
from cti.trunks.registering import Standing
from cti.trunks.settings import Gateway, Trunk, TrunksSettings

SEEN = [
    {
        "trunk": "carrier",
        "incoming": 12,
        "outgoing": 3,
        "limit": 60,
        "refused": 1,
        "registration": {"state": "refused", "since": 990.0},
        "gateways": [
            {"gateway": "sip1.carrier.example", "state": "down", "since": 580.0},
            {"gateway": "192.0.2.2:5070/TCP", "state": "up", "since": -86400.0},
        ],
    },
    {
        "trunk": "pbx",
        "incoming": 0,
        "outgoing": 0,
        "limit": 0,
        "refused": 0,
        "registration": None,
        "gateways": [],
    },
]


def test_the_table_in_english() -> None:
    assert list(table(SEEN, "en", 1000.0)) == [
        "TRUNK    GATEWAY               STATE    SINCE       CALLS   LIMIT  REFUSED",
        "carrier  sip1.carrier.example  DOWN     7 min 00 s  12 + 3  60     1",
        "         192.0.2.2:5070/TCP    up       1 d 00 h",
        "         (registrar)           REFUSED  10 s",
        "pbx      -                     -        -           0 + 0   -      0",
    ]


def test_the_columns_stand_below_each_other_in_chinese() -> None:
    head, first, *_ = table(SEEN, "zh", 1000.0)
    assert head == "中继     网关                  状态      持续          通话    上限  拒绝"
    assert first == "carrier  sip1.carrier.example  中断      7 分 00 秒    12 + 3  60    1"


def test_every_state_has_its_word() -> None:
    for language, texts in TEXTS.items():
        assert {state.value for state in State} < texts.keys(), language
        assert {state.value for state in Standing} < texts.keys(), language
    assert list(table([], "en", 0.0)) == ["The hotline has no trunks."]


def test_lengths_of_time() -> None:
    assert [duration(each) for each in (-1, 59, 61, 3660, 90000)] == [
        "0 s",
        "59 s",
        "1 min 01 s",
        "1 h 01 min",
        "1 d 01 h",
    ]


def test_addresses_come_from_the_settings_and_numbers_stand_where_they_do_not_fit() -> None:
    told = [
        {
            "trunk": name,
            "gateways": [{"state": "up", "since": 1.0}, {"state": "down", "since": 2.0}],
        }
        for name in ("carrier", "pbx", "unknown")
    ]
    gateways = Gateway("sip1.carrier.example"), Gateway("192.0.2.2", 5070)
    carrier, pbx = Trunk("carrier", gateways), Trunk("pbx", gateways[:1])
    seen = with_addresses(told, TrunksSettings({"carrier": carrier, "pbx": pbx}))
    assert [[each["gateway"] for each in trunk["gateways"]] for trunk in seen] == [
        [str(gateways[0]), str(gateways[1])],
        ["1", "2"],
        ["1", "2"],
    ]
    assert [each["state"] for each in seen[0]["gateways"]] == ["up", "down"]


def test_what_is_no_web_address_is_named() -> None:
    with pytest.raises(ConfigurationError) as error:
        ask("hotline")
    assert error.value.key == "--web"
