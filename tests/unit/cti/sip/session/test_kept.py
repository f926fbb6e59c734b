"""Sessions that outlive the process of one side: kept as JSON, taken up, and used as before."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import Address

from cti.kernel.errors import LocalError
from cti.kernel.plain import from_plain, to_plain
from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Endpoint,
    Invitation,
    Report,
    SendDatagram,
    SessionAccepted,
    SessionChanged,
    SessionEnded,
    SessionId,
    SessionKey,
    SessionOffered,
    SessionReferred,
    SessionReoffered,
    SessionReofferRefused,
    StartTimer,
    Transport,
)
from cti.sip.sdp import Crypto, Direction, SessionDescription
from cti.sip.session.kept import SEQUENCE_GAP, KeptSession
from cti.sip.session.session_timer import Terms
from cti.sip.user_agent import Output, UserAgent
from tests.support import far_side as far
from tests.support.lossy_link import LossyLink, Peer
from tests.support.sip_messages import OFFER, Changes, request_bytes, response_bytes

HOUSE, PHONE = "192.0.2.1", "192.0.2.2"
KEYS = {HOUSE: "a" * 40, PHONE: "b" * 40}
SUITE = "AES_CM_128_HMAC_SHA1_80"
TERMS = Terms(interval=90)


class Side:
    """One side of a call, which answers whatever it is asked."""

    def __init__(self, link: LossyLink, peer: Peer, *, keyed: bool) -> None:
        self.link, self.peer = link, peer
        self.session = SessionId("")
        self.described: SessionDescription | None = None
        self._security = (Crypto(1, SUITE, KEYS[peer.endpoint.host]),) if keyed else None
        peer.on_report = self.react

    def react(self, report: Report) -> None:
        agent = self.peer.user_agent
        match report:
            case SessionOffered(session=session) | SessionReoffered(session=session):
                self.session = session
                self.peer.perform(agent.accept(session, self.answer(report.offer)))
            case SessionAccepted(session=session, offered=True):
                self.peer.perform(agent.answer(session, self.answer(report.description)))
            case SessionReferred(session=session, refer=refer):
                self.peer.perform(agent.answer_refer(session, refer, 202))
                self.peer.perform(agent.notify_refer(session, refer, 200))

    def answer(self, offered: SessionDescription | None) -> SessionDescription:
        if offered is None:
            return self.offer()
        host, before, keys = self.peer.endpoint.host, self.described, self._security
        self.described = sdp.answer(offered, host, 7000, previous=before, security=keys)
        return self.described

    def offer(self, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        host, before, keys = self.peer.endpoint.host, self.described, self._security
        self.described = sdp.offer(host, 7000, direction=direction, previous=before, security=keys)
        return self.described

    def call(self, far: str) -> None:
        invitation = Invitation(
            target=f"sip:95588@{far}:5060",
            from_address=Address.parse("<sip:1001@bank.example>"),
            to_address=Address.parse(f"<sip:95588@{far}>"),
            offer=self.offer(),
        )
        self.session, output = self.peer.user_agent.invite(invitation)
        self.peer.perform(output)

    def keep(self) -> KeptSession:
        """What is written down, once nothing is under way."""
        for _ in range(60):
            if (kept := self.peer.user_agent.keep(self.session)) is not None:
                return kept
            self.link.run(self.link.now + 1.0)
        raise AssertionError(f"nothing to keep: {self.peer.reports}")

    def restart(self, kept: KeptSession | None = None, *, whole: bool = False) -> None:
        """Only what JSON can hold goes from the old process to the new."""
        written = json.dumps(to_plain(kept or self.keep()))
        assert not any(key in written for key in KEYS.values())
        found = from_plain(KeptSession, json.loads(written))
        described = self.described if whole else None
        self.link.restart(self.peer)
        if not whole:
            self.described = found.described
        agent = self.peer.user_agent
        self.peer.perform(agent.resume(found, self.link.now, described=described))

    def told(self, kind: type[Report]) -> int:
        return len(self.peer.told(kind))


class Call:
    """A call between two sides, up."""

    def __init__(
        self,
        seed: int = 0,
        *,
        loss: float = 0.0,
        keyed: bool = False,
    ) -> None:
        self.link = LossyLink(seed, loss=loss, double=loss, delay=(0.001, 0.05))
        house = self.link.peer(HOUSE, trunks=(PHONE,), user="house", terms=TERMS)
        phone = self.link.peer(PHONE, trunks=(HOUSE,), user="phone", terms=TERMS)
        self.sides = Side(self.link, house, keyed=keyed), Side(self.link, phone, keyed=keyed)
        self.house, self.phone = self.sides
        self.house.call(PHONE)
        self.wait(40)

    def wait(self, seconds: float) -> None:
        self.link.run(self.link.now + seconds)

    def codes(self) -> set[str]:
        """What was answered, and not well."""
        first = (data.split(b" ", 2) for _, _, _, data in self.link.log)
        statuses = {each[1].decode() for each in first if each[0] == b"SIP/2.0"}
        return {each for each in statuses if each >= "300"}

    def end(self, side: Side) -> None:
        side.peer.perform(side.peer.user_agent.end(side.session))
        self.wait(200)
        for each in self.sides:
            assert each.told(SessionEnded) == 1
            assert each.peer.user_agent.idle
            assert each.peer.timers == {}


def hold(side: Side) -> None:
    reinvite(side, side.offer(Direction.SENDONLY))


def retrieve(side: Side) -> None:
    reinvite(side, side.offer())


def ask_for_an_offer(side: Side) -> None:
    reinvite(side, None)


def reinvite(side: Side, offer: SessionDescription | None) -> None:
    side.peer.perform(side.peer.user_agent.reinvite(side.session, offer))


def refer(side: Side) -> None:
    side.peer.perform(side.peer.user_agent.refer(side.session, "sip:1002@bank.example"))


def press(side: Side) -> None:
    side.peer.perform(side.peer.user_agent.send_key(side.session, "5"))


def nothing(side: Side) -> None:
    """Session timers go on."""


ACTS: tuple[Callable[[Side], None], ...] = (
    *(hold, retrieve, ask_for_an_offer),
    *(refer, press, nothing),
)


def _descriptions(call: Call, side: Side) -> list[tuple[int, bytes]]:
    """Version and body of what that side described, in order and once."""
    found: list[tuple[int, bytes]] = []
    for _, source, _, data in call.link.log:
        body = data.partition(b"\r\n\r\n")[2]
        if source == side.peer.endpoint and body.startswith(b"v=0"):
            said = SessionDescription.parse(body).origin.version, body
            if said not in found:
                found.append(said)
    return found


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    loss=st.sampled_from((0.0, 0.1)),
    keyed=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from((*ACTS, Side.restart, Side.restart)),
            st.integers(0, 1),
            st.sampled_from((1.0, 40.0, 70.0)),
        ),
        max_size=8,
    ),
    last=st.integers(0, 1),
)
def test_a_call_goes_on_whoever_is_restarted(
    seed: int,
    loss: float,
    keyed: bool,
    steps: list[tuple[Callable[[Side], None], int, float]],
    last: int,
) -> None:
    call = Call(seed, loss=loss, keyed=keyed)
    for act, place, pause in steps:
        call.sides[place].keep()
        call.sides[1 - place].keep()
        act(call.sides[place])
        call.wait(pause)
        assert not any(each.told(SessionEnded) for each in call.sides)
    call.wait(40)
    for side in call.sides:
        assert side.keep() is not None
        versions = [version for version, _ in _descriptions(call, side)]
        assert all(before < after for before, after in pairwise(versions))
    assert call.codes() <= ({"491", "481", "500"} if loss else {"481"})
    call.end(call.sides[last])


# --- what goes on, and how ------------------------------------------------------------------


def test_requests_sent_since_it_was_kept_do_not_matter() -> None:
    call = Call()
    kept = call.house.keep()
    for _ in range(3):
        press(call.house)
        call.wait(1)
    call.house.restart(kept)
    press(call.house)
    call.wait(1)
    assert call.phone.told(SessionKey) == 4
    assert call.codes() == set()
    assert call.house.keep().sequence == kept.sequence + SEQUENCE_GAP + 1


def test_descriptions_made_since_it_was_kept_do_not_matter() -> None:
    call = Call()
    kept = call.house.keep()
    hold(call.house)
    call.wait(1)
    call.house.restart(kept)
    retrieve(call.house)
    call.wait(1)
    versions = [version for version, _ in _descriptions(call, call.house)]
    assert len(versions) == 3
    assert all(before < after for before, after in pairwise(versions))


@pytest.mark.parametrize("began", [True, False])
def test_who_left_while_nobody_was_there_to_hear_it_is_asked_in_time(began: bool) -> None:
    call = Call()
    here, there = call.sides if began else call.sides[::-1]
    kept = here.keep()
    call.link.drops = lambda _: True
    there.peer.perform(there.peer.user_agent.end(there.session))
    call.wait(200)
    here.peer.reports.clear()
    call.link.drops = lambda _: False
    here.restart(kept)
    call.wait(64)
    assert [each.why for each in here.peer.told(SessionEnded)] == [Ended.TIMEOUT]
    assert here.peer.user_agent.idle
    assert here.peer.timers == {}


def test_a_session_without_timer_is_asked_about_too() -> None:
    house = far.agent(session_terms=Terms(interval=0))
    session, _ = far.accepted(house)
    again = far.agent(session_terms=Terms(interval=0))
    output = again.resume(kept_of(house, session), 0.0)
    (timer,) = [each for each in output if isinstance(each, StartTimer)]
    assert timer.key == f"session/{session}/resumed"
    assert 32 <= timer.seconds <= 64
    (question,) = far.sent(again.timer_fired(timer.key, timer.seconds))
    assert question.startswith(b"OPTIONS")
    gone = far.take(again, far.answer(question, 481))
    assert SessionEnded(session, Ended.TIMEOUT) in gone


def test_what_cannot_be_answered_now_is_not_kept() -> None:
    house = far.agent()
    session = far.offered(house)
    assert house.keep(session) is None, "before it is answered"
    ok = far.sent(house.accept(session, far.OURS))[0]
    assert house.keep(session) is None, "before it is acknowledged"
    far.take(house, far.inside(ok, "ACK", 1))
    assert house.keep(session) is not None
    far.take(house, far.inside(ok, "INVITE", 2, body=OFFER))
    assert house.keep(session) is None, "while an offer waits"
    house.end(session)
    assert house.keep(session) is None, "once it is over"
    assert house.keep(SessionId("nobody")) is None


def test_a_session_is_taken_up_once() -> None:
    house = far.agent()
    session, _ = far.accepted(house)
    kept = kept_of(house, session)
    again = far.agent()
    again.resume(kept, 0.0)
    with pytest.raises(LocalError, match="here already"):
        again.resume(kept, 0.0)
    assert again.sessions == (session,)


def test_the_secret_that_answers_challenges_is_handed_in() -> None:
    house = far.agent()
    session, invite = far.calling(house, user="1001", secret="s3cr3t-of-the-trunk")
    far.take(house, response_bytes(invite, 200, body=OFFER), far.FAR)
    kept = kept_of(house, session)
    assert kept.user == "1001"
    assert "s3cr3t" not in repr(kept)
    again = far.agent()
    again.resume(kept, 0.0, secret="s3cr3t-of-the-trunk")
    (bye,) = far.sent(again.end(session))
    challenge: Changes = {"WWW-Authenticate": 'Digest realm="x", nonce="y", qop="auth"'}
    (proven,) = far.sent(far.take(again, far.answer(bye, 401, challenge), far.FAR))
    assert 'username="1001"' in far.header(proven, "Authorization")


def test_a_connection_that_is_gone_is_made_anew() -> None:
    house = far.agent()
    session, _ = far.accepted(house)
    kept = kept_of(house, session)
    over_tcp = Endpoint("192.0.2.7", 5070, Transport.TCP, flow="tcp-3")
    kept = replace(kept, dialog=replace(kept.dialog, destination=over_tcp))
    again = far.agent()
    again.resume(kept, 0.0)
    (bye,) = [each for each in again.end(session) if isinstance(each, SendDatagram)]
    assert bye.destination == replace(over_tcp, flow="")
    output = again.transport_failed(bye.destination, 1.0)
    assert not far.told(output, SessionEnded), "it was told when we left"
    assert again.idle


OVER_TLS = Endpoint("192.0.2.7", 40_001, Transport.TLS, flow="tls-1")


def browsing(house: UserAgent) -> tuple[SessionId, bytes]:
    """A session with somebody behind a translator, over a connection."""
    invite = request_bytes("INVITE", {"Contact": "<sip:me@10.0.0.7;transport=tls>"}, OFFER)
    output = house.datagram_received(invite, OVER_TLS, 100.0)
    (session,) = [each.session for each in output if isinstance(each, SessionOffered)]
    ok = far.sent(house.accept(session, far.OURS))[0]
    house.datagram_received(far.inside(ok, "ACK", 1), OVER_TLS, 100.0)
    return session, ok


def where(output: Output) -> list[Endpoint]:
    return [each.destination for each in output if isinstance(each, SendDatagram)]


@pytest.mark.parametrize("restarted", [True, False])
def test_a_far_side_that_comes_by_another_connection_is_reached_by_it(restarted: bool) -> None:
    house = far.agent(trunks={"192.0.2.7": "carrier"})
    session, ok = browsing(house)
    kept = kept_of(house, session)
    if restarted:
        house = far.agent(trunks={"192.0.2.7": "carrier"})
        house.resume(kept, 100.0)
    else:
        house.transport_failed(OVER_TLS, 100.0)
    again = replace(OVER_TLS, port=40_002, flow="tls-9")
    stranger = replace(again, host="192.0.2.66", flow="tls-8")
    house.datagram_received(far.inside(ok, "INFO", 2), stranger, 101.0)
    assert [each.flow for each in where(house.send_key(session, "1"))] == [""]
    house.datagram_received(far.inside(ok, "INFO", 3), again, 101.0)
    assert [each.flow for each in where(house.send_key(session, "1"))] == ["tls-9"]
    assert house.uses(again)


# --- descriptions without keys --------------------------------------------------------------

NO_UPDATE: Changes = {"Session-Expires": "600;refresher=uac", "Allow": "INVITE"}


@pytest.mark.parametrize(
    ("keyed", "whole", "refreshed_by"),
    [
        (False, False, b"INVITE"),
        (True, True, b"INVITE"),
        (True, False, b"OPTIONS"),
    ],
)
def test_a_refresh_repeats_the_description_only_as_a_whole(
    keyed: bool, whole: bool, refreshed_by: bytes
) -> None:
    keys = (Crypto(1, SUITE, KEYS[HOUSE]),) if keyed else None
    ours = sdp.offer("192.0.2.1", 40000, security=keys)
    theirs = bytes(sdp.answer(ours, "192.0.2.9", 7000, security=keys))
    house = far.agent()
    session, invite = far.calling(house, offer=ours)
    far.take(house, response_bytes(invite, 200, changes=NO_UPDATE, body=theirs), far.FAR)
    again = far.agent()
    again.resume(kept_of(house, session), 0.0, described=ours if whole else None)
    (refresh,) = far.sent(far.fire(again, session, "resumed"))
    assert refresh.startswith(refreshed_by)
    assert (bytes(ours) in refresh) is (refreshed_by == b"INVITE")


def test_an_offer_that_comes_to_nothing_leaves_what_was_agreed_on() -> None:
    """Though nobody knows our keys any more."""
    call = Call(keyed=True)
    call.house.restart()
    call.phone.peer.on_report = lambda report: (
        call.phone.peer.perform(call.phone.peer.user_agent.reject(call.phone.session, 488))
        if isinstance(report, SessionReoffered)
        else None
    )
    hold(call.house)
    call.wait(10)
    assert call.house.told(SessionReofferRefused) == 1
    call.phone.peer.on_report = call.phone.react
    hold(call.phone)
    call.wait(10)
    assert call.house.told(SessionReoffered) == 1
    call.end(call.phone)


# --- what is told of changes ----------------------------------------------------------------


def test_changes_are_told_once_and_only_of_what_was_kept() -> None:
    house = far.agent()
    session, ok = far.accepted(house, {"Supported": "timer"})
    moved: Changes = {"Contact": "<sip:caller@192.0.2.8>", "Supported": "timer"}
    assert not far.told(far.take(house, far.inside(ok, "UPDATE", 2, moved)), SessionChanged)
    kept = house.keep(session)
    assert kept is not None
    assert not far.told(far.take(house, far.inside(ok, "UPDATE", 3, moved)), SessionChanged)
    moved["Contact"] = "<sip:caller@192.0.2.9>"
    assert far.told(far.take(house, far.inside(ok, "UPDATE", 4, moved)), SessionChanged)
    moved["Contact"] = "<sip:caller@192.0.2.10>"
    assert not far.told(far.take(house, far.inside(ok, "UPDATE", 5, moved)), SessionChanged)
    anew = house.keep(session)
    assert anew is not None
    assert anew.dialog.target == "sip:caller@192.0.2.10"


def test_an_offer_is_told_of_once_it_is_settled() -> None:
    call = Call()
    call.house.keep()
    call.phone.keep()
    hold(call.phone)
    call.wait(10)
    for side in call.sides:
        assert side.told(SessionChanged) == 1
        kinds = [type(each) for each in side.peer.reports]
        assert kinds[-1] is SessionChanged or kinds[-2] is SessionChanged
        assert side.keep().local == str(side.described)


def kept_of(house: UserAgent, session: SessionId) -> KeptSession:
    """As it comes back from JSON."""
    kept = house.keep(session)
    assert kept is not None
    found = from_plain(KeptSession, json.loads(json.dumps(to_plain(kept))))
    assert found == kept
    return found
