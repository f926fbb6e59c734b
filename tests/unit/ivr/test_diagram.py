"""The drawing of a flow."""

import re
from pathlib import Path

import pytest

from ivr.diagram import mermaid
from ivr.flow import edges
from tests.support.flows import shipped_flow, small_flow


def test_a_small_flow_is_drawn(tmp_path: Path) -> None:
    flow = small_flow(
        tmp_path,
        """\
  first:
    menu: {prompt: main.menu, choices: {1: {name: pin, then: pin}, 2: {name: rates, then: rates}}}
  pin: {ask: {prompt: sign_in.pin, field: pin, length: 6, secure: true, then: hours}}
  hours: {schedule: {calendar: service, open: person, closed: failed}}
  rates: {service: {name: rates, outcomes: {told: person}}}
""",
    )
    assert mermaid(flow) == (
        """\
flowchart TD
    start(("small")) --> n2
    n0((("failed")))
    n1(["person: general"])
    n2{{"first"}}
    n3[/"🔒 pin"/]
    n4{"hours"}
    n5[["rates"]]
    n2 ==>|"1 pin"| n3
    n2 ==>|"2 rates"| n5
    n2 -.->|"no answer"| n1
    n3 ==>|"pin"| n4
    n3 -.->|"no answer"| n1
    n4 -->|"open"| n1
    n4 -->|"closed"| n0
    n4 -->|"holiday"| n0
    n5 -->|"told"| n1
    n5 -->|"unavailable"| n0
"""
    )


@pytest.mark.parametrize("name", ["main", "verify", "self_service"])
def test_the_shipped_flows_are_drawn_whole(name: str) -> None:
    flow = shipped_flow(name)
    drawn = mermaid(flow)
    arrows = re.findall(r"^    n\d+ (?:-->|==>|-\.->)", drawn, re.MULTILINE)
    assert len(arrows) == sum(len(list(edges(node))) for node in flow.nodes.values())
    assert all(f'"{node}' in drawn or f"🔒 {node}" in drawn for node in flow.nodes)
