"""What the house imports stands in setup.cfg, within bounds that somebody chose."""

import configparser
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
ROOMS = ("cti", "prompts", "customers", "ivr", "agents", "tickets", "monitoring", "config")
IMPORTED = re.compile(r"^ *(?:from|import) (\w+)", re.MULTILINE)
DATA = frozenset({"tzdata"})
"""Dates and names alone, of which the newest is wanted."""


def required() -> dict[str, Requirement]:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    lines = settings["options"]["install_requires"].split()
    return {canonicalize_name(each.name): each for each in map(Requirement, lines)}


def imported() -> set[str]:
    """The first names of everything that is imported."""
    found = set[str]()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            found.update(IMPORTED.findall(path.read_text()))
    return found - set(sys.stdlib_module_names) - set(ROOMS)


def test_what_is_imported_is_required() -> None:
    known = packages_distributions()
    for name in imported():
        of = {canonicalize_name(each) for each in known.get(name, [])}
        assert of & required().keys() or not of, f"{name} is of {of}"


@pytest.mark.parametrize("name", sorted(required()))
def test_each_has_bounds_and_what_is_here_lies_within(name: str) -> None:
    requirement = required()[name]
    signs = {each.operator for each in requirement.specifier}
    assert signs == ({">="} if name in DATA else {">=", "<"})
    assert requirement.specifier.contains(version(name))
    assert re.fullmatch(r"[\w.-]+(\[[\w,]+\])?[<>=,\d.]+", str(requirement))
