"""A telephone outside on our own stack: calls, is called, says a tone, keeps what it hears."""

from typing import TypeVar

from sipmessage import URI, Address

from cti.media.port import MediaAddress
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
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import reactor, until
from tests.support.voice import Voice

HOST = "127.0.0.1"
R = TypeVar("R")


class Handset(Voice):
    """One line of a carrier: `reports` is everything its user agent said."""

    def __init__(
        self,
        name: str,
        frequency: float,
        *,
        port: int = 0,
        ringing: bool = False,
        early: bool = False,
    ) -> None:
        super().__init__(name, frequency)
        self.ringing = ringing
        """Whether it rings when it is called, instead of answering at once."""
        self.early = early
        """Whether it speaks before it answers (RFC 3960)."""
        self.reports: list[Report] = []
        self.session = SessionId("")
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
        return sdp.offer(HOST, self.port, codecs=("PCMA",))

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
        self.endpoint.end(self.session)
        await self.endpoint.stop()
        await super().leave()

    # --- inside -----------------------------------------------------------------------------

    def _report(self, report: Report) -> None:
        self.reports.append(report)
        match report:
            case SessionOffered(session=session, offer=offer):
                self.session = session
                if self.early:
                    self.endpoint.ring(session, 183, self._answer_to(offer))
                elif self.ringing:
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
                self._talk_to(theirs)

    def _talk_to(self, theirs: SessionDescription | None) -> None:
        if theirs is not None and theirs.audio is not None:
            self.talk_to(MediaAddress(theirs.host_of(theirs.audio), theirs.audio.port))

    def _answer_to(self, offer: SessionDescription | None) -> SessionDescription:
        if offer is None:
            return self.description()
        self._talk_to(offer)
        return sdp.answer(offer, HOST, self.port, codecs=("PCMA",))

    def _told(self, kind: type[R]) -> list[R]:
        return [report for report in self.reports if isinstance(report, kind)]
