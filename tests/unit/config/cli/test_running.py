"""What a command says when its database does not let it begin."""

import pytest
from sqlalchemy.exc import OperationalError

from config.cli.running import of_the_database


class Said(Exception):  # noqa: N818  (an error of the driver)
    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "told"),
    [("53100", "make room"), ("55P03", "another program holds it"), ("57P03", "see to it")],
)
def test_a_database_in_trouble_is_told_by_its_key(sqlstate: str, told: str) -> None:
    explained = of_the_database(OperationalError("INSERT", {}, Said(sqlstate)))
    assert explained is not None
    assert str(explained).startswith("database.url: ")
    assert told in str(explained)


def test_any_other_mistake_keeps_its_traceback() -> None:
    assert of_the_database(ValueError("x")) is None
