"""People at telephones, between fake signalling and fake media."""

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from cti.kernel.identifiers import ConnectionId
from cti.keying import parse_keys
from cti.people import Answerer, Answering, Caller, Dialling, RegistrationError
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Endpoint,
    RegistrationFailed,
    RegistrationSucceeded,
    SessionAccepted,
    SessionEnded,
    SessionId,
    SessionProgressed,
)
from cti.telephone import PhoneState, Telephone
from tests.support.deferred import result_of
from tests.support.fake_media import FakeMedia
from tests.support.fake_signalling import FakeSignalling

SERVER = Endpoint("192.0.2.9", 5060)


class FakeLine(FakeSignalling):
    """Signalling of a telephone: it can register as well."""

    def __init__(self) -> None:
        super().__init__()
        self.registrations: list[tuple[str, str]] = []
        self.held: list[bool] = []

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        del registrar, user, expires
        self.registrations.append((address_of_record, secret))

    def reinvite(self, session: SessionId, offer: sdp.SessionDescription | None) -> None:
        del session
        assert offer is not None
        self.held.append(offer.media[0].direction is sdp.Direction.SENDONLY)


class Keys(FakeMedia):
    """Media that remembers the keys sent."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = ""

    def send_keys(self, leg: str, keys: str) -> None:
        del leg
        self.keys += keys


def caller(dialling: Dialling) -> tuple[Clock, FakeLine, Keys, Telephone, Caller, list[str]]:
    clock, line, media = Clock(), FakeLine(), Keys()
    said: list[str] = []
    someone = Caller(clock, said.append)
    telephone = Telephone(media, someone, "13800138000")
    telephone.signalling = line
    done = someone.call(telephone, SERVER, dialling)
    done.addCallback(lambda call: said.append(f"done {call.state.value}"))
    return clock, line, media, telephone, someone, said


def answered(line: FakeLine, telephone: Telephone) -> None:
    session, invitation = next(iter(line.invited.items()))
    assert invitation.offer is not None
    description = sdp.answer(invitation.offer, "192.0.2.9", 20000)
    telephone.report(SessionProgressed(session, 180, None))
    telephone.report(SessionAccepted(session, description))


def test_a_caller_keys_after_the_answer_stays_and_hangs_up() -> None:
    plan = Dialling("95588", parse_keys("1 w3 62#", 2.0), stay=10.0)
    clock, line, media, telephone, someone, said = caller(plan)
    clock.advance(30)
    assert media.keys == ""
    answered(line, telephone)
    clock.advance(2.0)
    assert media.keys == "1"
    clock.advance(4.9)
    assert media.keys == "1"
    clock.advance(0.1)
    assert media.keys == "162#"
    clock.advance(10.0)
    assert line.ended
    assert someone.answered
    assert said[-1] == "done ended"


def test_a_refused_caller_is_done_and_was_not_answered() -> None:
    _, line, _, telephone, someone, said = caller(Dialling("95588"))
    session = next(iter(line.invited))
    telephone.report(SessionEnded(session, Ended.REJECTED, 486))
    assert said[-2:] == ["refused with 486 Busy Here", "done ended"]
    assert not someone.answered
    assert telephone.calls == []


def test_a_caller_who_was_hung_up_on_keys_no_more() -> None:
    clock, line, media, telephone, _, said = caller(Dialling("95588", parse_keys("1 2", 1.0)))
    answered(line, telephone)
    telephone.report(SessionEnded(next(iter(line.invited)), Ended.REMOTE))
    clock.advance(60)
    assert media.keys == ""
    assert line.ended == {}
    assert said[-1] == "done ended"


def answerer(
    plan: Callable[[], Answering],
) -> tuple[Clock, FakeLine, FakeMedia, Telephone, Answerer]:
    clock, line, media = Clock(), FakeLine(), FakeMedia()
    someone = Answerer(clock, lambda _: None, plan)
    telephone = Telephone(media, someone, "1001")
    telephone.signalling = line
    return clock, line, media, telephone, someone


def test_somebody_answers_holds_and_hangs_up_when_it_is_time() -> None:
    plan = Answering(answer_after=2.0, talk_for=30.0, hold_after=5.0)
    clock, line, media, telephone, someone = answerer(lambda: plan)
    registered = someone.register(telephone, SERVER, "secret")
    telephone.report(RegistrationSucceeded("sip:1001@192.0.2.9", 120))
    assert result_of(registered) is None
    report = line.offered("13900000001", "1001")
    telephone.report(report)
    assert telephone.calls[0].state is PhoneState.RINGING
    clock.advance(2.0)
    assert report.session in line.accepted
    assert len(media.targets) == 1
    clock.advance(5.0)
    assert line.held == [True]
    clock.advance(5.0)
    assert line.held == [True, False]
    clock.advance(20.0)
    assert report.session in line.ended


def test_a_second_call_finds_the_telephone_busy() -> None:
    _, line, _, telephone, someone = answerer(lambda: Answering(None))
    someone.register(telephone, SERVER, "secret")
    telephone.report(line.offered("13900000001", "1001"))
    second = line.offered("13900000002", "1001")
    telephone.report(second)
    assert line.rejected == {second.session: 486}


@pytest.mark.parametrize("status", [403, 408])
def test_a_refused_registration_is_an_error_that_says_so(status: int) -> None:
    _, _, _, telephone, someone = answerer(Answering)
    registered = someone.register(telephone, SERVER, "wrong")
    telephone.report(RegistrationFailed("sip:1001@192.0.2.9", status))
    with pytest.raises(RegistrationError, match="403" if status == 403 else "nobody answers"):
        result_of(registered)


def test_a_caller_may_leave_before_it_is_time() -> None:
    _, line, _, telephone, someone, said = caller(Dialling("95588", stay=60.0))
    answered(line, telephone)
    over = someone.leave()
    assert list(line.ended) == list(line.invited)
    assert result_of(over).ending == "hung up"
    assert said[-2:] == ["hung up", "done ended"]


def test_nobody_is_there() -> None:
    _, line, _, telephone, _, said = caller(Dialling("95588"))
    telephone.nobody_there()
    assert said[-2:] == ["nobody answers", "done ended"]
    assert list(line.ended) == list(line.invited)
    _, _, _, telephone, someone = answerer(Answering)
    registered = someone.register(telephone, SERVER, "secret")
    telephone.nobody_there()
    with pytest.raises(RegistrationError, match="nobody answers; is the hotline running"):
        result_of(registered)


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        (Ended.REJECTED, 408, "nobody answers"),
        (Ended.REJECTED, 603, "refused with 603 Decline"),
        (Ended.REJECTED, 499, "refused with 499"),
        (Ended.TIMEOUT, 0, "far side is gone"),
        (Ended.REMOTE, 0, "far side hung up"),
        (Ended.CANCELLED, 0, "far side gave up"),
    ],
)
def test_how_a_call_ended_is_said_in_words(why: Ended, status: int, words: str) -> None:
    _, line, _, telephone, _, said = caller(Dialling("95588"))
    telephone.report(SessionEnded(next(iter(line.invited)), why, status))
    assert said[-2] == words


def test_a_ringing_call_is_declined_and_was_no_conversation() -> None:
    over: list[str] = []
    line, media = FakeLine(), FakeMedia()
    someone = Answerer(Clock(), lambda _: None, Answering, lambda call: over.append(call.far))
    telephone = Telephone(media, someone, "1001")
    telephone.signalling = line
    someone.register(telephone, SERVER, "secret")
    first = line.offered("13900000001", "1001")
    telephone.report(first)
    telephone.hang_up(telephone.calls[0])
    assert line.rejected == {first.session: 603}
    assert over == []
    telephone.report(line.offered("13900000002", "1001"))
    someone.answer(telephone.calls[0])
    telephone.hang_up(telephone.calls[0])
    assert over == ["13900000002"]


def test_keys_of_the_far_side_are_told() -> None:
    said: list[str] = []
    someone = Answerer(Clock(), said.append, Answering)
    line = FakeLine()
    telephone = Telephone(FakeMedia(), someone, "1001")
    telephone.signalling = line
    someone.register(telephone, SERVER, "secret")
    telephone.report(line.offered("13900000001", "1001"))
    telephone.key_pressed(telephone.calls[0].leg, "7")
    telephone.key_pressed(ConnectionId("somebody else's"), "8")
    assert said[-1] == "far side keyed 7"
