"""What a first start makes, made once for all houses of a test run: tables, demo bank, prompts.

To found a house costs three seconds of a processor for its passwords alone, and its announcements
as much again; houses that begin as copies of a founded one need neither.
"""

import os
import shutil
import subprocess
import sys
from fcntl import LOCK_EX, flock
from pathlib import Path

import yaml

FOUNDED = "founded"
"""Beside the folder of announcements: what a new house's `var` begins with."""
PROMPTS = "prompts"


def prompts_of_a_founded_house(shared: Path, own: Path) -> Path:
    """The announcements, in a folder of one's own, with the rest beside them.

    `shared` is the same for all test processes, of which the first founds the house.
    """
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (shared / FOUNDED).exists():
            _found(shared)
    for name in (PROMPTS, FOUNDED):
        shutil.copytree(shared / name, own / name)
    return own / PROMPTS


def move_in(var: Path, prompts: Path) -> None:
    """Begin with what is founded beside those announcements, if anything is."""
    founded = prompts.with_name(FOUNDED)
    if founded.is_dir():
        shutil.copytree(founded, var)


def _found(folder: Path) -> None:
    var, settings = folder / "var", folder / "hotline.yaml"
    folders = {"base": str(var), "prompts": str(folder / PROMPTS)}
    settings.write_text(yaml.safe_dump({"folders": folders}))
    subprocess.run(
        [sys.executable, "-m", "config.main", "--config", str(settings), "init"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    made = folder / "made"
    made.mkdir()
    shutil.copy(var / "hotline.sqlite", made)
    shutil.copytree(var / "keys", made / "keys")
    made.rename(folder / FOUNDED)
