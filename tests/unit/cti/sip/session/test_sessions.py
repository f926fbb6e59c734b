"""Everything two user agents can do to each other at once, over a link that loses and reorders."""

from dataclasses import dataclass, field
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import Address

from cti.kernel.errors import Refused
from cti.sip import sdp
from cti.sip.events import (
    Invitation,
    RequestFailed,
    SessionAccepted,
    SessionAnswered,
    SessionEnded,
    SessionId,
    SessionOffered,
    SessionProgressed,
    SessionReferProgressed,
    SessionReferred,
    SessionReoffered,
)
from cti.sip.session.conversation import Phase
from cti.sip.session.session import Session
from cti.sip.session.session_timer import Terms
from tests.support.lossy_link import LossyLink, Peer

CALLER, CALLED = "192.0.2.1", "192.0.2.2"
QUIET = 400.0
"""Seconds after which everything begun by the steps is over, refreshes aside."""


def described(peer: Peer, port: int) -> sdp.SessionDescription:
    """A description whose version tells it from every other of that peer."""
    plain = sdp.offer(peer.endpoint.host, port)
    origin = sdp.Origin(1, port, peer.endpoint.host)
    return sdp.SessionDescription(origin, plain.host, plain.media)


@dataclass
class People:
    """Two user agents, and what their users do: ring, describe early, answer, refer, take over."""

    link: LossyLink
    reaction: str
    early: bool
    answer_after: float
    ports: int = 6000
    asked: list[tuple[Peer, SessionId, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        terms = Terms(interval=120)
        self.caller = self.link.peer(CALLER, trunks=(CALLED,), user="caller", terms=terms)
        self.called = self.link.peer(CALLED, trunks=(CALLER,), terms=terms)
        for peer in (self.caller, self.called):
            peer.on_report = partial(self.told, peer)

    def description(self, peer: Peer) -> sdp.SessionDescription:
        self.ports += 2
        return described(peer, self.ports)

    def told(self, peer: Peer, report: object) -> None:
        agent = peer.user_agent
        match report:
            case SessionOffered(session=session):
                said = self.description(peer) if self.early else None
                peer.perform(agent.ring(session, 183 if said else 180, said))
                react = partial(self.react, peer, session)
                self.link.at(self.link.now + self.answer_after, react)
            case SessionReoffered(session=session):
                peer.perform(agent.accept(session, self.description(peer)))
            case SessionProgressed(session, _, _, offered) | SessionAccepted(session, _, offered):
                if offered:
                    peer.perform(agent.answer(session, self.description(peer)))
            case SessionReferred(session=session, refer=refer):
                peer.perform(agent.answer_refer(session, refer, 202))
                for status, when in ((180, 1.0), (200, 3.0)):
                    act = partial(self.notify, peer, session, refer, status)
                    self.link.at(self.link.now + when, act)

    def react(self, peer: Peer, session: SessionId) -> None:
        if self.reaction == "accept":
            peer.perform(peer.user_agent.accept(session, self.description(peer)))
        elif self.reaction == "refuse":
            peer.perform(peer.user_agent.reject(session, 486))

    def notify(self, peer: Peer, session: SessionId, refer: str, status: int) -> None:
        peer.perform(peer.user_agent.notify_refer(session, refer, status))

    def call(self, peer: Peer, replaces: SessionId | None = None, *, late: bool = False) -> None:
        other = CALLED if peer is self.caller else CALLER
        invitation = Invitation(
            target=f"sip:95588@{other}:5060",
            from_address=Address.parse("<sip:13800138000@carrier.example>"),
            to_address=Address.parse(f"<sip:95588@{other}>"),
            offer=None if late else self.description(peer),
            replaces=replaces,
        )
        _, output = peer.user_agent.invite(invitation)
        peer.perform(output)

    def do(self, step: str) -> None:
        who, what = step.split()
        if who == "both":
            self.do(f"caller {what}")
            self.do(f"called {what}")
            return
        peer = self.called if who == "called" else self.caller
        if what in ("calls", "asks"):
            self.call(peer, late=what == "asks")
            return
        for session in peer.user_agent.sessions:
            try:
                self.act(peer, session, what)
            except Refused:
                assert what == "replaces"

    def act(self, peer: Peer, session: SessionId, what: str) -> None:
        agent = peer.user_agent
        match what:
            case "ends":
                peer.perform(agent.end(session, "Q.850;cause=16"))
            case "offers":
                peer.perform(agent.reinvite(session, self.description(peer)))
            case "wants":
                peer.perform(agent.reinvite(session, None))
            case "presses":
                peer.perform(agent.send_key(session, "1"))
            case "refers":
                peer.perform(agent.refer(session, "sip:1002@192.0.2.9"))
            case "replaces":
                self.call(peer, session)

    def sessions(self, peer: Peer) -> dict[str, Session]:
        found = peer.user_agent._sessions
        return {each.call_id: each for each in found if each.phase is Phase.ESTABLISHED}


DEEDS = ("ends", "offers", "wants", "presses", "refers", "replaces", "calls")
STEPS = [f"{who} {what}" for who in ("caller", "called") for what in DEEDS]
STEPS += ["both offers", "both offers", "both ends"]


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    slowest=st.sampled_from([0.01, 0.4, 1.5]),
    answer_after=st.sampled_from([0.0, 0.3, 5.0, 30.0]),
    reaction=st.sampled_from(["accept", "accept", "refuse", "ring"]),
    early=st.booleans(),
    late=st.booleans(),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.floats(0.0, 60.0)), max_size=8),
)
def test_both_sides_agree_and_every_session_ends_once(
    seed: int,
    loss: float,
    slowest: float,
    answer_after: float,
    reaction: str,
    early: bool,
    late: bool,
    steps: list[tuple[str, float]],
) -> None:
    link = LossyLink(seed, loss=loss, double=0.2, delay=(0.0, slowest))
    people = People(link, reaction, early, answer_after)
    people.do("caller asks" if late else "caller calls")
    for step, when in steps:
        link.at(when, partial(people.do, step))
    link.run(QUIET)
    link.loss = 0.0
    link.run(QUIET + 200)
    both_agree(people)
    for peer in (people.caller, people.called):
        for session in peer.user_agent.sessions:
            peer.perform(peer.user_agent.end(session))
    link.run(QUIET + 400)
    for peer in (people.caller, people.called):
        assert peer.user_agent.idle
        assert peer.timers == {}
        assert len(peer.user_agent._core.layer) == 0
        assert peer.told(RequestFailed) == []
        ended = [report.session for report in peer.told(SessionEnded)]
        assert len(set(ended)) == len(ended)
        last = {getattr(report, "session", None): type(report) for report in peer.reports}
        assert set(last.values()) <= {SessionEnded}


def both_agree(people: People) -> None:
    """Who is in a session is so on both sides, and both describe it alike."""
    caller, called = people.sessions(people.caller), people.sessions(people.called)
    assert caller.keys() == called.keys()
    for call_id, session in caller.items():
        other = called[call_id]
        assert session.usage is not None
        assert other.usage is not None
        one, two = session.usage.exchange, other.usage.exchange
        assert one.idle
        assert two.idle
        assert (one.local, one.remote) == (two.remote, two.local)


def test_offers_that_cross_before_the_call_is_answered_are_both_made_in_the_end() -> None:
    link = LossyLink(3, delay=(0.05, 0.05))
    people = People(link, "accept", early=True, answer_after=20.0)
    people.do("caller calls")
    link.run(5)
    people.do("both offers")
    link.run(15)
    assert "491" in link.sent(people.caller)
    assert "491" in link.sent(people.called)
    assert [len(peer.told(SessionAnswered)) for peer in (people.caller, people.called)] == [1, 1]
    link.run(60)
    both_agree(people)


def test_a_dead_telephone_is_noticed_by_either_side() -> None:
    for gone, left in (("called", "caller"), ("caller", "called")):
        link = LossyLink()
        people = People(link, "accept", early=True, answer_after=0.1)
        people.do("caller calls")
        link.run(500)
        assert len(people.sessions(people.caller)) == 1, "kept alive for several intervals"
        link.unplug(getattr(people, gone))
        link.run(700)
        peer = getattr(people, left)
        assert [report.why.value for report in peer.told(SessionEnded)] == ["timeout"]


def test_a_refer_is_told_of_until_it_is_settled_once() -> None:
    link = LossyLink(7, double=0.5, delay=(0.0, 1.0))
    people = People(link, "accept", early=False, answer_after=0.1)
    people.do("caller calls")
    link.run(10)
    people.do("caller refers")
    link.run(60)
    statuses = [report.status for report in people.caller.told(SessionReferProgressed)]
    assert statuses[-1] == 200
    assert statuses.count(200) == 1
