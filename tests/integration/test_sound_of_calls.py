"""Sound while calls go on: it moves, strangers stay out of it, and a flood does not reach it."""

import socket
from pathlib import Path
from typing import cast

from sipmessage import URI, Address
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher

from cti.call.events import (
    MediaReported,
    RecordingStopped,
)
from cti.media.g711 import FRAME_SAMPLES
from cti.media.port import Codec, MediaAddress
from cti.sip import sdp
from cti.sip.events import Invitation, Report, SessionAccepted, SessionEnded
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from tests.support.audio import RATE, goertzel, has_tone, parts_with, read_wave, tone
from tests.support.datagrams import accounted_for, dropped
from tests.support.live_switch import (
    HOST,
    NUMBER,
    PROMPT,
    LiveSwitch,
    answer_and_play,
    play,
)
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.media_stage import LOOK, taken_in
from tests.support.reactor import begin, pause, reactor, stood_still, until
from tests.support.rtp_phone import RtpPhone

TORTURE = Path(__file__).parent.parent / "data" / "rfc4475"
FLOOD_SECONDS = 3.0


class Handset:
    """A caller from the trunk on our own stack, whose sound a test makes and keeps."""

    def __init__(self, switch: LiveSwitch) -> None:
        self.accepted: list[SessionAccepted] = []
        self.over = False
        self.phone = RtpPhone(Codec.PCMA)
        settings = UserAgentSettings(HOST, 0, trunks={HOST: "switch"})
        self.endpoint = SipEndpoint(
            reactor(), settings, KnownAccounts(), counting_entropy(5), self.told
        )
        self.endpoint.start(HOST)
        self.session = self.endpoint.invite(
            Invitation(
                target=f"sip:{NUMBER}@{HOST}:{switch.port}",
                from_address=Address(URI("sip", HOST, user="13800138000")),
                to_address=Address(URI("sip", HOST, user=NUMBER)),
                offer=self.offer(self.phone),
            )
        )

    @staticmethod
    def offer(phone: RtpPhone) -> sdp.SessionDescription:
        """What the caller says of that telephone."""
        return sdp.offer(HOST, phone.target.port, codecs=("PCMA",))

    def told(self, report: Report) -> None:
        if isinstance(report, SessionAccepted):
            self.accepted.append(report)
        elif isinstance(report, SessionEnded):
            self.over = True

    async def answered(self, count: int = 1) -> MediaAddress:
        """Where the switch listens, once it accepted so many offers."""
        await until(lambda: len(self.accepted) >= count)
        description = self.accepted[count - 1].description
        assert description is not None
        assert description.audio is not None
        return MediaAddress(description.host_of(description.audio), description.audio.port)

    async def hang_up(self) -> None:
        """Leave, and close everything."""
        self.endpoint.end(self.session)
        await self.endpoint.stop()
        await self.phone.hang_up()


def test_sound_follows_a_reinvite_to_a_new_address(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        caller = Handset(switch)
        address = await caller.answered()
        caller.phone.call(address.host, address.port)
        await caller.phone.talk(tone(500.0, 0.3))
        await taken_in(caller.phone)  # what is said before counts only if it comes before
        elsewhere = RtpPhone(Codec.PCMA, ssrc=0x4321)
        caller.endpoint.reinvite(caller.session, caller.offer(elsewhere))
        again = await caller.answered(2)
        assert again == address, "our side of it does not move"
        elsewhere.call(again.host, again.port)
        await until(lambda: elsewhere.packets)
        await pause(LOOK)  # by then what was sent before is read here
        before = len(caller.phone.packets)
        await elsewhere.talk(tone(500.0, 0.5))
        await taken_in(elsewhere)
        assert len(caller.phone.packets) == before
        assert parts_with(elsewhere.heard(), PROMPT)
        await caller.hang_up()
        await elsewhere.hang_up()
        figures = await switch.heard_of(MediaReported)
        assert figures.packets_received == 40

    play(tmp_path, answer_and_play, scene)


def test_a_stranger_is_neither_heard_nor_answered(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        caller, stranger = Handset(switch), RtpPhone(Codec.PCMA, ssrc=0x666)
        address = await caller.answered()
        stranger.call(address.host, address.port)
        caller.phone.call(address.host, address.port)
        await caller.phone.talk(tone(500.0, 0.1))
        await stranger.press("9")
        shouting = begin(stranger.talk(tone(900.0, 0.6)))
        await caller.phone.talk(tone(500.0, 0.6))
        await shouting
        await taken_in(caller.phone)
        assert not stranger.packets
        assert not switch.keys
        assert parts_with(caller.phone.heard(), PROMPT)
        await caller.hang_up()
        await stranger.hang_up()
        stopped = await switch.heard_of(RecordingStopped)
        recorded = read_wave(tmp_path / "recordings" / stopped.file)[:, 0]
        assert not parts_with(recorded, 900.0, FRAME_SAMPLES)
        assert len(parts_with(recorded, 500.0, FRAME_SAMPLES)) > 20
        if not stood_still():
            assert goertzel(recorded, 900.0) < 0.001

    play(tmp_path, answer_and_play, scene)


def test_a_flood_of_nonsense_disturbs_no_call_and_fills_no_log(tmp_path: Path) -> None:
    nonsense = [path.read_bytes() for path in sorted(TORTURE.glob("*.dat"))]
    nonsense += [b"", b"\r\n\r\n", bytes(range(256)), b"INVITE" * 2000]
    logged: list[LogEvent] = []

    async def scene(switch: LiveSwitch) -> None:
        caller = Handset(switch)
        address = await caller.answered()
        caller.phone.call(address.host, address.port)
        await caller.phone.talk(tone(500.0, 0.2))
        globalLogPublisher.addObserver(cast(ILogObserver, logged.append))
        endpoint = switch.service.endpoint
        before, malformed = accounted_for(endpoint), endpoint.counters["malformed"]
        sent = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.setblocking(False)
            talking = begin(caller.phone.talk(tone(500.0, FLOOD_SECONDS)))
            for _ in range(round(FLOOD_SECONDS / 0.02)):
                for _ in range(10):
                    data = nonsense[sent % len(nonsense)]
                    sent += 1
                    flood.sendto(data, (HOST, switch.port))
                    flood.sendto(data[:2000], (address.host, address.port))
                await pause(0.02)
            await talking
            await taken_in(caller.phone)
        await until(lambda: accounted_for(endpoint) >= before + sent)
        globalLogPublisher.removeObserver(cast(ILogObserver, logged.append))
        made_out = endpoint.counters["malformed"] - malformed
        assert made_out + accounted_for(endpoint) - endpoint.counters["received"] > sent * 0.4
        assert len(endpoint.user_agent._core.layer) < 100
        unread = dropped(address.port)
        await caller.hang_up()
        figures = await switch.heard_of(MediaReported)
        assert figures.packets_lost <= unread, "lost in the house"
        sequences = [packet.sequence for packet in caller.phone.packets]
        assert sequences == [(sequences[0] + n) % 2**16 for n in range(len(sequences))]
        assert has_tone(caller.phone.heard()[RATE : 2 * RATE], PROMPT, share=0.95)
        assert len(logged) < 20

    play(tmp_path, answer_and_play, scene)
