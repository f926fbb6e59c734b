"""A stranger sprays a leg's port with everything there is: nobody hears it, and it hears nobody."""

import socket
from itertools import cycle

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.g711 import decode, silence
from cti.media.model import Codec
from cti.media.rtcp import Goodbye, ReceiverReport, SenderReport
from cti.media.rtp import RtpPacket
from cti.media.telephone_event import press_steps
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings
from tests.support.audio import has_tone, tone
from tests.support.reactor import begin, pause, reactor, run_in_reactor, until
from tests.support.rtp_phone import Ear, RtpPhone

SETTINGS = MediaSettings(first_port=33200, last_port=33398)
CALL, ONE, TWO = CallId("call"), ConnectionId("one"), ConnectionId("two")
NOISE = b"\x2a\xaa" * 80
SILENCE = silence(Codec.PCMA)


class Stranger:
    """Sends RTP of every kind, RTCP and rubbish, from two ports; keeps what it gets."""

    def __init__(self, host: str, port: int, like: RtpPacket) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for each in self._sockets:
            each.setblocking(False)
        self._to = (host, port)
        key = next(step.payload for step in press_steps("5") if step.payload)
        self._kinds = cycle(((8, NOISE), (0, NOISE), (101, key), (13, b"\x10"), (8, NOISE)))
        self._like, self._number = like, like.sequence
        self.sent = 0

    async def spray(self, seconds: float) -> None:
        """Own streams in sequence, and some under the far side's own SSRC and numbers."""
        control = bytes(SenderReport(0x99, 1, 2, 3, 4)) + bytes(Goodbye((1,)))
        for _ in range(int(seconds / 0.005)):
            for sock in self._sockets:
                for ssrc in (self._like.ssrc, 0x99):
                    kind, payload = next(self._kinds)
                    self._number += 1
                    stamp = self._number * 160 % 2**32
                    packet = RtpPacket(kind, self._number % 2**16, stamp, ssrc, payload)
                    # Who does not hear us does not know the far side's SSRC, which RTCP asks for.
                    for data in (bytes(packet), b"\x80\x08", control, bytes(ReceiverReport(1))):
                        sock.sendto(data, self._to)
                        sock.sendto(data, (self._to[0], self._to[1] + 1))
                        self.sent += 1
            await pause(0.005)

    def answered(self) -> int:
        """How many datagrams came back."""
        count = 0
        for sock in self._sockets:
            try:
                while sock.recv(2048):
                    count += 1
            except BlockingIOError:
                sock.close()
        return count


def test_a_stranger_changes_neither_what_is_heard_nor_where_we_send() -> None:
    async def main() -> None:
        ear = Ear()
        engine = MediaEngine(reactor(), SETTINGS, ear)
        phones = []
        for number, name in enumerate((ONE, TWO)):
            address = await engine.open(name, CALL)
            phone = RtpPhone(Codec.PCMA, ssrc=number + 1)
            phone.call(address.host, address.port)
            engine.configure(name, phone.target)
            phones.append(phone)
        one, two = phones
        engine.hear(ONE, [TWO])
        engine.hear(TWO, [ONE])
        assert one._destination is not None
        host, port = one._destination
        like = RtpPacket(8, 65_500, 2**32 - 4000, 1, b"")
        stranger = Stranger(host, port, like)
        # It is there before the far side says its first word, and all the while.
        spraying = begin(stranger.spray(1.2))
        begin(two.talk(tone(900, 1.0)))
        await one.talk(tone(500, 1.0))
        engine.configure(ONE, one.target)
        await spraying
        await until(lambda: len(two.audio()) >= 50)
        seen = await engine.close(ONE)
        assert (seen.received, seen.lost) == (50, 0)
        assert stranger.sent > 1000
        assert not stranger.answered()
        assert not ear.told
        for phone, frequency in ((one, 900), (two, 500)):
            said = [packet.payload for packet in phone.audio() if packet.payload != SILENCE]
            assert NOISE not in said
            assert len(said) >= 45
            assert has_tone(decode(b"".join(said), Codec.PCMA), frequency, share=0.95)
        await engine.shut_down()
        for phone in phones:
            await phone.hang_up()

    run_in_reactor(main)
