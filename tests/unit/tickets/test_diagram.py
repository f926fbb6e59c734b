"""The printed workflow is the one that runs."""

from pathlib import Path

import tickets
from tickets.diagram import document, mermaid, table
from tickets.workflow import RULES


def test_the_page_in_the_tree_is_printed_from_the_table() -> None:
    page = Path(tickets.__file__).with_name("WORKFLOW.md")
    assert page.read_text(encoding="utf-8") == document(), (
        "print it again: write tickets.diagram.document() to tickets/WORKFLOW.md"
    )


def test_the_diagrams_show_both_lives() -> None:
    assert "    registered --> in_progress: dispatch" in mermaid()
    assert "    result --> rework: rework" in mermaid()
    assert mermaid().count("stateDiagram-v2") == 2


def test_every_act_is_in_the_table() -> None:
    assert {line.split(" | ")[0].removeprefix("| ") for line in table().splitlines()[2:]} == {
        rule.action.value for rule in RULES
    }
