"""A telephone outside on our own stack: calls, is called, says a tone, keeps what it hears."""

from typing import TypeVar

from sipmessage import URI, Address
from twisted.internet.defer import CancelledError, Deferred

from cti.media.port import Codec, MediaAddress
from cti.sip import sdp
from cti.sip.events import (
    Invitation,
    Report,
    SessionAccepted,
    SessionAnswered,
    SessionConfirmed,
    SessionEnded,
    SessionId,
    SessionOffered,
    SessionProgressed,
    SessionReoffered,
)
from cti.sip.sdp import SessionDescription
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from tests.support.audio import Samples, tone
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import begin, reactor, until
from tests.support.rtp_phone import RtpPhone

HOST = "127.0.0.1"
R = TypeVar("R")


class Handset:
    """One line of a carrier: `reports` is everything its user agent said."""

    def __init__(
        self, name: str, frequency: float, *, port: int = 0, ringing: bool = False
    ) -> None:
        self.name, self.frequency = name, frequency
        self.ringing = ringing
        """Whether it rings when it is called, instead of answering at once."""
        self.reports: list[Report] = []
        self.session = SessionId("")
        self.phone = RtpPhone(Codec.PCMA)
        self._talking: Deferred[None] | None = None
        settings = UserAgentSettings(HOST, port, contact_user=name, trunks={HOST: "switch"})
        self.endpoint = SipEndpoint(
            reactor(), settings, KnownAccounts(), counting_entropy(id(self)), self._report
        )
        self.endpoint.start(HOST)

    # --- signalling -------------------------------------------------------------------------

    def dial(self, number: str, port: int, *, late: bool = False) -> None:
        """Call the switch at that port; `late` leaves the offer to it."""
        self.session = self.endpoint.invite(
            Invitation(
                target=f"sip:{number}@{HOST}:{port}",
                from_address=Address(URI("sip", HOST, user=self.name)),
                to_address=Address(URI("sip", HOST, user=number)),
                offer=None if late else self.description(),
            )
        )

    def description(self) -> SessionDescription:
        """What it says of itself."""
        return sdp.offer(HOST, self.phone.target.port, codecs=("PCMA",))

    def answer(self) -> None:
        """Take the call that rings."""
        self.endpoint.accept(self.session, self._answer_to(self.last(SessionOffered).offer))

    async def reports_of(self, kind: type[R], count: int = 1) -> R:
        """The report of that class, once there are so many."""
        await until(lambda: len(self._told(kind)) >= count)
        return self._told(kind)[count - 1]

    def last(self, kind: type[R]) -> R:
        """The latest report of that class."""
        return self._told(kind)[-1]

    @property
    def over(self) -> bool:
        """Whether its call has ended."""
        return bool(self._told(SessionEnded))

    async def leave(self) -> None:
        """Hang up and close everything."""
        if self._talking is not None:
            self._talking.cancel()
        self.endpoint.end(self.session)
        await self.endpoint.stop()
        await self.phone.hang_up()

    # --- sound ------------------------------------------------------------------------------

    def position(self) -> int:
        """How many packets have come."""
        return len(self.phone.packets)

    def heard(self, since: int) -> Samples:
        """What came after that position."""
        return self.phone.heard(since)

    def talk_to(self, description: SessionDescription | None) -> None:
        """Say the tone to whoever described themselves so, from now on."""
        if description is None or description.audio is None:
            return
        there = MediaAddress(description.host_of(description.audio), description.audio.port)
        self.phone.call(there.host, there.port)
        if self._talking is None:
            self._talking = begin(self.phone.talk(tone(self.frequency, 60.0, -12.0)))
            self._talking.addErrback(lambda failure: failure.trap(CancelledError))

    # --- inside -----------------------------------------------------------------------------

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        match report:
            case SessionOffered(session=session, offer=offer):
                self.session = session
                if self.ringing:
                    self.endpoint.ring(session)
                else:
                    self.endpoint.accept(session, self._answer_to(offer))
            case SessionReoffered(session=session, offer=offer):
                self.endpoint.accept(session, self._answer_to(offer))
            case SessionAccepted(session=session, description=theirs, offered=True):
                self.endpoint.answer(session, self._answer_to(theirs))
            case (
                SessionAccepted(description=theirs)
                | SessionConfirmed(description=theirs)
                | SessionProgressed(description=theirs)
                | SessionAnswered(description=theirs)
            ):
                self.talk_to(theirs)

    def _answer_to(self, offer: SessionDescription | None) -> SessionDescription:
        if offer is None:
            return self.description()
        self.talk_to(offer)
        return sdp.answer(offer, HOST, self.phone.target.port, codecs=("PCMA",))

    def _told(self, kind: type[R]) -> list[R]:
        return [report for report in self.reports if isinstance(report, kind)]
