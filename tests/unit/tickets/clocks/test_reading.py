"""The policy file: what is shipped, and every mistake by its line and key."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.ticket_settings import POLICY as SHIPPED
from cti.kernel.document import DocumentError
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Role, ServiceLevel
from tickets.clocks.limit import Limit, duration, written
from tickets.clocks.policy import Policy
from tickets.clocks.reading import read_policy
from tickets.model import TicketKind, Urgency
from tickets.workflow import ClockKind

TEXT = SHIPPED.read_text(encoding="utf-8")
HOUR = timedelta(hours=1)


def changed(tmp_path: Path, old: str, new: str) -> Policy:
    """The shipped policy with one passage changed."""
    assert TEXT.count(old) >= 1, old
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return read_policy(path)


def test_the_shipped_policy_says_what_the_law_and_the_bank_say() -> None:
    policy = read_policy(SHIPPED)
    assert policy.periods == (15, 30, 60)
    assert policy.statutory_kinds == {TicketKind.COMPLAINT}
    assert [policy.next_period(days) for days in (15, 30, 60)] == [30, 60, None]
    assert policy.shares[ServiceLevel.PRIORITY] == 0.75
    assert policy.refusal_window == Limit(working_days=2)
    result = policy.clocks[ClockKind.RESULT]
    assert result.limits[TicketKind.COMPLAINT, Urgency.URGENT] == Limit(8 * HOUR)
    assert result.departmental
    assert result.ladder.rungs[0] == (4 * HOUR, Role.HEAD)
    assert [role for _, role in result.ladder.rungs[1:]] == [
        Role.SUPERVISOR,
        Role.PROTECTION,
        Role.EXECUTIVE,
    ]
    assert policy.clocks[ClockKind.APPOINTMENT].ladder.leads == (2 * HOUR,)


def test_every_number_names_its_source() -> None:
    policy = read_policy(SHIPPED)
    assert all(policy.sources.values())
    assert all(clock.source for clock in policy.clocks.values())
    assert "CBIRC" in policy.sources["statutory"]


def test_the_version_is_that_of_the_content(tmp_path: Path) -> None:
    policy = read_policy(SHIPPED)
    assert len(policy.version) == 12
    assert changed(tmp_path, "30min", "30min").version == policy.version
    assert changed(tmp_path, "30min", "20min").version != policy.version


def test_one_limit_may_stand_for_all(tmp_path: Path) -> None:
    policy = changed(tmp_path, "    limits: 8h\n", "    limits: 2 working-days\n")
    limits = policy.clocks[ClockKind.SUPERVISION].limits
    assert set(limits.values()) == {Limit(working_days=2)}
    assert len(limits) == len(TicketKind) * len(Urgency)


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("special: 50%", "special: 0.5", "levels.special", "write it as 75%"),
        ("special: 50%", "special: 150%", "levels.special", "write it as 75%"),
        ("special: 50%", "vip: 50%", "levels", "needs `special`"),
        ("special: 50%", "specal: 50%", "levels.specal", "did you mean `special`"),
        ("[15, 30, 60]", "[15, 60, 30]", "statutory.days", "must grow"),
        ("[15, 30, 60]", "[0, 30]", "statutory.days[0]", "from 1 to"),
        ("{time: 8h, ", "{time: 8 hours, ", "reserve.time", "is no time"),
        ("limit: 2 working-days", "limit: 2 calendar-days", "refusal_window.limit", "statutory"),
        ("{days: 30, source: 本行规定 (the bank's own)}", "{days: 30}", "reopen", "needs `source`"),
        ("enquiry: 10%", "enquiry: often", "call_backs.enquiry", "write it as 75%"),
        ("appraisal: [result]", "appraisal: [decison]", "grounds.appraisal[0]", "must be one of"),
        ("hours: department", "hours: office", "clocks.accept.hours", "hotline, department"),
        ("handler: dispatcher", "handler: boss", "clocks.dispatch.handler", "must be one of"),
        ("warn: [75%]", "warn: [75]", "clocks.dispatch.warn[0]", "write it as 75%"),
        ("{supervisor: 1h}", "{boss: 1h}", "clocks.dispatch.escalate.boss", "is no role"),
        (
            "{head: 1h, supervisor: 4h}",
            "{head: 4h, supervisor: 1h}",
            "clocks.accept.escalate.supervisor",
            "after the step before",
        ),
        (
            "complaint: {ordinary: 2h, important: 1h, urgent: 30min}",
            "complaint: {ordinary: 2h, urgent: 30min}",
            "clocks.dispatch.limits.complaint",
            "needs `important`",
        ),
        (
            "complaint: {ordinary: 2h, important: 1h, urgent: 30min}",
            "complaint: statutory",
            "clocks.dispatch.limits.complaint",
            "is no time",
        ),
        ("  supervision:  ", "  supervison:  ", "clocks", "needs `supervision`"),
        ("\nreserve:", "\nreserves:", "reserves", "did you mean `reserve`"),
    ],
)
def test_mistakes_name_line_and_key(
    tmp_path: Path, old: str, new: str, key: str, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        changed(tmp_path, old, new)
    found = [error for error in caught.value.errors if error.key == key]
    assert any(message in error.message for error in found), caught.value
    assert all(error.line for error in found)
    assert caught.value.file.endswith("policy.yaml")


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("8h", Limit(8 * HOUR)),
        ("1h 30min", Limit(1.5 * HOUR)),
        ("90s", Limit(timedelta(seconds=90))),
        ("3 working-days", Limit(working_days=3)),
        ("1 working-day", Limit(working_days=1)),
        ("15 calendar-days", Limit(calendar_days=15)),
    ],
)
def test_limits_are_read(text: str, limit: Limit) -> None:
    assert Limit.parse(text) == limit


@pytest.mark.parametrize(
    "text", ["", "8", "8 h", "-1h", "1h 1h", "2 days", "0 working-days", "h", "1.5h"]
)
def test_what_is_no_limit_is_told_how_to_be_written(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 8h"):
        Limit.parse(text)


@given(st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)))
def test_times_are_written_as_they_are_read(time: timedelta) -> None:
    assert duration(written(time)) == time
    assert Limit.parse(str(Limit(time))) == Limit(time)


def test_a_share_of_days_is_rounded_up_and_the_laws_are_left_alone() -> None:
    assert Limit(8 * HOUR).scaled(0.75) == Limit(6 * HOUR)
    assert str(Limit(working_days=3).scaled(0.5)) == "2 working-days"
    assert str(Limit(calendar_days=15).scaled(0.5)) == "15 calendar-days"


# --- call-backs -------------------------------------------------------------------------------


def test_who_is_called_back_follows_from_the_number() -> None:
    policy = read_policy(SHIPPED)
    numbers = [TicketNumber(f"20261122{serial:05}") for serial in range(4000)]
    assert all(policy.wants_call_back(TicketKind.COMPLAINT, each) for each in numbers)
    share = sum(policy.wants_call_back(TicketKind.SUGGESTION, each) for each in numbers) / 4000
    assert 0.17 < share < 0.23
    again = read_policy(SHIPPED)
    assert [policy.wants_call_back(TicketKind.ENQUIRY, each) for each in numbers] == [
        again.wants_call_back(TicketKind.ENQUIRY, each) for each in numbers
    ]
