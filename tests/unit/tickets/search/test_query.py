"""The language of searches, read into values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.kernel.errors import Refused
from tests.support.tickets import SHANGHAI, local
from tickets.search.query import EVERYTHING, LONGEST, Asked, Span, Vocabulary, parsed

WORDS = Vocabulary(
    SHANGHAI,
    {
        "kind": "kind",
        "类型": "kind",
        "by": "by",
        "from": "from",
        "due": "due",
        "opened": "opened",
        "时限": "due",
    },
    {"kind": {"complaint": "complaint", "投诉": "complaint"}},
)
NOW = local("2026-11-23 09:00")


def read(text: str) -> Asked:
    return parsed(text, WORDS, NOW)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", EVERYTHING),
        ("  ", EVERYTHING),
        ("柜台  排队", Asked(("柜台", "排队"))),
        ('"exact phrase" 卡', Asked(("exact phrase", "卡"))),
        ("“无人 办理”", Asked(("无人 办理",))),
        ("KIND:Complaint", Asked(facets=("kind:complaint",))),
        ("类型：投诉", Asked(facets=("kind:complaint",))),
        ("by:agent-1", Asked(facets=("by:agent-1",))),
        ('from:"王 芳"', Asked(requester=("王 芳",))),
        ("due:<2026-11-30", Asked(due=Span(end=local("2026-11-30 00:00")))),
        ("due:<=2026-11-30", Asked(due=Span(end=local("2026-12-01 00:00")))),
        ("时限:>今天", Asked(due=Span(start=local("2026-11-24 00:00")))),
        ("due:>=today", Asked(due=Span(start=local("2026-11-23 00:00")))),
        (
            "opened:2026-12",
            Asked(opened=Span(local("2026-12-01 00:00"), local("2027-01-01 00:00"))),
        ),
        ("opened:2026", Asked(opened=Span(local("2026-01-01 00:00"), local("2027-01-01 00:00")))),
        (
            "opened:2026-11-01..2026-11-15",
            Asked(opened=Span(local("2026-11-01 00:00"), local("2026-11-16 00:00"))),
        ),
        ("opened:..2026-10", Asked(opened=Span(end=local("2026-11-01 00:00")))),
    ],
)
def test_by_examples(text: str, asked: Asked) -> None:
    assert read(text) == asked


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("colour:red", "key"),
        ("kind:red", "value"),
        ('kind:""', "empty"),
        ("due:soon", "day"),
        ("due:2026-02-30", "day"),
        ("due:9999", "day"),
        ("opened:2026-11-02..2026-11-01", "day"),
        ("opened:a..b", "day"),
        ('"no end', "quote"),
        ("kind:", "empty"),
        ("...", "no_word"),
        ("x" * (LONGEST + 1), "too_long"),
        ("a " * 17, "too_many"),
    ],
)
def test_what_is_not_understood_is_named(text: str, error: str) -> None:
    with pytest.raises(Refused) as refused:
        read(text)
    assert refused.value.error_id == f"ticket.search.{error}"


@given(st.text(max_size=80))
def test_anything_typed_is_read_or_refused(text: str) -> None:
    try:
        known = isinstance(read(text), Asked)
    except Refused as refused:
        known = refused.error_id.startswith("ticket.search.")
    assert known
