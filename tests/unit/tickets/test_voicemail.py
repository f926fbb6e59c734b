"""A caller's message as a ticket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cti.kernel.identifiers import CallId, CustomerId, QueueId
from cti.kernel.ports import SpokenMessage
from cti.kernel.vocabulary import Language
from tests.support.deferred import result_of
from tests.support.tickets import TicketDesk
from tickets.events import TicketRegistered
from tickets.voicemail import draft_of, request_of

MESSAGE = SpokenMessage(
    CallId("call-1"),
    datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
    12.6,
    "+8613700137000",
    Language.CHINESE,
    QueueId("general"),
    CustomerId("c1"),
    "王建国",
)


def test_asked_for_twice_it_is_one_ticket() -> None:
    desk = TicketDesk()
    number = result_of(desk.service.take_message(MESSAGE))
    assert result_of(desk.service.take_message(MESSAGE)) == number
    draft = desk.view(number).case.draft
    assert (draft.title, draft.call_id) == ("语音留言 +8613700137000", "call-1")
    assert (draft.requester.name, draft.requester.customer_id) == ("王建国", "c1")
    assert "13秒" in draft.text
    assert "general" in draft.text
    assert len([each for each in desk.events if isinstance(each, TicketRegistered)]) == 1


def test_another_message_of_the_call_is_another_ticket() -> None:
    desk = TicketDesk()
    later = replace(MESSAGE, begun=MESSAGE.begun + timedelta(minutes=1))
    numbers = {result_of(desk.service.take_message(each)) for each in (MESSAGE, later)}
    assert len(numbers) == 2
    assert len(request_of(MESSAGE)) <= 64


@pytest.mark.parametrize("language", Language)
def test_who_withheld_name_and_number_is_called_so(language: Language) -> None:
    unknown = replace(MESSAGE, calling="", name="", customer_id=None, queue_id=None)
    draft = draft_of(replace(unknown, language=language))
    assert draft.requester.contact
    assert draft.requester.name == draft.requester.contact
