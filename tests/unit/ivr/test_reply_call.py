"""A customer who is called with the answer to their ticket, in the shipped flow."""

import pytest

from cti.call.model import Party
from cti.kernel.identifiers import CallId
from cti.kernel.ports import ReplyToTell
from ivr.events import FlowLeft, ServiceUsed
from prompts.announcer import LIMIT, WHOLE
from tests.support.fake_tickets import NUMBER
from tests.support.ivr_house import IvrHouse

CUSTOMER = "13800138000"
PROOF = NUMBER[-4:]


@pytest.fixture
def house() -> IvrHouse:
    house = IvrHouse()
    house.replies.reply = ReplyToTell(NUMBER, "complaint", "经核实，手续费已退回。" * 3)
    return house


def told(house: IvrHouse) -> list[str]:
    return [each for _, each in house.replies.told]


def play(house: IvrHouse, call_id: CallId) -> list[str]:
    """What is heard now, to its end."""
    heard = house.heard(call_id)
    house.calls.finish_play(call_id)
    return heard


def test_nothing_is_said_of_it_before_the_proof(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    assert play(house, call_id) == ["reply.hello"]
    house.calls.press(call_id, "1")
    assert play(house, call_id) == ["reply.ask_ending"]
    assert told(house) == []
    assert call_id in house.calls.masked
    house.calls.press(call_id, PROOF)
    assert play(house, call_id) == ["reply.about", *["reply.text"] * 3]
    assert play(house, call_id) == ["reply.menu_heard"]


def test_what_is_keyed_before_the_answer_was_heard_to_its_end_confirms_nothing(
    house: IvrHouse,
) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1" + PROOF + "1")
    for key in "1*#2":
        house.calls.press(call_id, key)
        assert house.heard(call_id) == ["reply.about", *["reply.text"] * 3]
    house.calls.finish_play(call_id)
    assert "heard" not in told(house)
    assert house.heard(call_id) == ["reply.menu_heard"]
    house.calls.press(call_id, "1")
    assert "heard" in told(house)


def test_the_answer_counts_once_it_is_confirmed_and_is_rated_then(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1" + PROOF)
    play(house, call_id)
    assert "heard" not in told(house)
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["reply.score"]
    house.calls.press(call_id, "7")
    house.calls.press(call_id, "4")
    assert house.heard(call_id) == ["reply.solved"]
    house.calls.press(call_id, "2")
    assert play(house, call_id) == ["reply.unsolved_thanks"]
    assert told(house) == ["asked", "heard", "rated 4", "unsolved"]
    assert house.calls.get(call_id) is None
    assert [each.service for each in house.events if isinstance(each, ServiceUsed)] == [
        "reply_call"
    ]


def test_it_can_be_heard_again_from_its_beginning(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1" + PROOF)
    first = play(house, call_id)
    house.calls.press(call_id, "2")
    assert play(house, call_id) == first
    house.replies.reply = ReplyToTell(NUMBER, "complaint", "这是一个很长的答复。" * 60)
    house.calls.press(call_id, "2")
    parts = 0
    play(house, call_id)
    while house.heard(call_id) == ["reply.menu_more"]:
        parts += 1
        house.calls.press(call_id, "1")
        play(house, call_id)
    assert parts == 2


@pytest.mark.parametrize("unspeakable", ["现在答复您", "手续费", "第三句"])
def test_an_answer_of_which_a_sentence_cannot_be_said_is_not_confirmed(
    house: IvrHouse, unspeakable: str
) -> None:
    house.replies.reply = ReplyToTell(NUMBER, "complaint", "手续费已退回。第二句。第三句。")
    house.announcer.unspeakable = unspeakable
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1" + PROOF)
    assert house.heard(call_id) == ["reply.later"], "nothing of it is said in part"
    for key in "1234567890*#":
        house.calls.press(call_id, key)
    house.calls.finish_play(call_id)
    assert house.calls.get(call_id) is None
    assert told(house) == ["asked", "unspoken"]
    assert not house.announcer.lent


def test_the_last_part_of_a_long_answer_must_be_said_too(house: IvrHouse) -> None:
    house.replies.reply = ReplyToTell(NUMBER, "complaint", "这是一个很长的答复。" * 40 + "最后。")
    house.announcer.unspeakable = "最后"
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1" + PROOF)
    play(house, call_id)
    assert house.heard(call_id) == ["reply.menu_more"]
    house.calls.press(call_id, "1")
    assert house.heard(call_id) == ["reply.later"]
    assert told(house) == ["asked", "unspoken"]


def test_where_nothing_can_be_made_sound_the_answer_is_not_confirmed(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "1")
    house.announcer.broken = True
    house.calls.press(call_id, PROOF + "1")
    assert told(house) == ["asked", "unspoken"]
    assert house.calls.get(call_id) is None


def test_the_sound_of_an_answer_is_waited_for_longer_than_that_of_a_question(
    house: IvrHouse,
) -> None:
    call_id = house.call_out(CUSTOMER)
    assert house.announcer.limits.pop() == LIMIT
    house.announcer.held = []
    house.calls.press(call_id, "1" + PROOF)
    assert house.announcer.limits.pop() == WHOLE
    house.calls.press(call_id, "1")
    assert told(house) == ["asked"], "keyed while it is made sound"
    house.announcer.held.pop()()
    assert play(house, call_id) == ["reply.about", *["reply.text"] * 3]


def test_two_wrong_proofs_end_it(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "10000")
    assert house.heard(call_id) == ["reply.wrong", "reply.ask_ending"]
    house.calls.press(call_id, "0000")
    assert play(house, call_id) == ["reply.failed"]
    assert told(house) == []
    assert house.calls.get(call_id) is None


def test_somebody_else_hears_nothing_of_it(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.press(call_id, "2")
    assert play(house, call_id) == ["reply.elsewhere"]
    assert told(house) == ["elsewhere"]


def test_a_mailbox_hears_nothing_of_it(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    for _ in range(2):
        play(house, call_id)
        house.clock.advance(6)
    assert play(house, call_id) == ["reply.nobody"]
    assert told(house) == []
    (left,) = house.of(FlowLeft)
    assert isinstance(left, FlowLeft)
    assert left.outcome == "ended"


def test_a_customer_who_hangs_up_has_hung_up(house: IvrHouse) -> None:
    call_id = house.call_out(CUSTOMER)
    house.calls.clear(call_id, Party.CALLED)
    (left,) = house.of(FlowLeft)
    assert isinstance(left, FlowLeft)
    assert left.outcome == "hung_up"
