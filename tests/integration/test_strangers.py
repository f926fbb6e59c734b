"""A stranger sprays a leg's port with everything there is: nobody hears it, and it hears nobody."""

import socket
from itertools import cycle

from twisted.internet.defer import Deferred

from cti.kernel.identifiers import CallId, ConnectionId
from cti.media.g711 import decode, silence
from cti.media.model import Codec
from cti.media.rtcp import Goodbye, ReceiverReport, SenderReport
from cti.media.rtp import RtpPacket
from cti.media.source_lock import PROVING_PACKETS
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

    def __init__(self, phone: RtpPhone, host: str, port: int) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for each in self._sockets:
            each.setblocking(False)
        self._to = (host, port)
        key = next(step.payload for step in press_steps("5") if step.payload)
        self._kinds = cycle(((8, NOISE), (0, NOISE), (101, key), (13, b"\x10"), (8, NOISE)))
        self._like = phone
        self._number = 0
        self.sent = 0

    async def spray(self, talking: Deferred[None]) -> None:
        """Go on for as long as they talk."""
        while not talking.called:
            self.say()
            await pause(0.005)

    def say(self) -> None:
        """Go on with a stream of its own, and with copies of the far side's last packet."""
        self._number += 1
        control = bytes(SenderReport(0x99, 1, 2, 3, 4)) + bytes(Goodbye((1,)))
        for sock in self._sockets:
            for ssrc, number in ((1, self._like.said), (0x99, self._number)):
                kind, payload = next(self._kinds)
                stamp = number * 160 % 2**32
                packet = RtpPacket(kind, number % 2**16, stamp, ssrc, payload)
                # Who does not hear us does not know the far side's SSRC, which RTCP asks for.
                for data in (bytes(packet), b"\x80\x08", control, bytes(ReceiverReport(1))):
                    sock.sendto(data, self._to)
                    sock.sendto(data, (self._to[0], self._to[1] + 1))
                    self.sent += 1

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


def said_to(phone: RtpPhone) -> list[bytes]:
    """What it heard of the other."""
    return [packet.payload for packet in phone.audio() if packet.payload != SILENCE]


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
        stranger = Stranger(one, host, port)
        # It is there before the far side says its first word, too briefly to be taken for it.
        for _ in range(PROVING_PACKETS - 1):
            stranger.say()
        begin(two.talk(tone(900, 1.0)))
        talking = begin(one.talk(tone(500, 1.0)))
        await until(lambda: said_to(two))
        spraying = begin(stranger.spray(talking))
        await talking
        engine.configure(ONE, one.target)
        await spraying
        await until(lambda: len(said_to(two)) >= 50)
        seen = await engine.close(ONE)
        assert (seen.received, seen.lost) == (50, 0)
        assert stranger.sent > 200
        assert not stranger.answered()
        assert not ear.told
        for phone, frequency in ((one, 900), (two, 500)):
            said = said_to(phone)
            assert NOISE not in said
            assert len(said) >= 45
            assert has_tone(decode(b"".join(said), Codec.PCMA), frequency, share=0.95)
        await engine.shut_down()
        for phone in phones:
            await phone.hang_up()

    run_in_reactor(main)
