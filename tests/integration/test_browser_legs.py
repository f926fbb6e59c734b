"""Browsers' legs against aiortc, an independent WebRTC stack, judged by tones."""

from typing import Any

import numpy as np
import pytest

from cti.call import negotiation
from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.port import Codec, MediaAddress, Security
from cti.sip.sdp import SessionDescription
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from tests.support.audio import has_tone, tone
from tests.support.peer_process import PeerProcess
from tests.support.reactor import begin, pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=34000, last_port=34198)
CALL = CallId("call")
PHONE, BROWSER = ConnectionId("phone"), ConnectionId("browser")
PEER = "tests.support.aiortc_peer"
BROWSERS_TONE, PHONES_TONE = 440.0, 950.0
LONGEST = 60.0
"""Seconds that the telephone has something to say."""


async def _offered(peer: PeerProcess, *, spoil: bool = False) -> SessionDescription:
    said = await peer.ask("offer")
    lines = [_hidden(line) for line in said["sdp"].splitlines()]
    if spoil:
        lines = [_spoiled(line) for line in lines]
    return SessionDescription.parse("\r\n".join(lines).encode())


def _hidden(line: str) -> str:
    """A browser's candidate as browsers name it who do not show their address."""
    fields = line.split()
    if fields and fields[0].startswith("a=candidate"):
        fields[4] = "4f3c8d40-b27d-4c31.local"
    return " ".join(fields)


def _spoiled(line: str) -> str:
    if not line.startswith("a=fingerprint:sha-256"):
        return line
    return line[:-2] + ("00" if line[-2:] != "00" else "01")


class Scene:
    """A telephone and a browser on one engine, bridged."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.engine = MediaEngine(reactor(), SETTINGS, self.ear)
        self.phone = RtpPhone(Codec.PCMA)

    async def begin(self) -> MediaAddress:
        address = await self.engine.open(PHONE, CALL)
        self.phone.call(address.host, address.port)
        self.engine.configure(PHONE, self.phone.target)
        browser = await self.engine.open(BROWSER, CALL, Security.DTLS)
        self.engine.hear(PHONE, [BROWSER])
        self.engine.hear(BROWSER, [PHONE])
        return browser

    async def end(self, peer: PeerProcess) -> None:
        await peer.close()
        await self.engine.shut_down()
        await self.phone.hang_up()


async def _heard_by(peer: PeerProcess, frequency: float) -> dict[str, Any]:
    while True:
        report: dict[str, Any] = await peer.ask("report")
        last = np.array(report["last"], np.int16)
        if len(last) >= 2000 and has_tone(last, frequency):
            return report
        await pause(0.1)


def test_a_browser_calls_and_both_hear_each_other() -> None:
    async def main() -> None:
        scene = Scene()
        peer = PeerProcess(PEER, BROWSERS_TONE)
        local = await scene.begin()
        offer = await _offered(peer)
        assert negotiation.security_of(offer) is Security.DTLS
        answer = negotiation.describe(local, offer)
        target = negotiation.target(offer, answer, local)
        assert target is not None
        scene.engine.configure(BROWSER, target)
        await peer.ask("accept", sdp=str(answer))
        talking = begin(scene.phone.talk(tone(PHONES_TONE, LONGEST)))
        report = await _heard_by(peer, PHONES_TONE)
        assert report["state"] == "connected"
        await until(lambda: has_tone(scene.phone.heard()[-2000:], BROWSERS_TONE))
        talking.cancel()
        talking.addErrback(lambda _: None)
        await scene.end(peer)

    run_in_reactor(main, timeout=15)


def test_a_browser_is_called_and_both_hear_each_other() -> None:
    async def main() -> None:
        scene = Scene()
        peer = PeerProcess(PEER, BROWSERS_TONE)
        local = await scene.begin()
        offer = negotiation.describe(local)
        said = await peer.ask("answer", sdp=str(offer))
        answer = SessionDescription.parse(said["sdp"].encode())
        target = negotiation.target(answer, answer, local)
        assert target is not None
        scene.engine.configure(BROWSER, target)
        talking = begin(scene.phone.talk(tone(PHONES_TONE, LONGEST)))
        await _heard_by(peer, PHONES_TONE)
        await until(lambda: has_tone(scene.phone.heard()[-2000:], BROWSERS_TONE))
        talking.cancel()
        talking.addErrback(lambda _: None)
        await scene.end(peer)

    run_in_reactor(main, timeout=15)


def test_a_browser_with_another_certificate_is_heard_by_nobody_and_hears_nobody() -> None:
    async def main() -> None:
        scene = Scene()
        peer = PeerProcess(PEER, BROWSERS_TONE)
        local = await scene.begin()
        offer = await _offered(peer, spoil=True)
        answer = negotiation.describe(local, offer)
        target = negotiation.target(offer, answer, local)
        assert target is not None
        scene.engine.configure(BROWSER, target)
        await peer.ask("accept", sdp=str(answer))
        await until(lambda: ("lost", BROWSER) in scene.ear.told)
        await pause(0.5)
        report = await peer.ask("report")
        assert report["frames"] == 0
        assert (await scene.engine.close(BROWSER)).received == 0
        await scene.end(peer)

    run_in_reactor(main, timeout=15)


def test_a_raw_browser_presses_a_key_and_gets_reports() -> None:
    async def main() -> None:
        scene = Scene()
        peer = PeerProcess("tests.support.raw_browser", BROWSERS_TONE)
        local = await scene.begin()
        said = await peer.ask("offer")
        offer = SessionDescription.parse(said["sdp"].encode())
        answer = negotiation.describe(local, offer)
        target = negotiation.target(offer, answer, local)
        assert target is not None
        scene.engine.configure(BROWSER, target)
        await peer.ask("accept", browser=0, sdp=str(answer))
        await until(lambda: len(scene.phone.heard()) > 2000)
        await until(lambda: has_tone(scene.phone.heard()[-2000:], BROWSERS_TONE))
        await peer.ask("press", browser=0, key="7")
        await until(lambda: ("key", BROWSER, "7") in scene.ear.told)
        report = await peer.ask("report", browser=0)
        while not report["reports"]:
            await pause(0.2)
            report = await peer.ask("report", browser=0)
        statistics = await scene.engine.close(BROWSER)
        assert report["received"] > 0
        assert report["refused"] == 0
        assert statistics.received > 10
        await scene.end(peer)

    run_in_reactor(main, timeout=15)


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("calls", [True, False], ids=["calls", "is called"])
def test_chromium_is_heard_hears_and_presses_a_key(calls: bool) -> None:
    async def main() -> None:
        scene = Scene()
        peer = PeerProcess("tests.support.chromium_peer", BROWSERS_TONE)
        local = await scene.begin()
        if calls:
            said = await peer.ask("offer")
            assert ".local" in said["sdp"]
            offer = SessionDescription.parse(said["sdp"].encode())
            answer = negotiation.describe(local, offer)
            target = negotiation.target(offer, answer, local)
            await peer.ask("accept", sdp=str(answer))
        else:
            said = await peer.ask("answer", sdp=str(negotiation.describe(local)))
            answer = SessionDescription.parse(said["sdp"].encode())
            target = negotiation.target(answer, answer, local)
        assert target is not None
        scene.engine.configure(BROWSER, target)
        talking = begin(scene.phone.talk(tone(PHONES_TONE, LONGEST)))
        await until(lambda: has_tone(scene.phone.heard()[-2000:], BROWSERS_TONE))
        report = await peer.ask("report")
        while abs(report["pitch"] - PHONES_TONE) > 12 or report["level"] < -60:
            await pause(0.1)
            report = await peer.ask("report")
        assert report["state"] == "connected"
        await peer.ask("press", key="5")
        await until(lambda: ("key", BROWSER, "5") in scene.ear.told)
        talking.cancel()
        talking.addErrback(lambda _: None)
        await scene.end(peer)

    run_in_reactor(main, timeout=30)
