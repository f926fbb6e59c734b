"""The SIP stack against stacks that others wrote, over real sockets on the loopback."""

from pathlib import Path

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from cti.sip import sdp
from cti.sip.events import (
    Ended,
    Report,
    SessionConfirmed,
    SessionEnded,
    SessionOffered,
    SessionReferred,
    SessionReoffered,
)
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import reactor, run_in_reactor, until
from tests.support.sipp_scenarios import OFFER, answer_200, receive, run_sipp, send

HOST = "127.0.0.1"
CALLS = 40


@pytest.mark.needs("sipp")
def test_sipp_places_calls_and_every_one_ends_well(tmp_path: Path) -> None:
    reports: list[Report] = []

    def told(report: Report) -> None:
        reports.append(report)
        if isinstance(report, SessionOffered):
            assert report.offer is not None
            house.ring(report.session)
            house.accept(report.session, sdp.answer(report.offer, HOST, 40000))

    settings = UserAgentSettings(HOST, 0, trunks={HOST: "sipp"})
    house = SipEndpoint(reactor(), settings, KnownAccounts(), counting_entropy(), told)

    async def main() -> int:
        house.start(HOST)
        target = f"{HOST}:{house.user_agent.settings.port}"
        options = ["-sn", "uac", target, "-i", HOST, "-m", str(CALLS), "-r", "40", "-d", "100"]
        _, _, code = await getProcessOutputAndValue(
            "sipp", [*options, "-nostdin", "-timeout", "60"], path=str(tmp_path), reactor=reactor()
        )
        await until(lambda: house.user_agent.idle)
        await house.stop()
        return int(code)

    assert run_in_reactor(main, timeout=20) == 0
    ended = [report for report in reports if isinstance(report, SessionEnded)]
    assert len(ended) == CALLS
    assert {report.why for report in ended} == {Ended.REMOTE}
    assert sum(isinstance(report, SessionConfirmed) for report in reports) == CALLS
    assert house.counters["malformed"] == house.counters["failed"] == 0


REMEMBER_RSEQ = """<recv response="183" rrs="true"><action>
<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>
</action></recv>"""
CAN = "Supported: 100rel, timer"
SDP_BODY = "Content-Type: application/sdp"


@pytest.mark.needs("sipp")
def test_sipp_acknowledges_early_media_updates_and_transfers(tmp_path: Path) -> None:
    """PRACK, UPDATE before and after the answer, a granted session timer, REFER with NOTIFY."""
    reports: list[Report] = []

    def told(report: Report) -> None:
        reports.append(report)
        match report:
            case SessionOffered(session=session, offer=offer) if offer is not None:
                house.ring(session, 183, sdp.answer(offer, HOST, 40000))
                reactor().callLater(0.5, house.accept, session, sdp.answer(offer, HOST, 40000))
            case SessionReoffered(session=session, offer=offer) if offer is not None:
                house.accept(session, sdp.answer(offer, HOST, 40000))
            case SessionReferred(session=session, refer=refer):
                house.answer_refer(session, refer, 202)
                house.notify_refer(session, refer, 200)
                reactor().callLater(0.3, house.end, session)

    settings = UserAgentSettings(HOST, 0, trunks={HOST: "sipp"})
    house = SipEndpoint(reactor(), settings, KnownAccounts(), counting_entropy(), told)
    offer = OFFER.format(port=6000)
    steps = (
        send("INVITE", 1, answered=False, headers=(CAN, SDP_BODY), body=offer),
        receive(100, optional=True),
        REMEMBER_RSEQ,
        send("PRACK", 2, headers=("RAck: [$rseq] 1 INVITE",)),
        receive(200),
        send("UPDATE", 3, headers=(CAN, SDP_BODY), body=offer),
        receive(200),
        receive(200, target=True),
        send("ACK", 1),
        send("UPDATE", 4, headers=(CAN, "Session-Expires: 600;refresher=uac")),
        receive(200),
        send("REFER", 5, headers=("Refer-To: <sip:1002@[remote_ip]>",)),
        receive(202),
        receive("NOTIFY"),
        answer_200(),
        receive("NOTIFY"),
        answer_200(),
        receive("BYE"),
        answer_200(),
    )

    async def main() -> str:
        house.start(HOST)
        said = await run_sipp(tmp_path, house.user_agent.settings.port, steps)
        await until(lambda: house.user_agent.idle)
        await house.stop()
        return said

    said = run_in_reactor(main, timeout=25)
    assert "Session-Expires: 600;refresher=uac" in said
    assert [type(each) for each in reports] == [
        SessionOffered,
        SessionReoffered,
        SessionConfirmed,
        SessionReferred,
        SessionEnded,
    ]
    assert house.counters["malformed"] == house.counters["failed"] == 0
