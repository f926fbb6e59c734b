"""The first call, shortened, on a house whose records are in PostgreSQL."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.support.audio import RATE, read_wave
from tests.support.command_line import terminals
from tests.support.forms import forms_of
from tests.support.house import House, running_house
from tests.support.live import watching

ACCOUNT, PIN, BANKING, BANKING_PIN = "6001010101", "135790", "80000101", "246801"
SIGN_IN = f"{ACCOUNT}# {PIN}# {BANKING}# {BANKING_PIN}#"
KEYS = f"1 2 {SIGN_IN} w1 0"


@pytest.fixture
def database(postgresql_url: str) -> Iterator[str]:
    """The URL of a database without tables, which has none afterwards either."""
    empty(postgresql_url)
    yield postgresql_url
    empty(postgresql_url)


def empty(url: str) -> None:
    """Drop whatever is there."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def rows(url: str, query: str) -> list[dict[str, Any]]:
    """What the query finds."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def kinds(url: str) -> list[str]:
    """The journal's kinds in order."""
    return [row["kind"] for row in rows(url, "SELECT kind FROM journal ORDER BY sequence")]


@pytest.mark.needs("postgresql")
def test_the_first_call_on_postgresql(tmp_path: Path, prompts: Path, database: str) -> None:
    changes = {"database": {"url": database}, "agents": {"after_call_limit": 1}}
    with running_house(tmp_path / "house", prompts, changes) as house, terminals(house) as desks:
        phone = desks.phone("1001", "--answer-after", "0.2", "--talk-for", "2")
        supervisor = house.sign_in("2001")
        with watching(house.web_port, "/wall/live", supervisor, 60.0) as wall:
            call = desks.call("95588", "--keys", KEYS, "--pause", "1.2", calling="13800000101")
            wall.read_until(
                lambda entities: entities.get("queue/general", {}).get("answered") == 1,
                "one answered call on the wall",
            )
        call.wait_for("far side hung up", 30)
        phone.wait_for("hung up")
        house.wait_until(lambda: "agent.wrapped_up" in kinds(database), 10, "wrapped up")
        check_records(house, database)
        number = open_ticket(house)
        assert [row["number"] for row in rows(database, "SELECT number FROM tickets")] == [number]
    assert not (house.var / "hotline.sqlite").exists()
    with running_house(tmp_path / "house", prompts, changes) as again:
        token = again.sign_in("dispatcher")
        assert number in again.get("/tickets/", token).decode(), "kept over a restart"


def check_records(house: House, url: str) -> None:
    """Journal, call record, legs and recording tell one story."""
    told = kinds(url)
    for kind in ("ivr.sign_in", "queue.queued", "queue.answered", "call.cleared"):
        assert told.count(kind) == 1, kind
    (record,) = rows(url, "SELECT * FROM call_record")
    facts = ("outcome", "agent_id", "queue_id", "customer_id", "cleared_by", "calling")
    assert [record[fact] for fact in facts] == [
        "answered",
        "1001",
        "general",
        "C0001",
        "agent",
        "+8613800000101",
    ]
    legs = rows(url, "SELECT party, packets_received FROM call_leg")
    assert {leg["party"] for leg in legs} == {"caller", "agent"}
    assert all(leg["packets_received"] > 50 for leg in legs)
    sound = read_wave(house.var / "recordings" / record["recording"])
    assert len(sound) / RATE == pytest.approx(record["recording_seconds"], abs=0.05)
    everything = json.dumps(rows(url, "SELECT record FROM journal"), default=str)
    assert not [secret for secret in (ACCOUNT, PIN, BANKING_PIN) if f'"{secret}"' in everything]


def open_ticket(house: House) -> str:
    """Register a suggestion with the page's own form; its number."""
    token = house.sign_in("1001")
    page = house.get("/tickets/new?type=suggestion", token).decode()
    form = next(each for each in forms_of(page) if each.action == "/tickets/new")
    typed = {"name": "王建国", "title": "更多窗口", "text": "请多开窗口", "contact": "13800000101"}
    request = urllib.request.Request(
        f"{house.web}/tickets/new",
        urllib.parse.urlencode(form.fields | typed).encode(),
        {"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as shown:
        return str(shown.url).rpartition("/")[2]
