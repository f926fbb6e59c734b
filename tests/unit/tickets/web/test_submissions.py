"""A quarter that was submitted stays what it was: on the page, in files, behind every number."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from twisted.internet.defer import Deferred

from cti.kernel.errors import Refused
from tests.support.deferred import result_of
from tests.support.forms import forms_of
from tests.support.regulation import CODES, RegulationOffice
from tests.support.ticket_office import Seat
from tests.support.tickets import AGENT, PROTECTION, SUPERVISOR, draft
from tickets.model import CaseState
from tickets.regulation.codes import Code
from tickets.regulation.freezing import differences, version_of
from tickets.regulation.quarter import By, Count, Quarter
from tickets.workflow import Action

QUARTER = "2026Q4"
PAGE = f"/regulation/figures?quarter={QUARTER}&by=business"
SUBMIT = "/regulation/figures/submit"
CELLS = re.compile(r'<td class="number[^"]*">(?:<a[^>]*>)?(?:<span[^>]*>)?(\d+)')


@pytest.fixture
def office() -> RegulationOffice:
    """One complaint answered and one open, of a quarter that is over."""
    office = RegulationOffice()
    coded = replace(draft(), details={"business": "B03"})
    office.desk.solve(office.desk.register(coded).number)
    office.desk.register(coded)
    office.desk.advance(days=45)
    return office


def submit(seat: Seat, **typed: str) -> str:
    form = next(each for each in forms_of(seat.read(PAGE).text) if each.action == SUBMIT)
    answer = seat.browser.post(SUBMIT, form.fields | typed)
    assert answer.status in (303, 409), answer.text
    return answer.text


def figures(text: str) -> list[str]:
    return CELLS.findall(text)


def file(seat: Seat, page: str) -> list[list[str]]:
    form = next(each for each in forms_of(seat.read(page).text) if each.action.endswith("csv"))
    told = seat.browser.post("/regulation/figures.csv", form.fields)
    return list(csv.reader(io.StringIO(told.body.decode("utf-8-sig"))))


def the_open_one(office: RegulationOffice) -> str:
    behind = office.figures.behind(Quarter.parse(QUARTER), By.BUSINESS, None, Count.OPEN)
    return result_of(behind).facts[0].number


def test_what_was_submitted_stays_what_it_was(office: RegulationOffice) -> None:
    seat = office.seat(PROTECTION)
    before = figures(seat.read(PAGE).text)
    submit(seat)
    page, told = seat.read(PAGE).text, file(seat, PAGE)
    assert "第1次报送" in page
    assert version_of(CODES) in "".join(told[1])
    assert figures(page) == before
    moved = the_open_one(office)
    office.desk.act(moved, Action.AMEND, AGENT, {"business": "B04"})
    office.desk.solve(moved)
    office.desk.advance(days=30)
    renamed = {**CODES.lists["business"], "B03": Code("B03", "改名", "renamed")}
    codes = replace(CODES, lists={**CODES.lists, "business": renamed})
    office.desk.service.follower = replace(office.desk.service.follower, codes=codes)
    assert figures(seat.read(PAGE).text) == before
    assert file(seat, PAGE) == told
    assert figures(seat.read(f"{PAGE}&revision=now").text) != before
    behind = seat.read(
        f"/regulation/figures/tickets?quarter={QUARTER}&by=business&key=B03&count=open"
    )
    assert moved in behind.text


def test_what_moved_since_is_shown_with_its_tickets(office: RegulationOffice) -> None:
    seat, path = office.seat(PROTECTION), f"/regulation/figures/differences?quarter={QUARTER}"
    assert seat.browser.get(path).status == 404
    submit(seat)
    assert "报送后没有变化" in seat.read(path).text
    moved = the_open_one(office)
    office.desk.act(moved, Action.AMEND, AGENT, {"business": "B04"})
    office.desk.act(moved, Action.SOLVE, AGENT)
    page = seat.read(path).text
    assert page.count('<td class="when">') == 1
    assert moved in page
    assert "B03 信用卡" in page
    assert "B04 贷款" in page


def test_it_is_submitted_again_with_a_reason_and_a_number(office: RegulationOffice) -> None:
    seat = office.seat(PROTECTION)
    late = next(each for each in forms_of(seat.read(PAGE).text) if each.action == SUBMIT)
    submit(seat)
    assert "刚被他人报送" in seat.browser.post(SUBMIT, late.fields).text
    office.desk.act(the_open_one(office), Action.AMEND, AGENT, {"business": "B04"})
    assert "第1次报送" in submit(seat, note=" ")
    submit(seat, note="补录业务类别")
    page = seat.read(PAGE).text
    assert "补录业务类别" in page
    revisions = result_of(office.figures.submissions.revisions(Quarter.parse(QUARTER)))
    assert [each.revision for each in revisions] == [2, 1]
    first, second = (
        result_of(office.figures.table(each.quarter, By.BUSINESS, each)) for each in revisions[::-1]
    )
    assert [row.key for row in first.rows] == ["B03"]
    assert {row.key for row in second.rows} == {"B03", "B04"}
    assert seat.browser.get(f"{PAGE}&revision=3").status == 404


def test_it_is_submitted_as_of_when_it_was_frozen(
    office: RegulationOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is quicker: what they did stands in the figures, and is no later than these."""
    moved, run = the_open_one(office), office.desk.database.run

    def after_another(txn: Callable[..., object], *given: object) -> Deferred[object]:
        monkeypatch.undo()
        office.desk.advance(minutes=1)
        office.desk.solve(moved)
        return run(txn, *given)

    monkeypatch.setattr(office.desk.database, "run", after_another)
    quarter, submissions = Quarter.parse(QUARTER), office.figures.submissions
    submission = result_of(submissions.submit(quarter, 0, PROTECTION, ""))
    facts = result_of(submissions.of(submission, list))
    assert {each.state for each in facts} == {CaseState.CLOSED}
    assert max(each.changed for each in facts) <= submission.at
    assert result_of(submissions.revisions(quarter)) == (submission,)
    assert result_of(submissions.differences(submission)) == ()


def test_only_consumer_protection_submits_and_only_what_is_over(office: RegulationOffice) -> None:
    supervisor = office.seat(SUPERVISOR)
    assert SUBMIT not in supervisor.read(PAGE).text
    assert supervisor.browser.post(SUBMIT, {"quarter": QUARTER, "base": "0"}).status == 403
    present = office.figures.quarter()
    page = office.seat(PROTECTION).read(f"/regulation/figures?quarter={present}").text
    assert SUBMIT not in page
    with pytest.raises(Refused, match="not_over"):
        office.figures.submissions.submit(present, 0, PROTECTION, "")


def test_a_ticket_that_came_or_went_is_a_difference_too(office: RegulationOffice) -> None:
    quarter = Quarter.parse(QUARTER)
    submission = result_of(office.figures.submissions.submit(quarter, 0, PROTECTION, ""))
    frozen = result_of(office.figures.submissions.of(submission, tuple))
    assert not list(differences(submission, frozen, frozen, submission.at))
    gone = list(differences(submission, frozen, frozen[1:], submission.at))
    assert [(each.number, each.now, each.joined) for each in gone] == [(frozen[0].number, None, ())]
    come = list(differences(submission, frozen[1:], frozen, submission.at))
    assert [(each.known, each.left) for each in come] == [(False, ())]
    assert Count.RECEIVED in come[0].joined
    later = submission.at + timedelta(days=400)
    assert all(Count.LATE in each.joined for each in differences(submission, frozen, frozen, later))
