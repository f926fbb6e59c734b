import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from config import main as command_line
from config.cli import COMMANDS, settings_of
from config.located import located
from config.settings import HERE, Settings
from cti.kernel.errors import ConfigurationError

FLOW = HERE / "flows" / "main.yaml"


def test_help_names_every_command_and_the_three_terminals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        command_line.main(["--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    assert all(f"    {name} " in said for name in COMMANDS)
    assert "hotline call 95588" in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command_line.main([name, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    doc = import_module(f"config.cli.{name}").__doc__ or ""
    assert doc.split(".")[0].split(":")[0] in " ".join(said.split())


@pytest.mark.parametrize("words", [[], ["fly"], ["flow"], ["flow", "check"], ["call"]])
def test_wrong_use_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command_line.main(words)
    assert end.value.code == 2
    assert "usage: hotline" in capsys.readouterr().err


def test_mistake_in_the_settings_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("sip: {prot: 1}")
    assert command_line.main(["--config", str(file), "init"]) == 2
    said = capsys.readouterr().err
    assert f"{file}:1: sip.prot" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == [file]


def test_what_shows_only_later_is_told_with_file_and_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text("recordings:\n  encryption: {keys: none, current: 2026-12}\n")
    assert command_line.main(["--config", str(file), "recordings", "rotate"]) == 2
    assert capsys.readouterr().err == (
        f"{file}:2: recordings.encryption.keys: {tmp_path / 'none'} cannot be read "
        "(No such file or directory); `hotline recordings key 2026-12` makes one\n"
    )


@pytest.mark.parametrize("text", ["", "web: 3", "web: {host: 127.0.0.1}", "web: ["])
def test_a_key_that_the_file_does_not_hold_has_no_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hotline.yaml"
    file.write_text(text)
    error = ConfigurationError("is taken", key="web.port")
    assert located(error, file) is error
    assert located(error, tmp_path / "none.yaml") is error


def test_whoever_reads_no_further_is_not_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(_args: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("config.cli.init.run", shut)
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert command_line.main(["init"]) == 141


def test_missing_settings_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--config", str(tmp_path / "none.yaml"), "init"]) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_settings_are_found_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    args = command_line.parser(["init"]).parse_args(["init"])
    assert settings_of(args) == Settings()
    Path("hotline.yaml").write_text("web: {port: 9001}")
    assert settings_of(args).web.port == 9001


def test_shipped_flow_has_no_mistake_and_can_be_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command_line.main(["flow", "check", str(FLOW)]) == 0
    assert "no mistake" in capsys.readouterr().out
    assert command_line.main(["flow", "graph", str(FLOW)]) == 0
    assert capsys.readouterr().out.startswith("flowchart TD")


def test_calendars_are_checked_with_the_flow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "service.yaml").write_text("week: {weekdays: 8-20}", "utf-8")
    settings = tmp_path / "settings" / "hotline.yaml"
    settings.parent.mkdir()
    settings.write_text(f"folders: {{calendars: {tmp_path}}}", "utf-8")
    assert command_line.main(["--config", str(settings), "flow", "check", str(FLOW)]) == 2
    assert "service.yaml:1: week.weekdays: '8' is no time of day" in capsys.readouterr().err


def test_mistakes_of_a_flow_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow = tmp_path / "wrong.yaml"
    flow.write_text(FLOW.read_text("utf-8").replace("start:", "strat:"), "utf-8")
    assert command_line.main(["flow", "check", str(flow)]) == 1
    said = capsys.readouterr().err
    assert f"{flow}:" in said
    assert "`start`" in said


def test_command_line_starts_without_the_heavy_parts() -> None:
    heavy = "{'sqlalchemy', 'numpy', 'klein', 'alembic', 'holidays', 'apscheduler', 'soxr'}"
    code = (
        "import sys; from config.main import parser; parser(['serve']); "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
