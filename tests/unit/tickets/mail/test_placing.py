"""Where letters belong: by what they answer, by whom they are, and never by a guess."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.letters import letter
from tickets.mail.identity import Sent
from tickets.mail.model import Automatic, Envelope, Failed, Letter, Report
from tickets.mail.parsing import read_letter
from tickets.mail.placing import Contact, Facts, Keep, Known, Late, Open, Returned, place
from tickets.mail.settings import MailSettings
from tickets.model import ENDED, OPEN_STATES, CaseState
from tickets.numbers import ticket_number

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
SETTINGS = MailSettings()
WANG, STRANGER = "wang@example.com", "stranger@example.net"
NUMBER, OTHER = (ticket_number(date(2026, 11, 20), serial) for serial in (1, 2))
SENT = Sent(NUMBER, "7")


def known(state: CaseState = CaseState.IN_PROGRESS, days: float = 1.0) -> Known:
    ended = NOW - timedelta(days=days) if state in ENDED else None
    return Known(NUMBER, state, ended, frozenset({WANG}))


def facts(case: Known | None = None, **more: int) -> Facts:
    case = case or known()
    return Facts({case.number: case}, recent=more.get("recent", 0), opened=more.get("opened", 0))


def from_(sender: str = WANG, automatic: Automatic | None = None, **more: object) -> Letter:
    made = read_letter(letter(**{"from": sender}), Envelope(None))
    return Letter(
        **{name: getattr(made, name) for name in made.__slots__} | {"automatic": automatic} | more
    )


STATES = st.sampled_from([each for each in CaseState if each is not CaseState.DRAFT])
SENDERS = st.sampled_from([WANG, STRANGER])
LETTERS = st.builds(from_, SENDERS, st.none() | st.sampled_from(Automatic))
NAMED = st.sampled_from([(), (NUMBER,), (OTHER,), (OTHER, NUMBER)])
FACTS = st.builds(
    lambda state, days, recent, opened: Facts(
        {NUMBER: known(state, days)}, recent, opened, OTHER if opened else None
    ),
    STATES,
    st.floats(0, 100),
    st.integers(0, 50),
    st.integers(0, 50),
)


@given(LETTERS, NAMED, FACTS)
def test_nobody_joins_a_ticket_by_its_number_alone(
    found: Letter, named: tuple[object, ...], known_facts: Facts
) -> None:
    placement = place(found, None, named, known_facts, SETTINGS, NOW)  # type: ignore[arg-type]
    joined = isinstance(placement, Contact | Late) or placement == Keep(NUMBER)
    assert not (joined and found.sender == STRANGER)
    if joined:
        assert NUMBER in named


@given(LETTERS, st.none() | st.just(SENT), NAMED, FACTS)
def test_a_machine_moves_nothing_and_is_not_answered(
    found: Letter, sent: Sent | None, named: tuple[object, ...], known_facts: Facts
) -> None:
    placement = place(found, sent, named, known_facts, SETTINGS, NOW)  # type: ignore[arg-type]
    if found.automatic is not None:
        assert not isinstance(placement, Contact | Late)
        assert not (isinstance(placement, Open) and placement.acknowledge)
        if found.automatic.mechanical or found.automatic is Automatic.BULK:
            assert isinstance(placement, Keep)
    else:
        # Whatever a person writes is seen by somebody.
        assert placement != Keep(None)


@given(SENDERS, FACTS)
def test_who_answers_our_letter_joins_its_ticket_while_it_may_be_reopened(
    sender: str, known_facts: Facts
) -> None:
    placement = place(from_(sender), SENT, (), known_facts, SETTINGS, NOW)
    case = known_facts.cases[NUMBER]
    if case.state in OPEN_STATES:
        assert placement == Contact(NUMBER)
    elif case.ended and NOW - case.ended <= SETTINGS.reopen_within:
        assert placement == Late(NUMBER)
    else:
        assert isinstance(placement, Open | Keep)
        if isinstance(placement, Open):
            assert NUMBER in placement.mentions


def test_a_number_from_a_stranger_opens_a_ticket_that_mentions_it() -> None:
    placement = place(from_(STRANGER), None, (NUMBER,), facts(), SETTINGS, NOW)
    assert placement == Open(acknowledge=True, mentions=(NUMBER,))


def test_where_senders_are_checked_nobody_speaks_for_another_by_their_address() -> None:
    """Anybody can write From and a number; what answers a letter of ours needs neither."""
    checked = MailSettings(checked_by="mx.bank.example")
    forged, proven = from_(), from_(proven=True)
    assert place(forged, None, (NUMBER,), facts(), checked, NOW) == Open(
        acknowledge=True, mentions=(NUMBER,)
    )
    assert place(proven, None, (NUMBER,), facts(), checked, NOW) == Contact(NUMBER)
    assert place(forged, SENT, (NUMBER,), facts(), checked, NOW) == Contact(NUMBER)


def test_what_is_answered_comes_before_what_is_named() -> None:
    both = Facts({NUMBER: known(), OTHER: Known(OTHER, CaseState.REGISTERED, None, frozenset())})
    placement = place(from_(), Sent(OTHER, "8"), (NUMBER,), both, SETTINGS, NOW)
    assert placement == Contact(OTHER)


def test_who_writes_all_the_time_gets_no_acknowledgement_and_then_no_ticket() -> None:
    few, many = SETTINGS.acknowledged.letters, SETTINGS.opening.letters
    often = Facts(recent=few, opened=few, latest=OTHER)
    assert place(from_(), None, (), often, SETTINGS, NOW) == Open(acknowledge=False)
    flood = Facts(recent=many, opened=many, latest=OTHER)
    assert place(from_(), None, (), flood, SETTINGS, NOW) == Keep(OTHER)
    # On a ticket of theirs they are heard all the same.
    busy = Facts({NUMBER: known()}, many, many, OTHER)
    assert place(from_(), None, (NUMBER,), busy, SETTINGS, NOW) == Contact(NUMBER)


def test_a_report_finds_the_letter_it_is_about() -> None:
    report = Report("x", (Failed(WANG, "5.1.1", "unknown", final=True),))
    found = from_(automatic=Automatic.BOUNCE, report=report)
    assert place(found, SENT, (), facts(), SETTINGS, NOW) == Returned(SENT, report)
    assert place(found, None, (), facts(), SETTINGS, NOW) == Keep(None)


def test_a_form_on_a_web_site_opens_a_ticket_without_an_answer() -> None:
    found = from_(automatic=Automatic.GENERATED)
    assert place(found, None, (), Facts(), SETTINGS, NOW) == Open(acknowledge=False)
