"""Bans on disk, and what an operator may order."""

import json
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from cti.sip.access.bans import BanRules, Bans
from cti.transport.ban_file import DELAY, BanFile, read_bans, write_bans
from cti.transport.bans_desk import bans_desk

HOST = "203.0.113.9"


def test_bans_are_written_soon_and_together_and_taken_up_again(tmp_path: Path) -> None:
    clock, bans, path = Clock(), Bans(BanRules()), tmp_path / "bans.json"
    keeper = BanFile(path, bans, clock)
    keeper.load()
    for number in range(5):
        bans.add(f"203.0.113.{number}", 600.0, clock.seconds())
        keeper.changed()
    assert not path.exists()
    clock.advance(DELAY)
    again = Bans(BanRules())
    BanFile(path, again, clock).load()
    assert again.current(clock.seconds()) == bans.current(clock.seconds())
    assert len(again) == 5
    assert clock.getDelayedCalls() == []
    bans.lift("203.0.113.1", clock.seconds())
    keeper.changed()
    keeper.stop()
    assert len(read_bans(path)) == 4
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    "text", ["{}", "[1]", "no json", '[{"host": 1}]', json.dumps([{"host": "a", "why": 1}])]
)
def test_a_file_that_cannot_be_read_bans_nobody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bans.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r".+"):
        read_bans(path)
    bans = Bans(BanRules())
    BanFile(path, bans, Clock()).load()
    assert len(bans) == 0


def test_a_disk_that_takes_nothing_is_borne(tmp_path: Path) -> None:
    clock, bans = Clock(), Bans(BanRules())
    keeper = BanFile(tmp_path / "gone" / "bans.json", bans, clock)
    keeper.load()
    keeper.changed()
    clock.advance(DELAY)
    keeper.stop()


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "bans.json"
    write_bans(path, [])
    assert read_bans(path) == []
    assert [each.name for each in tmp_path.iterdir()] == ["bans.json"]


def test_an_operator_bans_sees_and_lifts() -> None:
    bans, changes = Bans(BanRules()), []
    answer = bans_desk(bans, lambda: 50.0, lambda: changes.append(1))
    given = answer({"do": "add", "address": HOST, "seconds": 60})
    assert given == answer({"do": "list"})
    assert given["bans"][0]["until"] == 110.0
    assert answer({"do": "lift", "address": HOST}) == {"lifted": True}
    assert answer({"do": "lift", "address": HOST}) == {"lifted": False}
    assert answer({"do": "list"}) == {"bans": []}
    assert len(changes) == 3


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"do": "add", "address": HOST},
        {"do": "add", "address": HOST, "seconds": -1},
        {"do": "add", "address": HOST, "seconds": 1e12},
        {"do": "add", "address": "pbx.example", "seconds": 1},
        {"do": "lift", "address": "1.2.3"},
        {"do": "shutdown"},
    ],
)
def test_what_is_no_order_is_refused(order: dict[str, object]) -> None:
    bans = Bans(BanRules())
    with pytest.raises(ValueError, match=r".+"):
        bans_desk(bans, lambda: 0.0, lambda: None)(order)
    assert len(bans) == 0
