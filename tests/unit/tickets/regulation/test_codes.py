"""Codes of complaints: read with every mistake named, looked up upwards, asked for where needed."""

from dataclasses import replace
from pathlib import Path

import pytest

from cti.kernel.document import DocumentError
from cti.kernel.errors import Refused
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tests.support.tickets import AGENT, HEAD, MONDAY, draft
from tickets import decide, forms
from tickets.forms import FormTerms
from tickets.model import Source, TicketKind
from tickets.regulation.codes import BUSINESS, CAUSE, CHANNEL, Code, CodeBook, channel_of
from tickets.regulation.reading import read_codes, read_retention

SHIPPED = Path(forms.__file__).parents[1] / "config" / "tickets"
NUMBER = TicketNumber("202611230001")
FILE = """
standard: JR/T 0169-2018
required: [business]
channel:
  A1: {zh: 柜面, en: counter, source: x}
  A11: {zh: 大堂, en: hall, parent: A1, source: x}
channel_of: {call: A1, ivr: A1, voicemail: A1, supervisor: A1, email: A1, web: A11}
business: {B1: {zh: 储蓄, en: savings, source: x}}
cause: {C1: {zh: 服务, en: service, source: x}}
region: {110000: {zh: 北京, en: Beijing, source: x}}
"""


def book(folder: Path, text: str = FILE) -> CodeBook:
    path = folder / "codes.yaml"
    path.write_text(text, "utf-8")
    return read_codes(path)


def test_the_shipped_files_can_be_read_and_say_where_each_code_comes_from() -> None:
    codes = read_codes(SHIPPED / "codes.yaml")
    everything = [code for each in codes.lists.values() for code in each.values()]
    assert all(code.zh and code.en and code.source for code in everything)
    numbered = [each for name in (CHANNEL, BUSINESS, CAUSE) for each in codes.codes(name)]
    assert all("check" in code.source for code in numbered)
    assert set(codes.by_source) == set(Source)
    assert all(rule.source for rule in read_retention(SHIPPED / "retention.yaml").rules)


def test_a_code_is_found_with_all_above_it(tmp_path: Path) -> None:
    codes = book(tmp_path)
    assert [each.code for each in codes.path(CHANNEL, "A11")] == ["A1", "A11"]
    assert codes.top(CHANNEL, "A11") == "A1"
    assert codes.top(CHANNEL, "A7") == "A7"
    assert codes.name(CHANNEL, "A11", Language.ENGLISH) == "hall"
    assert codes.name(CHANNEL, "A11", Language.CHINESE) == "大堂"
    assert codes.name(CHANNEL, "A7", Language.CHINESE) == "A7"


def test_codes_in_a_circle_end() -> None:
    circle = CodeBook({BUSINESS: {"a": Code("a", "", "", "b"), "b": Code("b", "", "", "a")}})
    assert [each.code for each in circle.path(BUSINESS, "a")] == ["b", "a"]


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("parent: A1,", "parent: A9,", "there is no code 'A9'"),
        ("web: A11", "web: A99", "is no channel of this file"),
        ("zh: 储蓄, ", "", "needs `zh`"),
        ("required: [business]", "required: [busyness]", "must be one of"),
        ("standard: JR/T 0169-2018", "", "needs `standard`"),
        (", web: A11", "", "needs `web`"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, wrong: str, right: str, says: str) -> None:
    with pytest.raises(DocumentError, match=says):
        book(tmp_path, FILE.replace(wrong, right))


def test_the_channel_follows_from_the_source_until_somebody_says_it(tmp_path: Path) -> None:
    codes = book(tmp_path)
    assert channel_of(replace(draft(), source=Source.WEB), codes) == "A11"
    assert channel_of(replace(draft(), details={CHANNEL: "A7"}), codes) == "A7"
    assert channel_of(draft(TicketKind.ENQUIRY), codes) == ""


def test_who_writes_a_complaint_down_names_its_business(tmp_path: Path) -> None:
    terms = FormTerms(MONDAY, codes=book(tmp_path))
    with pytest.raises(Refused) as refused:
        decide.register(draft(), NUMBER, AGENT, MONDAY, terms)
    assert (refused.value.error_id, refused.value.details["field"]) == (
        "ticket.field_missing",
        BUSINESS,
    )
    named = replace(draft(), details={BUSINESS: "B1"})
    assert decide.register(named, NUMBER, AGENT, MONDAY, terms).case.draft == named


def test_nobody_is_asked_who_cannot_know(tmp_path: Path) -> None:
    terms = FormTerms(MONDAY, codes=book(tmp_path))
    for source in (Source.EMAIL, Source.WEB, Source.IVR, Source.VOICEMAIL):
        assert forms.checked_draft(replace(draft(), source=source), terms).details == {}
    assert forms.checked_draft(draft(TicketKind.SUGGESTION), terms).details == {}


def test_a_code_that_no_list_has_is_refused(tmp_path: Path) -> None:
    terms = FormTerms(MONDAY, codes=book(tmp_path))
    with pytest.raises(Refused, match=r"ticket\.field_code"):
        forms.checked_draft(replace(draft(), details={BUSINESS: "B9"}), terms)


def test_a_department_that_returns_a_result_names_the_cause(tmp_path: Path) -> None:
    book(tmp_path, FILE.replace("[business]", "[business, cause]"))
    assert HEAD.department_id is not None
    codes = read_codes(tmp_path / "codes.yaml")
    field = forms.ACT_FIELDS[CAUSE]
    assert forms.wanted(field, TicketKind.COMPLAINT, codes)
    assert not forms.wanted(field, TicketKind.ENQUIRY, codes)
