"""A session over a real socket gives a sign of life before its time is over (RFC 4028)."""

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
        assert messages.count(f"{expires}uas") == 2, "asked for and granted"
        assert messages.count(f"{expires}uac") == 4, "refreshed by us twice"
        await switch.quiet()

    play(tmp_path, answer_and_play, scene, terms=Terms(2, 2))
