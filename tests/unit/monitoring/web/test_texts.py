"""Every key that pages and scripts make up from values has its words, in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import monitoring.web
from agents.events import AgentState, CallBackOutcome, GivenTo, OfferOutcome, Supervising
from cti.call.events import CallEvent
from cti.call.model import Cause, Direction, Party
from cti.kernel.events import type_of_kind
from cti.kernel.loans import LoanPurpose, LoanResult
from cti.kernel.vocabulary import Language, ServiceLevel, Verification
from cti.web.texts import read
from ivr.events import SignInOutcome
from monitoring.cdr import Outcome
from monitoring.web.presentation import LINE_FIGURES
from tickets.model import TicketKind

WEB = Path(monitoring.web.__file__).parent
TEXTS = read(WEB / "locales")
DIVERSIONS = [
    "user-busy",
    "no-answer",
    "unavailable",
    "unconditional",
    "time-of-day",
    "do-not-disturb",
    "deflection",
    "follow-me",
    "out-of-service",
    "away",
]
"""The reasons of RFC 5806, 4, but for the one that says nothing."""


def made_up() -> Iterator[str]:
    for prefix, values in (
        ("calls.outcome", Outcome),
        ("calls.direction", Direction),
        ("calls.party", Party),
        ("calls.cause", Cause),
        ("calls.verification", Verification),
        ("calls.level", ServiceLevel),
        ("calls.language", Language),
        ("calls.offer", OfferOutcome),
        ("calls.called_back", CallBackOutcome),
        ("calls.sign_in", SignInOutcome),
        ("calls.loan", LoanPurpose),
        ("calls.loan_result", LoanResult),
        ("calls.given_to", GivenTo),
        ("calls.supervising", Supervising),
    ):
        yield from (f"{prefix}.{each.value}" for each in values)
    for cls in type_of_kind.values():
        if issubclass(cls, CallEvent) and not cls.__module__.startswith("tests"):
            yield f"calls.event.{cls.kind.replace('.', '_')}"
    for state in AgentState:
        if state is not AgentState.LOGGED_OFF:
            yield f"wall.state_{state.value}"
    yield from (f"wall.kind_{kind.value}" for kind in TicketKind)
    yield from (f"wall.sound_{state}" for state in ("on", "muted", "blocked"))
    yield from (f"wall.late_{unit}" for unit in ("minutes", "hours", "days"))
    yield from (f"calls.line.{name}" for name in LINE_FIGURES)
    kinds = ("queue", "voicemail", "number", "call_back", "goodbye")
    yield from (f"calls.flowed.{kind}" for kind in kinds)
    yield from ("calls.succeeded.True", "calls.succeeded.False", "calls.outcome.up")
    yield from (f"calls.diverted_why.{each}" for each in DIVERSIONS)
    yield from (f"calls.span.{each}" for each in ("alerting", "menu", "waiting", "talking", "hold"))


@pytest.mark.parametrize("key", sorted(set(made_up())))
def test_made_up_keys_have_words(key: str) -> None:
    assert key in TEXTS


def test_keys_written_in_templates_and_scripts_have_words() -> None:
    files = [*WEB.glob("templates/*.html"), *WEB.glob("static/*.js"), *WEB.glob("*.py")]
    pattern = re.compile(r"""["'`]((?:wall|calls|recordings?)\.[a-z_.]+)["'`]""")
    used = {key for file in files for key in pattern.findall(file.read_text("utf-8"))}
    used = {key for key in used if not key.endswith((".", "_", ".html", ".js", ".css"))}
    assert len(used) > 60
    assert used <= set(TEXTS)
