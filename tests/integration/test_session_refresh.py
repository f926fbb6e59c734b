"""A session over a real socket gives a sign of life before its time is over (RFC 4028)."""

import re
from pathlib import Path

import pytest

from cti.sip.session import session_timer
from cti.sip.session.session_timer import Terms
from tests.support.live_switch import LiveSwitch, answer_and_play, play
from tests.support.sipp_scenarios import CALL, HANG_UP, OFFER, answer_200, receive, run_sipp, send


@pytest.mark.needs("sipp")
def test_a_session_is_refreshed_before_it_runs_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the least interval of RFC 4028 (90 s) made 2 s."""
    monkeypatch.setattr(session_timer, "LEAST_INTERVAL", 2)
    headers = ("Supported: timer", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    expires = "Session-Expires: 2;refresher="
    agreed = answer_200().replace("Content-Length", f"{expires}uac\nContent-Length")
    refreshed = (receive("UPDATE"), agreed)
    asked = (*headers, f"{expires}uas", "Content-Type: application/sdp")
    invite = send("INVITE", 1, answered=False, headers=asked, body=OFFER.format(port=6000))
    steps = (invite, *CALL[1:], *refreshed, *refreshed, *HANG_UP)

    async def scene(switch: LiveSwitch) -> None:
        messages = await run_sipp(tmp_path, switch.port, steps)
        heard = [each for each in re.split("-{40,}", messages) if "message received" in each]
        granted = [each for each in heard if f"{expires}uas" in each]
        assert granted
        assert all("SIP/2.0 200" in each for each in granted)
        refreshed = [
            re.findall(r"CSeq: (\d+) UPDATE", each)[0] for each in heard if f"{expires}uac" in each
        ]
        assert len({*refreshed}) == 2, "refreshed by us twice, however often it was asked"
        await switch.quiet()

    play(tmp_path, answer_and_play, scene, terms=Terms(2, 2))
