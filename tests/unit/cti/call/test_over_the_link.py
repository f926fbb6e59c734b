"""Whole calls over a link that loses, doubles and delays: call control on the real user agent."""

from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sipmessage import URI, Address

from cti.call.events import Established, Held
from cti.call.model import Party
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip import sdp
from cti.sip.events import (
    Invitation,
    Report,
    SessionId,
    SessionOffered,
    SessionReoffered,
)
from tests.support.examples import examples
from tests.support.linked_switch import LinkedSwitch
from tests.support.lossy_link import LossyLink, Peer
from tests.support.stories import check_over, check_stories

HOUSE, TRUNK, PHONE = "192.0.2.9", "192.0.2.1", "192.0.2.7"
BEGIN = 10.0
"""Seconds after which the telephone has registered and the link begins to lose."""
LASTING = 60.0
"""Seconds in which somebody may do something."""
LAST_INVITE = 35.0
"""Seconds after which no INVITE is repeated any more, and the last of them has arrived."""
LONGEST_END = 150.0
"""Seconds after which the last transaction of the last session is over: more than 4 * 64 * T1."""

instants = st.floats(0.0, LASTING)
caller_acts = st.tuples(st.sampled_from(["call", "end", "hold", "resume"]), instants)
house_acts = st.tuples(
    st.sampled_from(["deliver", "withdraw", "hold", "retrieve", "clear"]), instants
)
LASTING_TIMERS = ("registration", "keep-alive", "binding")
"""What stays armed as long as a telephone is registered."""

phone_acts = st.tuples(st.sampled_from(["accept", "reject", "end", "hold", "resume"]), instants)


class Stage:
    """One caller who calls often, the house, and one telephone of the house."""

    def __init__(self, link: LossyLink) -> None:
        self.link = link
        self.house = link.peer(HOUSE, trunks=(TRUNK,), accounts=("1001",))
        self.caller = link.peer(TRUNK, trunks=(HOUSE,), user="carrier")
        self.phone = link.peer(PHONE, trunks=(HOUSE,), user="1001")
        self.switch = LinkedSwitch(link, self.house, self.taken)
        self.calls: list[CallId] = []
        self.legs: list[ConnectionId] = []
        self.sessions: dict[str, list[SessionId]] = {TRUNK: [], PHONE: []}
        self.phone.on_report = lambda report: self.told(self.phone, report)
        self.caller.on_report = lambda report: self.told(self.caller, report)
        registrar = f"sip:{HOUSE}"
        address = "sip:1001@192.0.2.9"
        register = self.phone.user_agent.register(address, registrar, "1001", "secret-1001", 3600)
        self.phone.perform(register)

    def taken(self, call_id: CallId) -> None:
        self.calls.append(call_id)
        self.switch.services.answer(call_id)

    def told(self, peer: Peer, report: Report) -> None:
        if isinstance(report, SessionOffered):
            self.sessions[peer.endpoint.host].append(report.session)
            peer.perform(peer.user_agent.ring(report.session))
        elif isinstance(report, SessionReoffered):
            offer = report.offer or sdp.offer(peer.endpoint.host, 40000)
            answer = sdp.answer(offer, peer.endpoint.host, 40000)
            peer.perform(peer.user_agent.accept(report.session, answer))

    # --- what they do -----------------------------------------------------------------------

    def do(self, who: str, what: str) -> None:
        if who == HOUSE:
            self.of_house(what)
        elif what == "call":
            invitation = Invitation(
                target=f"sip:95588@{HOUSE}",
                from_address=Address(URI("sip", TRUNK, user="13800138000")),
                to_address=Address(URI("sip", HOUSE, user="95588")),
                offer=sdp.offer(TRUNK, 40000),
            )
            session, output = self.caller.user_agent.invite(invitation)
            self.sessions[TRUNK].append(session)
            self.caller.perform(output)
        else:
            peer = self.caller if who == TRUNK else self.phone
            for session in self.sessions[who][-1:]:
                peer.perform(self.of_peer(peer, session, what))

    def of_peer(self, peer: Peer, session: SessionId, what: str) -> Any:
        agent, host = peer.user_agent, peer.endpoint.host
        match what:
            case "accept":
                return agent.accept(session, sdp.offer(host, 40000, codecs=("PCMA",)))
            case "reject":
                return agent.reject(session, 486)
            case "hold":
                held = sdp.offer(host, 40000, direction=sdp.Direction.SENDONLY)
                return agent.reinvite(session, held)
            case "resume":
                return agent.reinvite(session, sdp.offer(host, 40000))
        return agent.end(session)

    def of_house(self, what: str) -> None:
        services = self.switch.services
        for call_id in self.calls[-1:]:
            if what == "deliver":
                self.legs.append(services.deliver(call_id, DeviceId("1001")))
            elif what == "clear":
                services.clear(call_id)
        for leg in self.legs[-1:]:
            match what:
                case "withdraw":
                    services.clear_connection(leg, Party.AGENT)
                case "hold":
                    services.hold(leg)
                case "retrieve":
                    services.retrieve(leg)

    def play(self, script: list[tuple[str, str, float]]) -> None:
        """Let all of that happen at its instant (seconds), then close the house."""
        for who, what, instant in script:
            self.link.at(BEGIN + instant, partial(self.do, who, what))
        self.link.run(until=BEGIN + LASTING)
        check_stories(self.switch.events)
        self.switch.services.shut_down()
        self.everybody_leaves()
        # Whom an INVITE reached at last that was given up long ago, and its CANCEL never did.
        self.link.run(until=BEGIN + LASTING + LAST_INVITE)
        self.everybody_leaves()
        self.link.run(until=BEGIN + LASTING + LAST_INVITE + LONGEST_END)

    def everybody_leaves(self) -> None:
        for peer in (self.caller, self.phone):
            for session in self.sessions[peer.endpoint.host]:
                peer.perform(peer.user_agent.end(session))

    def check(self) -> None:
        """Nothing is left anywhere, and every story has its end."""
        check_stories(self.switch.events)
        check_over(self.switch.events)
        switch = self.switch.switch
        assert not switch.calls
        assert not switch.members
        assert not switch.leg_of_session
        assert not self.switch.media.open_legs
        for peer in (self.house, self.caller, self.phone):
            assert not peer.user_agent.sessions
            assert not [key for key in peer.timers if not key.startswith(LASTING_TIMERS)]


def on_a_good_link() -> Stage:
    stage = Stage(LossyLink())
    stage.link.run(until=BEGIN)
    return stage


def test_the_stage_can_hold_a_conversation() -> None:
    stage = on_a_good_link()
    stage.play(
        [(TRUNK, "call", 0), (HOUSE, "deliver", 1), (PHONE, "accept", 2), (PHONE, "hold", 3)]
    )
    told = [type(event) for event in stage.switch.events]
    assert told.count(Established) == 2
    assert told.count(Held) == 1
    stage.check()


@settings(max_examples=examples(150), deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    double=st.sampled_from([0.0, 0.2]),
    slowest=st.sampled_from([0.001, 0.2, 1.5]),
    caller=st.lists(caller_acts, max_size=6),
    house=st.lists(house_acts, max_size=6),
    phone=st.lists(phone_acts, max_size=6),
    settled=st.booleans(),
)
def test_over_any_link_every_call_has_one_end_and_nothing_is_left(
    seed: int,
    loss: float,
    double: float,
    slowest: float,
    caller: list[tuple[str, float]],
    house: list[tuple[str, float]],
    phone: list[tuple[str, float]],
    settled: bool,
) -> None:
    stage = Stage(LossyLink(seed, delay=(0.001, slowest)))
    stage.link.run(until=BEGIN)
    stage.link.loss, stage.link.double = loss, double
    script = [(TRUNK, "call", 0.0)]
    if settled:
        script += [(HOUSE, "deliver", 4.0), (PHONE, "accept", 8.0)]
    script += [(TRUNK, *act) for act in caller]
    script += [(HOUSE, *act) for act in house]
    script += [(PHONE, *act) for act in phone]
    stage.play(script)
    stage.check()
