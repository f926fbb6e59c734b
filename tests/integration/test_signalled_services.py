"""Services that telephones and carriers ask for by SIP, judged by the sound that comes of them."""

import socket
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from cti.call.events import (
    CallCleared,
    ConnectionCleared,
    Established,
    Held,
    NetworkReached,
    Retrieved,
    Transferred,
)
from cti.call.model import Cause, Party
from cti.kernel.identifiers import CallId, ConnectionId, DeviceId
from cti.sip.events import SessionAccepted, SessionEnded
from tests.support.exchange import CALLER, OTHER, OUTSIDE, Exchange
from tests.support.reactor import begin, until
from tests.support.sipp import Cue
from tests.support.sipp_scenarios import (
    CALL,
    CUE,
    OFFER,
    answer_200,
    called,
    receive,
    respond,
    run_sipp,
    send,
)
from tests.support.voice import Voice
from tests.support.who_hears_whom import mutual

pytestmark = pytest.mark.needs("baresip", "sipp")
ONE = DeviceId("1001")
SDP_BODY = "Content-Type: application/sdp"
REFER_DONE = """SIP/2.0 200 OK
"""


def invite(port: int, *headers: str) -> tuple[str, ...]:
    """SIPp calls and is answered; its sound is at that port."""
    offer = OFFER.format(port=port)
    begun = send("INVITE", 1, answered=False, headers=(*headers, SDP_BODY), body=offer)
    return (begun, *CALL[1:])


async def sipp_talks(
    exchange: Exchange, folder: Path, *steps: str, cue: Cue | None = None
) -> tuple[Voice, CallId, ConnectionId, Deferred[str]]:
    """SIPp called and talks with 1001, then takes these steps; with the end of its scenario."""
    line = exchange.voice("caller", CALLER)
    over = begin(run_sipp(folder, exchange.live.port, (*invite(line.port), *steps), cue=cue))
    await until(exchange.calls.calls)
    (call,) = exchange.calls.calls()
    assert await exchange.calls.answer(call.id)
    line.talk_to(exchange.sound_of(exchange.customer(call.id)))
    return line, call.id, await exchange.deliver(call.id, ONE), over


def taken(port: int) -> bool:
    """Whether somebody listens at that UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


# --- telephones of the house --------------------------------------------------------------------


def test_a_telephone_holds_and_takes_back_by_reinvite(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, _ = await exchange.talking("1003")
        phone = exchange.house_phone
        phone.telephone.hold(phone.call, held=True)
        assert (await exchange.happened(Held)).party is Party.AGENT
        await exchange.hears({"caller": {"music"}}, caller)
        phone.telephone.hold(phone.call, held=False)
        await exchange.happened(Retrieved)
        await exchange.hears(mutual("caller", "1003"), caller)

    exchange.play(scene)


def test_a_telephone_hands_on_by_refer(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, _ = await exchange.talking("1001")
        exchange.baresips["1001"].do("transfer", f"sip:1003@127.0.0.1:{exchange.live.port}")
        assert (await exchange.happened(Transferred)).transferred_to == "1003"
        await exchange.hears(mutual("caller", "1003"), caller)
        (left,) = exchange.told(ConnectionCleared)
        assert (left.device_id, left.cause) == (ONE, Cause.TRANSFERRED)

    exchange.play(scene)


def test_a_telephone_joins_its_two_calls_by_refer_with_replaces(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, _, agent = await exchange.talking("1001")
        phone, here = exchange.baresips["1001"], f"127.0.0.1:{exchange.live.port}"
        phone.do("hold")
        await exchange.happened(Held)
        phone.do("dial", f"sip:1003@{here}")
        await exchange.happened(Established, 4)
        await exchange.hears({"caller": {"music"}} | mutual("1001", "1003"), caller)
        call_id, our_tag, its_tag = exchange.replaces(agent)
        dialog = f"{call_id}%3Bto-tag%3D{our_tag}%3Bfrom-tag%3D{its_tag}"
        phone.do("transfer", f"<sip:{caller.name}@{here}?Replaces={dialog}>")
        await exchange.happened(Transferred)
        await exchange.hears(mutual("caller", "1003"), caller)

    exchange.play(scene)


# --- carriers -----------------------------------------------------------------------------------


def test_the_carrier_makes_a_transfer_itself_when_it_is_asked(
    exchange: Exchange, tmp_path: Path
) -> None:
    sipfrag = (
        "Event: refer",
        "Subscription-State: terminated;reason=noresource",
        "Content-Type: message/sipfrag",
    )
    accepted = answer_200().replace("200 OK", "202 Accepted")
    done = send("NOTIFY", 5, headers=sipfrag, body=REFER_DONE)
    steps = (receive("REFER"), accepted, done, receive(200), receive("BYE"), answer_200())

    async def scene() -> None:
        line, call_id, agent, over = await sipp_talks(exchange, tmp_path, *steps)
        exchange.calls.single_step_transfer(agent, OUTSIDE, release=True)
        messages = await over
        assert "Refer-To: " in messages
        cleared = await exchange.happened(CallCleared)
        assert (cleared.call_id, cleared.cause) == (call_id, Cause.TRANSFERRED)
        await exchange.hears({}, line)

    exchange.play(scene)


def test_an_invite_with_replaces_takes_a_callers_place(exchange: Exchange, tmp_path: Path) -> None:
    async def scene() -> None:
        caller, call_id, _ = await exchange.talking("1001")
        line = exchange.voice("line", OTHER)
        names = exchange.replaces(exchange.customer(call_id))
        replaces = "Replaces: {};to-tag={};from-tag={}".format(*names)
        steps = (*invite(line.port, replaces), receive("BYE"), answer_200())
        over = begin(run_sipp(tmp_path, exchange.live.port, steps))
        await exchange.happened(Transferred)
        line.talk_to(exchange.sound_of(exchange.customer(call_id)))
        await caller.reports_of(SessionEnded)
        await exchange.hears(mutual("line", "1001"), caller, line)
        exchange.calls.clear(call_id)
        await over

    exchange.play(scene)


def test_an_update_moves_the_sound(exchange: Exchange, tmp_path: Path) -> None:
    elsewhere = exchange.voice("elsewhere", OTHER)
    offer = OFFER.format(port=elsewhere.port).replace("1 1 IN", "1 2 IN")
    update = send("UPDATE", 3, headers=(SDP_BODY,), body=offer)

    async def scene() -> None:
        steps = (CUE, update, receive(200), receive("BYE"), answer_200())
        line, call_id, _, over = await sipp_talks(exchange, tmp_path, *steps, cue=(cue := Cue()))
        caller = exchange.customer(call_id)
        await exchange.hears(mutual("caller", "1001"), line, elsewhere)
        cue.give()
        await until(lambda: exchange.sends_to(caller) == elsewhere.port)
        line.hush()
        elsewhere.talk_to(exchange.sound_of(caller))
        await exchange.hears(mutual("elsewhere", "1001"), line, elsewhere)
        exchange.calls.clear(call_id)
        await over

    exchange.play(scene)


def test_early_media_is_heard_and_acknowledged_by_prack(exchange: Exchange, tmp_path: Path) -> None:
    async def scene() -> None:
        line = exchange.voice("line", OTHER)
        answer = OFFER.format(port=line.port)
        steps = (
            called(),
            respond(183, "Progress", headers=("Require: 100rel", "RSeq: 7"), body=answer),
            receive("PRACK"),
            answer_200(),
            CUE,
            respond(200, "OK", body=answer),
            receive("ACK"),
            receive("BYE"),
            answer_200(),
        )
        over = begin(run_sipp(tmp_path, exchange.live.port, steps, listen=exchange.carrier_port))
        await until(lambda: taken(exchange.carrier_port))
        call_id = exchange.calls.make(ONE, OUTSIDE)
        await exchange.happened(NetworkReached)
        await until(lambda: exchange.sends_to(exchange.customer(call_id)) == line.port)
        line.talk_to(exchange.sound_of(exchange.customer(call_id)))
        await exchange.hears(mutual("line", "1001"), line)
        assert len(exchange.told(Established)) == 1
        Cue(exchange.carrier_port, exchange.name_of(exchange.customer(call_id))).give()
        await exchange.happened(Established, 2)
        await exchange.hears(mutual("line", "1001"), line)
        exchange.calls.clear(call_id)
        assert "RAck: 7 " in await over

    exchange.play(scene)


def test_a_telephone_that_dials_out_hears_the_network(exchange: Exchange) -> None:
    async def scene() -> None:
        called = exchange.handset("called", OTHER, port=exchange.carrier_port, early=True)
        dial = f"sip:{OUTSIDE}@127.0.0.1:{exchange.live.port}"
        exchange.baresips["1002"].do("dial", dial)
        await until(lambda: called.session)
        await exchange.hears(mutual("called", "1002"), called)
        assert not exchange.told(Established)
        called.answer()
        await exchange.happened(Established, 2)
        await exchange.hears(mutual("called", "1002"), called)

    exchange.play(scene)


def test_a_caller_without_an_offer_and_a_reinvite_without_one(exchange: Exchange) -> None:
    async def scene() -> None:
        caller, call_id = await exchange.dial(late=True)
        assert await exchange.calls.answer(call_id)
        await exchange.deliver(call_id, ONE)
        await exchange.hears(mutual("caller", "1001"), caller)
        caller.endpoint.reinvite(caller.session, None)
        await caller.reports_of(SessionAccepted, 2)
        await exchange.hears(mutual("caller", "1001"), caller)

    exchange.play(scene)
