"""Whole calls between two user agents: in order, crossing, and over a link that loses."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import Address

from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Invitation,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionOffered,
    SessionProgressed,
    SessionReoffered,
    SessionReofferRefused,
)
from tests.support.garbage import garbage_of
from tests.support.lossy_link import LossyLink, Peer

CALLER, CALLED = "192.0.2.1", "192.0.2.2"


def pair(link: LossyLink) -> tuple[Peer, Peer]:
    caller = link.peer(CALLER, trunks=(CALLED,), user="caller")
    return caller, link.peer(CALLED, trunks=(CALLER,))


def call(caller: Peer) -> SessionId:
    invitation = Invitation(
        target=f"sip:95588@{CALLED}:5060",
        from_address=Address.parse('"A, B" <sip:13800138000@carrier.example>'),
        to_address=Address.parse(f"<sip:95588@{CALLED}>"),
        offer=sdp.offer(CALLER, 6000),
    )
    session, output = caller.user_agent.invite(invitation)
    caller.perform(output)
    return session


def answering(peer: Peer, then: Callable[[SessionId], None] = lambda _: None) -> None:
    """Let the peer ring and answer whatever is offered."""

    def react(report: object) -> None:
        match report:
            case SessionOffered(session=session, offer=offer):
                peer.perform(peer.user_agent.ring(session))
                assert offer is not None
                peer.perform(peer.user_agent.accept(session, sdp.answer(offer, CALLED, 7000)))
                then(session)
            case SessionReoffered(session=session, offer=offer):
                assert offer is not None
                peer.perform(peer.user_agent.accept(session, sdp.answer(offer, CALLED, 7000)))

    peer.on_report = react


def ringing(peer: Peer) -> None:
    """Let the peer ring, and no more."""

    def react(report: object) -> None:
        if isinstance(report, SessionOffered):
            peer.perform(peer.user_agent.ring(report.session))

    peer.on_report = react


def kinds(peer: Peer) -> list[str]:
    return [type(report).__name__ for report in peer.reports]


def assert_nothing_left(*peers: Peer) -> None:
    for peer in peers:
        assert peer.user_agent.idle
        assert peer.timers == {}
        assert len(peer.user_agent._core.layer) == 0


def test_a_call_is_offered_rings_is_accepted_and_hung_up() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    caller.perform(caller.user_agent.end(session, 'Q.850;cause=16;text="Normal"'))
    link.run()
    assert kinds(caller) == ["SessionProgressed", "SessionAccepted", "SessionEnded"]
    assert kinds(called) == ["SessionOffered", "SessionConfirmed", "SessionEnded"]
    assert link.sent(caller) == ["INVITE", "ACK", "BYE"]
    assert link.sent(called) == ["180", "200", "200"]
    (offered,) = called.told(SessionOffered)
    assert (offered.trunk, offered.account) == ("carrier", None)
    assert offered.request.from_address.name == "A, B"
    (ended,) = called.told(SessionEnded)
    assert ended.why is Ended.REMOTE
    bye = next(data for _, _, _, data in link.log if data.startswith(b"BYE"))
    assert b'\r\nReason: Q.850;cause=16;text="Normal"\r\n' in bye
    assert_nothing_left(caller, called)


def test_the_called_side_may_hang_up() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    called.perform(called.user_agent.end(called.user_agent.sessions[0]))
    link.run()
    assert link.sent(called)[-1] == "BYE"
    assert caller.reports[-1] == SessionEnded(session, Ended.REMOTE)
    assert_nothing_left(caller, called)


def talked(link: LossyLink, caller: Peer, called: Peer) -> None:
    answering(called)
    session = call(caller)
    link.run(1)
    caller.perform(caller.user_agent.reinvite(session, sdp.offer(CALLER, 6002)))
    link.run(2)
    called.perform(called.user_agent.send_key(called.user_agent.sessions[0], "5"))
    link.run(3)
    called.perform(called.user_agent.end(called.user_agent.sessions[0]))


def cancelled(link: LossyLink, caller: Peer, called: Peer) -> None:
    ringing(called)
    session = call(caller)
    link.run(1)
    caller.perform(caller.user_agent.end(session))


def refused(_link: LossyLink, caller: Peer, called: Peer) -> None:
    def refuse(report: object) -> None:
        if isinstance(report, SessionOffered):
            called.perform(called.user_agent.reject(report.session, 486))

    called.on_report = refuse
    call(caller)


def unheard(link: LossyLink, caller: Peer, called: Peer) -> None:
    link.unplug(called)
    call(caller)


@pytest.mark.parametrize("life", [talked, cancelled, refused, unheard])
def test_a_session_that_is_over_leaves_nothing_to_the_garbage_collector(
    life: Callable[[LossyLink, Peer, Peer], None],
) -> None:
    link = LossyLink()
    caller, called = pair(link)

    def lived() -> None:
        life(link, caller, called)
        link.run()

    assert garbage_of(lived) == {}
    assert caller.user_agent.idle


def test_both_may_hang_up_at_once() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    caller.perform(caller.user_agent.end(session))
    called.perform(called.user_agent.end(called.user_agent.sessions[0]))
    link.run()
    assert len(caller.told(SessionEnded)) == len(called.told(SessionEnded)) == 1
    assert_nothing_left(caller, called)


def test_a_call_is_cancelled_while_it_rings() -> None:
    link = LossyLink()
    caller, called = pair(link)
    ringing(called)
    session = call(caller)
    link.run(1)
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert link.sent(caller) == ["INVITE", "CANCEL", "ACK"]
    assert link.sent(called) == ["180", "200", "487"]
    assert caller.reports[-1] == SessionEnded(session, Ended.LOCAL)
    (ended,) = called.told(SessionEnded)
    assert ended.why is Ended.CANCELLED
    assert_nothing_left(caller, called)


def test_a_cancel_waits_for_the_first_provisional_response() -> None:
    link = LossyLink()
    caller, called = pair(link)
    session = call(caller)
    caller.perform(caller.user_agent.end(session))
    assert link.sent(caller) == ["INVITE"]
    link.run()
    assert link.sent(caller) == ["INVITE", "CANCEL", "ACK"]
    assert_nothing_left(caller, called)


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    link = LossyLink()
    caller, called = pair(link)
    ringing(called)
    session = call(caller)
    link.run(1)
    (offered,) = called.told(SessionOffered)
    assert offered.offer is not None
    answer = sdp.answer(offered.offer, CALLED, 7000)
    caller.perform(caller.user_agent.end(session))
    called.perform(called.user_agent.accept(offered.session, answer))
    link.run()
    assert link.sent(caller) == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert kinds(caller) == ["SessionProgressed", "SessionEnded"]
    assert kinds(called)[-1] == "SessionEnded"
    assert_nothing_left(caller, called)


def test_nobody_there() -> None:
    link = LossyLink()
    caller, called = pair(link)
    link.unplug(called)
    session = call(caller)
    link.run()
    assert caller.reports == [SessionEnded(session, Ended.REJECTED, 408, silent=True)]
    assert link.sent(caller) == ["INVITE"] * 7
    assert_nothing_left(caller)


@pytest.mark.parametrize("status", [302, 404, 486, 503, 603])
def test_a_refusal_ends_the_session_with_its_status(status: int) -> None:
    link = LossyLink()
    caller, called = pair(link)

    def refuse(report: object) -> None:
        if isinstance(report, SessionOffered):
            called.perform(called.user_agent.reject(report.session, status))

    called.on_report = refuse
    session = call(caller)
    link.run()
    assert caller.reports == [SessionEnded(session, Ended.REJECTED, status)]
    assert kinds(called) == ["SessionOffered", "SessionEnded"]
    assert link.sent(caller) == ["INVITE", "ACK"]
    assert_nothing_left(caller, called)


def test_hold_and_retrieve_by_reinvite() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    first = sdp.offer(CALLER, 6000)
    held = sdp.offer(CALLER, 6000, direction=sdp.Direction.SENDONLY, previous=first)
    caller.perform(caller.user_agent.reinvite(session, held))
    link.run(2)
    reoffered = called.told(SessionReoffered)[0]
    assert reoffered.offer is not None
    assert reoffered.offer.held
    assert reoffered.offer.origin.version == 2
    accepted = caller.told(SessionAccepted)[-1]
    assert accepted.description is not None
    assert accepted.description.media[0].direction is sdp.Direction.RECVONLY
    back = sdp.offer(CALLER, 6000, previous=held)
    caller.perform(caller.user_agent.reinvite(session, back))
    link.run(3)
    accepted = caller.told(SessionAccepted)[-1]
    assert accepted.description is not None
    assert accepted.description.media[0].direction is sdp.Direction.SENDRECV
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert_nothing_left(caller, called)


def test_a_refused_reinvite_leaves_the_session_as_it_was() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)

    def refuse(report: object) -> None:
        if isinstance(report, SessionReoffered):
            called.perform(called.user_agent.reject(report.session, 488))

    called.on_report = refuse
    caller.perform(caller.user_agent.reinvite(session, sdp.offer(CALLER, 6002)))
    link.run(2)
    assert caller.reports[-1] == SessionReofferRefused(session, 488)
    assert caller.user_agent.sessions == (session,)
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert_nothing_left(caller, called)


def test_reinvites_that_meet_are_both_carried_out_in_the_end() -> None:
    link = LossyLink(delay=(0.05, 0.05))
    caller, called = pair(link)
    answering(called)
    session = call(caller)

    def accept(report: object) -> None:
        if isinstance(report, SessionReoffered):
            assert report.offer is not None
            answer = sdp.answer(report.offer, CALLER, 6000)
            caller.perform(caller.user_agent.accept(report.session, answer))

    caller.on_report = accept
    link.run(1)
    other = called.user_agent.sessions[0]
    caller.perform(caller.user_agent.reinvite(session, sdp.offer(CALLER, 6002)))
    called.perform(called.user_agent.reinvite(other, sdp.offer(CALLED, 7002)))
    link.run(20)
    assert "491" in link.sent(caller)
    assert "491" in link.sent(called)
    assert len(called.told(SessionReoffered)) == len(caller.told(SessionReoffered)) == 1
    assert len(caller.told(SessionAccepted)) == 2
    assert len(called.told(SessionAccepted)) == 1
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert_nothing_left(caller, called)


def test_a_reinvite_whose_answer_is_lost_does_not_outlive_its_session() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    called.on_report = lambda _: None
    caller.perform(caller.user_agent.reinvite(session, sdp.offer(CALLER, 6002)))
    link.run(2)
    link.drops = lambda data: data.startswith(b"SIP/2.0 487")
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert_nothing_left(caller, called)


def test_without_an_ack_the_called_side_gives_up_after_32_seconds() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    call(caller)
    link.drops = lambda data: data.startswith(b"ACK")
    link.run()
    (ended,) = called.told(SessionEnded)
    assert ended.why is Ended.TIMEOUT
    assert link.sent(called).count("200") == 11
    assert link.sent(caller).count("ACK") == 11
    assert link.sent(called)[-1] == "BYE"
    assert_nothing_left(caller, called)


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called, lambda session: called.perform(called.user_agent.end(session)))
    call(caller)
    link.run()
    assert link.sent(called) == ["180", "200", "BYE"]
    assert kinds(called) == ["SessionOffered", "SessionEnded"]
    assert_nothing_left(caller, called)


def test_keys_travel_by_info() -> None:
    link = LossyLink()
    caller, called = pair(link)
    answering(called)
    session = call(caller)
    link.run(1)
    for key in "0*#D":
        caller.perform(caller.user_agent.send_key(session, key))
        link.run(link.now + 0.1)
    pressed = [report.key for report in called.reports if isinstance(report, SessionKey)]
    assert pressed == ["0", "*", "#", "D"]
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert_nothing_left(caller, called)


def test_an_account_calls_after_a_challenge() -> None:
    link = LossyLink()
    phone = link.peer(CALLER, trunks=(CALLED,), user="1001")
    house = link.peer(CALLED, accounts=("1001",))
    answering(house)
    mine = Address.parse("<sip:1001@bank.example>")
    invitation = Invitation(
        f"sip:95588@{CALLED}",
        mine,
        Address.parse("<sip:95588@bank.example>"),
        sdp.offer(CALLER, 6000),
    )
    for secret, account in (("secret-1001", "1001"), ("wrong", None)):
        known = Invitation(
            invitation.target,
            mine,
            invitation.to_address,
            invitation.offer,
            None,
            (),
            "1001",
            secret,
        )
        session, output = phone.user_agent.invite(known)
        phone.perform(output)
        link.run(link.now + 1)
        if account is None:
            assert phone.reports[-1] == SessionEnded(session, Ended.REJECTED, 403)
        else:
            offered = house.told(SessionOffered)[0]
            assert (offered.account, offered.trunk) == ("1001", None)
            phone.perform(phone.user_agent.end(session))
    link.run()
    assert_nothing_left(phone, house)


def test_a_stranger_is_refused() -> None:
    link = LossyLink()
    caller = link.peer(CALLER)
    called = link.peer(CALLED)
    session = call(caller)
    link.run()
    assert caller.reports == [SessionEnded(session, Ended.REJECTED, 401)]
    assert called.reports == []
    assert_nothing_left(caller, called)


@dataclass
class Crowd:
    """Both sides of the property below, and the people using them."""

    link: LossyLink
    reaction: str
    answer_after: float

    def __post_init__(self) -> None:
        self.caller, self.called = pair(self.link)
        for peer in (self.caller, self.called):
            peer.on_report = partial(self.told, peer)

    def told(self, peer: Peer, report: object) -> None:
        if isinstance(report, SessionOffered | SessionReoffered):
            assert report.offer is not None
            peer.perform(peer.user_agent.ring(report.session))
            react = partial(self.react, peer, report.session, report.offer)
            self.link.at(self.link.now + self.answer_after, react)

    def react(self, peer: Peer, session: SessionId, offer: sdp.SessionDescription) -> None:
        agent = peer.user_agent
        if self.reaction == "accept":
            peer.perform(agent.accept(session, sdp.answer(offer, peer.endpoint.host, 7000)))
        elif self.reaction == "refuse":
            peer.perform(agent.reject(session, 486))

    def do(self, step: str) -> None:
        if step == "call":
            call(self.caller)
            return
        who, what = step.split()
        peer = self.called if who == "called" else self.caller
        agent, offer = peer.user_agent, sdp.offer(peer.endpoint.host, 6000 + int(self.link.now))
        for session in agent.sessions:
            match what:
                case "ends":
                    peer.perform(agent.end(session))
                case "holds":
                    peer.perform(agent.reinvite(session, offer))
                case "presses":
                    peer.perform(agent.send_key(session, "1"))


STEPS = ("caller ends", "called ends", "caller holds", "called holds", "caller presses", "call")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    answer_after=st.sampled_from([0.0, 0.3, 5.0]),
    reaction=st.sampled_from(["accept", "refuse", "ring"]),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0.0, 40.0)), max_size=6),
)
def test_over_any_link_both_sides_come_to_an_end_and_leave_nothing(
    seed: int, loss: float, answer_after: float, reaction: str, steps: list[tuple[str, float]]
) -> None:
    link = LossyLink(seed, loss=loss, double=0.2, delay=(0.0, 1.5))
    crowd = Crowd(link, reaction, answer_after)
    crowd.do("call")
    for step, when in [*steps, ("caller ends", 200.0), ("called ends", 200.0)]:
        link.at(when, partial(crowd.do, step))
    link.run()

    assert_nothing_left(crowd.caller, crowd.called)
    assert link.now < 400
    for peer in (crowd.caller, crowd.called):
        ended = [report.session for report in peer.told(SessionEnded)]
        assert len(set(ended)) == len(ended)
        assert {report.session for report in peer.told(SessionOffered)} <= set(ended)
        last = {getattr(report, "session", None): type(report) for report in peer.reports}
        assert set(last.values()) <= {SessionEnded}


def test_progress_carries_early_media() -> None:
    link = LossyLink()
    caller, called = pair(link)

    def early(report: object) -> None:
        if isinstance(report, SessionOffered):
            assert report.offer is not None
            answer = sdp.answer(report.offer, CALLED, 7000)
            called.perform(called.user_agent.ring(report.session, 183, answer))

    called.on_report = early
    session = call(caller)
    link.run(1)
    (progress,) = caller.told(SessionProgressed)
    assert progress.status == 183
    assert progress.description is not None
    caller.perform(caller.user_agent.end(session))
    link.run()
    assert caller.told(SessionConfirmed) == []
    assert_nothing_left(caller, called)
