"""A bank's departments and staff from a file: kept in an empty house, refused to a running one."""

import subprocess
import sys
from pathlib import Path

from config.lock import sole_user

FILE = """\
departments:
  - {id: cards, name: {zh: 银行卡部, en: Cards}}
staff:
  - {id: head, login: wang, name: 王伟, password: low-mountain, roles: [head], department: cards}
"""


def written_down(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "hotline.yaml").write_text("demo: false\n")
    (folder / "people.yaml").write_text(FILE, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "config.main", "staff", "people.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_people_are_kept_and_kept_again(tmp_path: Path) -> None:
    for _ in range(2):
        done = written_down(tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "Written down: departments 1, people 1.\n"


def test_a_running_hotline_is_left_alone(tmp_path: Path) -> None:
    with sole_user(tmp_path / "var"):
        done = written_down(tmp_path)
    assert done.returncode == 2
    assert "folders.base: another hotline is running" in done.stderr
