"""What opens something, and whom somebody looked for, stand in no log and no table of a house."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tests.support.house import House, running_house
from tests.support.portal import TYPED
from tests.support.visitor import CARRIED, Visitor, codes

SOUGHT = "13800138007"


def test_secrets_of_pages_are_nowhere(tmp_path: Path, prompts: Path) -> None:
    with running_house(tmp_path / "house", prompts) as house:
        visitor = Visitor(house)
        visitor.send("/service/new/complaint", **TYPED)
        house.wait_until(lambda: len(codes(house)) == 1, CARRIED, "a code leaves")
        visitor.send("/service/code", code=codes(house)[0])
        page = visitor.read("/service/ticket")
        staff = house.sign_in("2001")
        assert house.get(f"/tickets?q={quote(f'from:{SOUGHT}')}", staff)
        secrets = {
            "the code": codes(house)[0],
            "the customer's session": visitor.cookies["service_ticket"],
            "the customer's token": visitor.cookies["service_visitor"],
            "the staff's session": staff,
            "whom somebody looked for": SOUGHT,
        }
        number = re.findall(r"\d{11}", page)[0]
    for name, text in kept(house):
        found = [what for what, secret in secrets.items() if alone(secret, text)]
        assert not found, f"{name} tells {found}"
    log = (house.var / "hotline.log").read_text()
    assert '"GET /tickets HTTP/1.1" 200' in log
    assert number in rows(house)


def kept(house: House) -> Iterator[tuple[str, str]]:
    """Everything that the house wrote but what the sink carried, which is the customer's."""
    for path in house.folder.rglob("*"):
        if path.is_file() and path.suffix in LOGS and path.parent.name != "outbox":
            yield path.name, path.read_text("utf-8", "replace")
    yield "the database", rows(house)
    yield "what the server printed", house.output.read_text()


LOGS = frozenset({".log", ".json", ".yaml", ".txt", ".ring"})


def rows(house: House) -> str:
    """What stands in the tables, but for the index of words, which cannot be read as such."""
    with closing(sqlite3.connect(house.var / "hotline.sqlite")) as database:
        names = database.execute(TABLES).fetchall()
        found = (database.execute(f'SELECT * FROM "{name}"') for (name,) in names)
        return "\n".join(str(row) for each in found for row in each)


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"


def alone(secret: str, text: str) -> bool:
    """Whether it stands there by itself, rather than within an instant or other digits."""
    return re.search(rf"(?<![\w.:+-]){re.escape(secret)}(?![\w.:-])", text) is not None
