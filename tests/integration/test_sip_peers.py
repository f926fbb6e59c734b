"""The SIP stack against stacks that others wrote, over real sockets on the loopback."""

from pathlib import Path

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from cti.sip import sdp
from cti.sip.events import Ended, Report, SessionConfirmed, SessionEnded, SessionOffered
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import pause, reactor, run_in_reactor

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
            "sipp", [*options, "-nostdin", "-timeout", "15"], path=str(tmp_path), reactor=reactor()
        )
        await pause(0.05)
        assert house.user_agent.idle
        await house.stop()
        return int(code)

    assert run_in_reactor(main, timeout=20) == 0
    ended = [report for report in reports if isinstance(report, SessionEnded)]
    assert len(ended) == CALLS
    assert {report.why for report in ended} == {Ended.REMOTE}
    assert sum(isinstance(report, SessionConfirmed) for report in reports) == CALLS
    assert house.counters["malformed"] == house.counters["failed"] == 0
