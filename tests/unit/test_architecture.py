"""The picture of the house stays true: every room it shows exists, every room is in it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("cti", "prompts", "customers", "ivr", "agents", "tickets", "monitoring", "config")


def picture() -> str:
    """The rooms' block of ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    return text.split("## Rooms", 1)[1].split("```", 2)[1]


def test_every_package_is_in_the_picture() -> None:
    shown = picture()
    for package in PACKAGES:
        assert f"\n{package}/" in shown, package
        for inner in sorted((ROOT / package).iterdir()):
            if (inner / "__init__.py").exists():
                assert f"{inner.name}/" in shown, inner


def test_every_file_in_the_picture_exists() -> None:
    for name in re.findall(r"[\w/.]+\.(?:py|md|cfg|toml|yaml)\b", picture()):
        found = [*ROOT.glob(name), *ROOT.glob(f"*/{name}")]
        assert found, name
