from pathlib import Path

import pytest

from agents.model import AfterCallMode, AfterCallRules, AgentSettings
from config.settings_file import read_settings
from cti.kernel.document import DocumentError
from cti.kernel.identifiers import QueueId


def read(tmp_path: Path, text: str) -> AgentSettings:
    file = tmp_path / "hotline.yaml"
    file.write_text(text, "utf-8")
    return read_settings(file).agents


def test_what_is_left_out_is_as_usual(tmp_path: Path) -> None:
    assert read(tmp_path, "agents: {missed_limit: 3}\n") == AgentSettings(missed_limit=3)


def test_a_queue_has_the_common_rules_but_for_what_it_says(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "agents:\n"
        "  after_call_mode: timed\n"
        "  after_call_limit: 45\n"
        "  after_call_in:\n"
        "    complaints: {mode: until_finished}\n"
        "    cards: {limit: 10}\n",
    )
    assert settings.after_call_of(QueueId("complaints")).mode is AfterCallMode.UNTIL_FINISHED
    assert settings.after_call_of(QueueId("cards")) == AfterCallRules(AfterCallMode.TIMED, 10)
    assert settings.after_call_of(QueueId("general")) == settings.after_call_of(None)
    assert settings.after_call_of(None).limit == 45


def test_reasons_have_a_greatest_length_or_none(tmp_path: Path) -> None:
    assert read(tmp_path, "agents: {reasons: [break, study]}\n").reasons == {
        "break": None,
        "study": None,
    }
    settings = read(tmp_path, "agents:\n  reasons:\n    break: {longest: 600}\n    study: {}\n")
    assert settings.reasons == {"break": 600, "study": None}


@pytest.mark.parametrize(
    ("text", "line", "key", "why"),
    [
        ("agents:\n  after_call_mode: never\n", 2, "agents.after_call_mode", "until_finished"),
        ("agents:\n  missed_limit: 0\n", 2, "agents.missed_limit", "from 1"),
        ("agents:\n  desk_absence: 1\n", 2, "agents.desk_absence", "from 3"),
        (
            "agents:\n  reasons:\n    break: {longst: 5}\n",
            3,
            "agents.reasons.break.longst",
            "longest",
        ),
        (
            "agents:\n  after_call_in:\n    cards: {limits: 5}\n",
            3,
            "agents.after_call_in.cards.limits",
            "limit",
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, why: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, text)
    (error,) = caught.value.errors
    assert (error.line, error.key) == (line, key)
    assert why in error.message


def test_rules_for_a_queue_that_there_is_none_of_are_a_mistake(tmp_path: Path) -> None:
    text = (
        "queues:\n"
        "  cards: {zh: 卡, en: Cards, demand: cards}\n"
        "agents:\n"
        "  after_call_in:\n"
        "    crads: {limit: 5}\n"
    )
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, text)
    (error,) = caught.value.errors
    assert (error.line, error.key) == (5, "agents.after_call_in.crads")
    assert "there are cards" in error.message
