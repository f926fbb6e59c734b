"""The catalogue that the demo bank begins with, and what is wrong in a file is told."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.demo.read import read_demo
from config.foundation import CATALOGUE
from cti.kernel.document import DocumentError
from cti.kernel.vocabulary import Language
from tests.support.regulation import CODES, SHIPPED
from tests.support.tickets import SHANGHAI, draft
from tickets.catalogue.choosing import best
from tickets.catalogue.model import Catalogue
from tickets.catalogue.proposing import proposal
from tickets.catalogue.reading import read_catalogue
from tickets.model import Draft, TicketKind
from tickets.regulation.reading import read_retention
from tickets.web.proposed import why
from tickets.web.shown import Words

DEPARTMENTS = [each.department_id for each in read_demo().departments]
CATALOGUE_OF_DEMO = Catalogue(1, read_catalogue(CATALOGUE, DEPARTMENTS, CODES))
DAY = date(2026, 11, 23)


def about(title: str, kind: TicketKind = TicketKind.COMPLAINT, **details: str) -> Draft:
    return replace(draft(kind, title=title), text="", details=details)


@pytest.mark.parametrize(
    ("matter", "lead", "assist"),
    [
        (about("信用卡年费", business="B03"), "cards", ()),
        (about("手机银行转账失败"), "digital", ()),
        (about("My card was stolen, card swallowed"), "cards", ("digital",)),
        (about("理财产品亏损", business="B05"), "retail", ("consumer",)),
        (about("柜台排队两小时"), "branches", ()),
        (about("别的事情"), "consumer", ()),
        (about("开户", TicketKind.APPOINTMENT), "branches", ()),
    ],
)
def test_the_demo_bank_knows_whose_matter_it_is(
    matter: Draft, lead: str, assist: tuple[str, ...]
) -> None:
    found = best(CATALOGUE_OF_DEMO, matter, DAY)
    assert found is not None
    assert (found.line.department_id, found.line.assist) == (lead, assist)


def test_every_department_leads_somewhere() -> None:
    assert {each.department_id for each in CATALOGUE_OF_DEMO.lines} == set(DEPARTMENTS)


def test_it_says_why_in_the_readers_language() -> None:
    texts = {
        "ticket.catalogue.entry": "line {line}",
        "ticket.catalogue.lead": "leading",
        "ticket.catalogue.assist": "assisting",
    }

    def text(key: str, **blanks: object) -> str:
        return texts.get(key, key).format(**blanks)

    words = Words(text, Language.ENGLISH, SHANGHAI, {}, codes=CODES)
    found = best(CATALOGUE_OF_DEMO, about("亏损", business="B05"), DAY)
    assert found is not None
    told = [why(proposal(found, each), words) for each in ("retail", "consumer")]
    assert told == [
        "line 5 · leading · B05 own wealth management",
        "line 5 · assisting · B05 own wealth management",
    ]


def test_what_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(
        "lines:\n"
        "  - {id: a, lead: moon, business: B03}\n"
        "  - {id: a, lead: cards, business: B77}\n"
        "  - {id: b, lead: cards}\n"
        "  - {id: c, lead: cards, words: x, until: tomorrow}\n",
        "utf-8",
    )
    with pytest.raises(DocumentError) as told:
        read_catalogue(path, DEPARTMENTS, CODES)
    for part in (
        ":2",
        "there is no department 'moon'; there are branches, cards",
        ":3",
        "two lines",
        "no such business code",
        ":4",
        "the line asks nothing",
        ":5",
        "'tomorrow' is no day",
    ):
        assert part in str(told.value), part


def test_days_of_a_line_are_read(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    text = "lines: [{id: a, lead: cards, words: x, since: 2026-11-23, until: 2026-12-31}]\n"
    path.write_text(text, "utf-8")
    [line] = read_catalogue(path, DEPARTMENTS, CODES)
    assert (line.since, line.until) == (DAY, date(2026, 12, 31))


def test_classes_of_records_have_names_in_both_languages() -> None:
    retention = read_retention(SHIPPED / "retention.yaml")
    for language in (Language.CHINESE, Language.ENGLISH):
        names = {retention.called(each.name, language) for each in retention.rules}
        assert len(names) == len(retention.rules)
        assert not names & {each.name for each in retention.rules}
    assert retention.called("gone", Language.ENGLISH) == "gone"
