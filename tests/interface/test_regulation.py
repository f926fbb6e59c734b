"""What acts leave behind for a regulator, in SQLite and PostgreSQL: one suite."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, succeed

from cti.database import T
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CustomerId, TicketNumber
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    FILLED,
    HEAD,
    LENDING,
    OFFICER,
    OTHER_AGENT,
    PROTECTION,
    SHANGHAI,
    SUPERVISOR,
    TicketDesk,
    draft,
)
from tickets.attachments.model import Attachment
from tickets.attachments.schema import AttachmentRow
from tickets.catalogue.model import Line
from tickets.catalogue.proposing import Proposing
from tickets.catalogue.service import CatalogueService
from tickets.mail.model import Body, Letter
from tickets.mail.repository import keep_txn
from tickets.mail.schema import MailActRow, MailFileRow, MailRow
from tickets.mail.unfiled import (
    Claim,
    Deed,
    Why,
    discard_txn,
    file_txn,
    keep_unfiled_txn,
    letter_txn,
    restore_txn,
)
from tickets.model import SYSTEM, CaseState, Draft, TicketKind
from tickets.regulation import erasing
from tickets.regulation.catching_up import catch_up_txn
from tickets.regulation.facts import Fact
from tickets.regulation.fault import Party, shared_out
from tickets.regulation.following import GROUP_FOUND
from tickets.regulation.quarter import By, Count, answers
from tickets.regulation.repeats import RepeatRules
from tickets.regulation.retention import Retention, Rule
from tickets.regulation.schema import FactRow, GroupRow, HoldRow, KeyRow
from tickets.regulation.service import RegulationService
from tickets.replay import lives
from tickets.schema import CaseRow, HistoryRow
from tickets.workflow import Action

KEPT = Retention((Rule("all", 3, "the bank's own"),), letters=Rule("letters", 3, "the bank's own"))
YEAR = 366


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TicketDesk]:
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    else:
        url = f"sqlite:///{tmp_path}/tickets.db"
    desk = TicketDesk(DirectDatabase(url))
    yield desk
    desk.database.stop()


def run(desk: TicketDesk, transaction: Callable[..., T], *args: Any) -> T:
    return result_of(desk.database.run(transaction, *args))


def regulation(
    desk: TicketDesk, *, delete: bool = True, forgotten: list[str] | None = None
) -> RegulationService:
    def forget(digest: str) -> Deferred[bool]:
        if forgotten is not None:
            forgotten.append(digest)
        return succeed(True)

    follower = desk.service.follower
    return RegulationService(desk.database, desk.clock, follower, KEPT, forget, delete=delete)


def fact(desk: TicketDesk, number: str) -> Fact:
    found = result_of(regulation(desk).fact(number))
    assert found is not None
    return found


def about(customer: str = "C1", **details: str) -> Draft:
    what = draft()
    who = replace(what.requester, customer_id=CustomerId(customer), contact=f"1380000{customer}")
    return replace(what, details=details, requester=who)


def rows(desk: TicketDesk, table: Any) -> int:
    return run(desk, lambda session: len(session.scalars(select(table)).all()))


def test_a_fact_follows_every_act_and_agrees_with_the_history(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03")).number
    desk.advance(hours=1)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=2)
    desk.act(number, Action.ACCEPT, OFFICER, {"dispatch": "1"})
    desk.advance(hours=3)
    result = {**FILLED, "dispatch": "1", "cause": "C01"}
    desk.act(number, Action.RETURN, HEAD, result)
    desk.advance(hours=4)
    desk.act(number, Action.APPROVE, DISPATCHER, {"dispatch": "1"})
    desk.act(number, Action.REPLY, AGENT)
    found, view = fact(desk, number), desk.view(number)
    assert (found.business, found.cause, found.days) == ("B03", "C01", 0)
    assert found.told is not None
    assert not found.missed
    assert found.shares.time(Party.HOTLINE) == timedelta(hours=5)
    assert found.shares.time(Party.DEPARTMENT) == timedelta(hours=5)
    assert found.shares == shared_out(lives(view.case.number, view.history), found.changed)


def test_older_tickets_get_the_same_facts_from_their_histories(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03", branch="营业部")).number
    desk.advance(hours=1)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.advance(hours=2)
    desk.act(number, Action.NOTE, AGENT)
    before = fact(desk, number)

    def forget(session: Any) -> None:
        for table in (FactRow, KeyRow):
            for row in session.scalars(select(table)):
                session.delete(row)

    run(desk, forget)
    assert run(desk, catch_up_txn, desk.service.follower) == 1
    assert run(desk, catch_up_txn, desk.service.follower) == 0
    assert fact(desk, number) == before
    assert rows(desk, KeyRow) == 3


def test_a_repeat_is_known_at_once_and_only_of_the_same_matter(desk: TicketDesk) -> None:
    first = desk.register(about(business="B03")).number
    desk.advance(days=2)
    second = desk.register(about(business="B03")).number
    other = desk.register(about(business="B04")).number
    stranger = desk.register(about("C2", business="B03")).number
    assert fact(desk, first).repeats is None
    assert fact(desk, second).repeats == first
    assert fact(desk, other).repeats is None
    assert fact(desk, stranger).repeats is None
    hints = result_of(regulation(desk).repeats(about(business="B03"), TicketNumber(second)))
    assert [(each.number, each.same_matter, each.open) for each in hints] == [
        (first, True, True),
        (other, False, True),
    ]


def test_a_voided_ticket_is_repeated_by_nobody(desk: TicketDesk) -> None:
    first = desk.register(about(business="B03")).number
    desk.act(first, Action.ASK_VOID, AGENT)
    desk.act(first, Action.CONFIRM_VOID, SUPERVISOR)
    assert fact(desk, desk.register(about(business="B03")).number).repeats is None


def test_many_customers_at_one_branch_are_a_group_and_told_of_once(desk: TicketDesk) -> None:
    def told(who: Any) -> int:
        return sum(each.subject == GROUP_FOUND for each in result_of(desk.service.messages(who)))

    desk.service.follower = replace(desk.service.follower, rules=RepeatRules(crowd=4))
    for customer in range(3):
        desk.register(about(f"G{customer}", branch="营业部", product="金卡"))
    desk.register(about("G0", branch="营业部", product="金卡"))
    desk.register(about("G77", branch="城西支行", product="金卡"))
    assert (told(SUPERVISOR), rows(desk, GroupRow)) == (0, 0)
    desk.register(about("G3", branch="营业部", product="金卡"))
    assert (told(SUPERVISOR), told(PROTECTION), rows(desk, GroupRow)) == (1, 1, 1)
    desk.advance(days=1)
    for customer in range(4, 10):
        desk.register(about(f"G{customer}", branch="营业部", product="金卡"))
    assert (told(SUPERVISOR), rows(desk, GroupRow)) == (1, 1)


def test_what_was_voided_is_of_no_group(desk: TicketDesk) -> None:
    desk.service.follower = replace(desk.service.follower, rules=RepeatRules(crowd=3))
    numbers = [
        desk.register(about(f"G{each}", branch="营业部", product="金卡")).number for each in (1, 2)
    ]
    desk.act(numbers[0], Action.ASK_VOID, AGENT)
    desk.act(numbers[0], Action.CONFIRM_VOID, SUPERVISOR)
    desk.register(about("G3", branch="营业部", product="金卡"))
    assert rows(desk, GroupRow) == 0
    desk.register(about("G4", branch="营业部", product="金卡"))
    assert rows(desk, GroupRow) == 1


def test_a_cause_found_later_counts_too(desk: TicketDesk) -> None:
    number = desk.register(about(branch="营业部")).number
    keys = rows(desk, KeyRow)
    desk.act(number, Action.DISPATCH, DISPATCHER)
    desk.act(number, Action.ACCEPT, OFFICER, {"dispatch": "1"})
    desk.act(number, Action.RETURN, HEAD, {**FILLED, "dispatch": "1", "cause": "C01"})
    assert rows(desk, KeyRow) == keys + 1


def test_the_quarter_counts_what_was_received_in_it(desk: TicketDesk) -> None:
    service = regulation(desk)
    first = desk.register(about(business="B03")).number
    desk.register(draft(TicketKind.ENQUIRY))
    desk.solve(first)
    quarter = service.quarter()
    table = result_of(service.table(quarter, By.BUSINESS))
    assert table.total.counts[Count.RECEIVED] == 1
    behind = result_of(service.behind(quarter, By.BUSINESS, "B03", Count.IN_TIME))
    assert [each.number for each in behind.facts] == [first]
    desk.advance(days=100)
    desk.register(about("C9"))
    assert result_of(service.table(quarter, By.BUSINESS)) == table
    assert result_of(service.table(quarter.after, By.BUSINESS)).total.counts[Count.RECEIVED] == 1


def columns(desk: TicketDesk, number: str) -> frozenset[Count]:
    return answers(fact(desk, number), utc(desk.clock))


def with_result(desk: TicketDesk) -> TicketNumber:
    number = desk.register(about(business="B03")).number
    for action, by in (
        (Action.DISPATCH, DISPATCHER),
        (Action.ACCEPT, OFFICER),
        (Action.RETURN, HEAD),
        (Action.APPROVE, DISPATCHER),
    ):
        desk.act(number, action, by, {**FILLED, "cause": "C01"})
    return number


def test_nobody_is_late_while_somebody_outside_appraises(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03")).number
    desk.advance(days=5)
    desk.act(number, Action.APPRAISE, SUPERVISOR)
    desk.advance(days=40)
    assert Count.PENDING in columns(desk, number)
    desk.act(number, Action.END_APPRAISAL, SUPERVISOR)
    assert Count.PENDING in columns(desk, number)
    desk.advance(days=11)
    assert Count.LATE in columns(desk, number)


def test_what_ended_too_late_was_never_told(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03")).number
    desk.advance(days=20)
    desk.act(number, Action.WITHDRAW, AGENT)
    found = fact(desk, number)
    assert (found.told, found.days, found.missed) == (None, None, True)
    assert {Count.LATE, Count.UNTOLD} < columns(desk, number)


def test_what_was_merged_too_late_is_late_where_the_matter_goes_on(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03")).number
    desk.advance(days=20)
    into = desk.register(about(business="B03")).number
    desk.act(number, Action.MERGE, DISPATCHER, {"into": into, "reason": "重复"})
    merged = fact(desk, number)
    assert (merged.told, merged.days, merged.missed) == (None, None, False)
    assert Count.LATE not in columns(desk, number)
    assert Count.LATE in columns(desk, into)


def test_an_answer_that_came_back_was_not_told_on_its_day(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.advance(days=5)
    desk.act(number, Action.REPLY, AGENT)
    assert Count.WITHIN_15 in columns(desk, number)
    desk.act(number, Action.UNDELIVERED, SYSTEM)
    assert Count.UNTOLD in columns(desk, number)
    desk.advance(days=12)
    desk.act(number, Action.REPLY, AGENT)
    assert (fact(desk, number).days, fact(desk, number).missed) == (17, True)
    assert {Count.LATE, Count.WITHIN_30} < columns(desk, number)


def test_the_first_answer_counts_however_often_it_is_opened_again(desk: TicketDesk) -> None:
    number = with_result(desk)
    desk.advance(days=5)
    desk.act(number, Action.REPLY, AGENT)
    desk.advance(days=2)
    desk.act(number, Action.REOPEN, SUPERVISOR)
    assert {Count.PENDING, Count.WITHIN_15} < columns(desk, number)
    desk.advance(days=20)
    desk.act(number, Action.WITHDRAW, OTHER_AGENT)
    assert {Count.LATE, Count.WITHIN_15, Count.WITHDRAWN} < columns(desk, number)
    assert fact(desk, number).days == 5


def erase(service: RegulationService) -> int:
    return result_of(Deferred.fromCoroutine(service.erase()))


def ended(desk: TicketDesk, customer: str = "C1") -> TicketNumber:
    number = desk.register(about(customer, business="B03")).number
    desk.solve(number)
    return number


def test_nothing_is_deleted_without_the_setting_and_what_is_due_is_shown(desk: TicketDesk) -> None:
    number = ended(desk)
    desk.advance(days=4 * YEAR)
    service = regulation(desk, delete=False)
    assert erase(service) == 0
    due = result_of(Deferred.fromCoroutine(service.due()))
    assert [(each.fact.number, each.rule.name) for each in due] == [(number, "all")]


def test_everything_of_a_ticket_goes_but_its_number_and_its_fact(desk: TicketDesk) -> None:
    gone, stays, service = ended(desk), desk.register(about("C2")).number, regulation(desk)
    young_table = result_of(service.table(service.quarter(), By.BUSINESS))
    quarter = service.quarter()
    desk.advance(days=4 * YEAR)
    assert erase(service) == 1
    assert result_of(desk.service.view(gone)) is None
    assert desk.view(stays).case.number == stays
    for table in (CaseRow, HistoryRow):
        assert all(
            each.number == stays
            for each in run(desk, lambda session, of=table: list(session.scalars(select(of))))
        )
    after = fact(desk, gone)
    assert (after.erased, after.state, after.business) == (True, CaseState.CLOSED, "B03")
    again = result_of(service.table(quarter, By.BUSINESS))
    assert again.total.counts[Count.RECEIVED] == young_table.total.counts[Count.RECEIVED]
    assert again.total.counts[Count.RESOLVED] == 1
    (record,) = result_of(service.erasures())
    assert (record.number, record.rule, record.files) == (gone, "all", 0)
    assert record.rows > 5
    assert erase(service) == 0
    assert desk.register(about("C3")).number not in (gone, stays)


def test_a_hold_prevents_it_until_it_is_lifted(desk: TicketDesk) -> None:
    number, service = ended(desk), regulation(desk)
    with pytest.raises(Refused, match=r"access\.role_missing"):
        service.hold(number, AGENT, "因诉讼")
    with pytest.raises(Refused, match=r"ticket\.field_missing"):
        result_of(service.hold(number, PROTECTION, ""))
    with pytest.raises(Refused, match=r"ticket\.unknown"):
        result_of(service.hold("209901010001", PROTECTION, "因诉讼"))
    result_of(service.hold(number, PROTECTION, "因诉讼"))
    desk.advance(days=4 * YEAR)
    assert erase(service) == 0
    assert [each.reason for each in result_of(service.holds())] == ["因诉讼"]
    result_of(service.lift(number, SUPERVISOR))
    assert erase(service) == 1
    assert rows(desk, HoldRow) == 1


PDF = Attachment("0" * 64, "凭证.pdf", "application/pdf", 1024)


def letter(desk: TicketDesk, sender: str = "li@example.com", text: str = "广告") -> int:
    """A letter of no ticket, with a file."""
    token = desk.request_id()
    what = Letter(
        message_id=f"{token}@example.com",
        sender=sender,
        sender_name="李雷",
        recipients=("service@bank.example",),
        subject="来信",
        references=(),
        body=Body(text),
        fingerprint=token,
    )

    def keep(session: Session) -> int:
        mail_id = keep_txn(session, what, None, utc(desk.clock), opened=False)
        keep_unfiled_txn(session, mail_id, Why.NO_SENDER, [PDF])
        return mail_id

    return run(desk, keep)


def decide(desk: TicketDesk, deed: Callable[..., None], mail_id: int, *what: object) -> None:
    version = result_of(desk.database.read(letter_txn, mail_id)).version
    run(desk, deed, Claim(mail_id, version), *what, AGENT, utc(desk.clock))


def test_a_discarded_letter_goes_in_its_own_time_and_one_that_waits_stays(
    desk: TicketDesk,
) -> None:
    waits, gone, back = letter(desk), letter(desk), letter(desk)
    decide(desk, discard_txn, gone, "广告")
    decide(desk, discard_txn, back, "误判")
    decide(desk, restore_txn, back)
    desk.advance(days=2 * YEAR)
    late = letter(desk)
    decide(desk, discard_txn, late, "广告")
    forgotten: list[str] = []
    service = regulation(desk, forgotten=forgotten)
    desk.advance(days=YEAR)
    assert result_of(service.letters_due()) == 1
    assert erase(regulation(desk, delete=False)) == erase(service) == 0
    kept = run(desk, lambda session: set(session.scalars(select(MailRow.id))))
    assert kept == {waits, back, late}
    assert rows(desk, MailFileRow) == len(kept)
    assert forgotten == [], "another letter brought the same file"
    [record] = result_of(service.letter_erasures())
    assert (record.rule, record.letters, record.files) == ("letters", 1, 1)
    for mail_id in (waits, back):
        decide(desk, discard_txn, mail_id, "广告")
    desk.advance(days=4 * YEAR)
    erase(service)
    assert (rows(desk, MailRow), rows(desk, MailFileRow), rows(desk, MailActRow)) == (0, 0, 0)
    assert forgotten == [PDF.digest]


def test_a_discarded_letter_stays_while_its_writers_ticket_is_on_hold(desk: TicketDesk) -> None:
    written = replace(draft(), details={"email": "Li@example.com"})
    number = desk.register(written).number
    service = regulation(desk)
    result_of(service.hold(number, PROTECTION, "因诉讼"))
    phone = draft().requester.contact
    held = [letter(desk), letter(desk, "other@example.com", f"请回电{phone}。")]
    free = letter(desk, "spam@example.com")
    for mail_id in (*held, free):
        decide(desk, discard_txn, mail_id, "广告")
    desk.advance(days=4 * YEAR)
    erase(service)
    assert run(desk, lambda session: list(session.scalars(select(MailRow.id)))) == held
    result_of(service.lift(number, SUPERVISOR))
    erase(service)
    assert rows(desk, MailRow) == 0


def test_a_letter_that_was_filed_goes_with_its_ticket_and_no_sooner(desk: TicketDesk) -> None:
    number = desk.register(about(business="B03")).number
    filed, other = letter(desk), letter(desk)
    decide(desk, file_txn, filed, number, Deed.FILE)
    desk.solve(number)
    forgotten: list[str] = []
    service = regulation(desk, forgotten=forgotten)
    result_of(service.hold(number, PROTECTION, "因诉讼"))
    desk.advance(days=4 * YEAR)
    assert erase(service) == 0
    result_of(service.lift(number, SUPERVISOR))
    assert erase(service) == 1
    assert run(desk, lambda session: list(session.scalars(select(MailRow.id)))) == [other]
    assert rows(desk, AttachmentRow) == 0
    assert forgotten == [], "a letter that waits brought the same file"


def merged(desk: TicketDesk) -> tuple[TicketNumber, TicketNumber]:
    """A ticket, and the one in which its matter went on; both have ended."""
    first, second = (desk.register(about("C1")).number for _ in range(2))
    desk.act(first, Action.MERGE, DISPATCHER, {"into": second, "reason": "同一事项"})
    return first, second


@pytest.mark.parametrize("place", [0, 1])
def test_a_hold_keeps_what_was_merged_too(desk: TicketDesk, place: int) -> None:
    pair, service = merged(desk), regulation(desk)
    desk.solve(pair[1])
    result_of(service.hold(pair[place], PROTECTION, "因诉讼"))
    desk.advance(days=4 * YEAR)
    assert erase(service) == 0
    result_of(service.lift(pair[place], PROTECTION))
    assert erase(service) == 2


def test_what_was_merged_stays_as_long_as_the_ticket_in_which_it_went_on(desk: TicketDesk) -> None:
    first, second = merged(desk)
    service = regulation(desk)
    desk.advance(days=4 * YEAR)
    assert erase(service) == 0
    desk.solve(second)
    desk.advance(days=2 * YEAR)
    assert erase(service) == 0
    assert desk.view(second).merged[0].case.number == first
    desk.advance(days=2 * YEAR)
    assert erase(service) == 2


def test_many_are_deleted_a_few_at_a_time(
    desk: TicketDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "A_FEW", 3)
    numbers = [ended(desk, f"C{each}") for each in range(7)]
    desk.advance(days=4 * YEAR)
    assert erase(regulation(desk)) == len(numbers)


def test_orders_are_remembered_with_the_line_that_spoke(desk: TicketDesk) -> None:
    catalogue = CatalogueService(desk.database, desk.clock, SHANGHAI)
    first = Line(line_id="1", department_id=CARDS, business="B03")
    made = result_of(catalogue.change([first], 0, SUPERVISOR, "第一版"))
    assert made.version == catalogue.current.version == 1
    with pytest.raises(Refused, match=r"ticket\.catalogue\.stale"):
        result_of(catalogue.change([], 0, SUPERVISOR, ""))
    number = desk.register(about(business="B0301")).number
    desk.act(number, Action.DISPATCH, DISPATCHER)
    wrong = {**FILLED, "dispatch": "1", "proposed": LENDING}
    desk.act(number, Action.ASK_REFUSAL, HEAD, wrong)
    desk.act(number, Action.GRANT_REFUSAL, DISPATCHER, wrong)
    desk.act(number, Action.DISPATCH, DISPATCHER, {**FILLED, "department": LENDING})
    desk.advance(minutes=1)
    (fared,) = result_of(Deferred.fromCoroutine(catalogue.returns()))
    assert (fared.line_id, fared.sent, fared.followed, fared.asked, fared.wrong) == (
        "1",
        2,
        1,
        1,
        1,
    )
    assert fared.went_to == ((LENDING, 1),)
    again = CatalogueService(desk.database, desk.clock, SHANGHAI)
    assert result_of(again.load()) == made
    assert [each.note for each in result_of(again.versions())] == ["第一版"]
    elsewhere = result_of(again.change([], 1, SUPERVISOR, "第二版"))
    with pytest.raises(Refused, match=r"ticket\.catalogue\.stale"):
        result_of(catalogue.change([first], 1, SUPERVISOR, ""))
    assert catalogue.current == elsewhere


def test_nobody_proposes_the_unit_complained_about(desk: TicketDesk) -> None:
    catalogue = CatalogueService(desk.database, desk.clock, SHANGHAI)
    lines = [
        Line(line_id="1", department_id=CARDS, business="B03", assist=(LENDING,)),
        Line(line_id="2", department_id=LENDING, kind=TicketKind.COMPLAINT),
    ]
    result_of(catalogue.change(lines, 0, SUPERVISOR, ""))
    proposing, what = Proposing(catalogue), about(business="B03")
    assert [each.department_id for each in proposing.proposals(what)] == [CARDS, LENDING]
    hidden = replace(what, about_unit=CARDS)
    assert [(each.department_id, each.lead) for each in proposing.proposals(hidden)] == [
        (LENDING, False)
    ]
