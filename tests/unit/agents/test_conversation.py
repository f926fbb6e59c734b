from datetime import UTC, datetime, timedelta

from agents.conversation import Conversation
from cti.kernel.identifiers import CallId, ConnectionId, QueueId

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def conversation() -> Conversation:
    return Conversation(CallId("c"), QueueId("q"), ConnectionId("l"), START)


def test_talking_excludes_holding() -> None:
    talk = conversation().hold(after(10)).retrieve(after(25)).hold(after(30)).retrieve(after(31))
    assert talk.talked(after(40)) == 24
    assert talk.held(after(40)) == 16


def test_a_call_that_ends_on_hold_counts_the_hold() -> None:
    talk = conversation().hold(after(10)).end(after(40))
    assert (talk.talked(after(100)), talk.held(after(100))) == (10, 30)


def test_a_second_hold_without_retrieve_changes_nothing() -> None:
    talk = conversation().hold(after(10)).hold(after(20)).end(after(40))
    assert (talk.talked(after(40)), talk.held(after(40))) == (10, 30)
