"""Call control on a real user agent on the lossy link; only sound is a fake."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from cti.call.routing import Routing
from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId
from cti.sip.access.registrar import Binding
from cti.sip.events import Invitation, SessionId
from cti.sip.sdp import SessionDescription
from cti.sip.session.kept import KeptSession
from tests.support.fake_media import FakeMedia
from tests.support.lossy_link import LossyLink, Peer, counting_entropy
from tests.support.worlds import raise_error


class LinkCall:
    """A call later on the link's clock."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act: Callable[[], object] | None = act

    def fire(self) -> None:
        """Its time has come."""
        act, self._act = self._act, None
        if act is not None:
            act()

    def cancel(self) -> None:
        self._act = None

    def active(self) -> int:
        return self._act is not None


@implementer(IReactorTime)
class LinkClock:
    """The link's time as Twisted knows it."""

    def __init__(self, link: LossyLink) -> None:
        self._link = link

    def seconds(self) -> float:
        return self._link.now

    def callLater(self, delay: float, callable: Any, *args: object, **kw: object) -> Any:
        later = LinkCall(lambda: callable(*args, **kw))
        self._link.at(self._link.now + delay, later.fire)
        return later

    def getDelayedCalls(self) -> list[Any]:  # noqa: N802  (Twisted's name)
        return []


class PeerSignalling:
    """Implements `cti.call.signalling.Signalling` on a peer of the link."""

    def __init__(self, link: LossyLink, peer: Peer) -> None:
        self._link, self._peer = link, peer

    def invite(self, invitation: Invitation) -> SessionId:
        session, output = self._peer.user_agent.invite(invitation)
        self._peer.perform(output)
        return session

    def ring(
        self, session: SessionId, status: int = 180, description: SessionDescription | None = None
    ) -> None:
        self._peer.perform(self._peer.user_agent.ring(session, status, description))

    def accept(self, session: SessionId, description: SessionDescription) -> None:
        self._peer.perform(self._peer.user_agent.accept(session, description))

    def reject(
        self, session: SessionId, status: int, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self._peer.perform(self._peer.user_agent.reject(session, status, headers))

    def reinvite(self, session: SessionId, offer: SessionDescription | None) -> None:
        self._peer.perform(self._peer.user_agent.reinvite(session, offer))

    def refer(
        self,
        session: SessionId,
        target: str,
        *,
        replaces: SessionId | None = None,
        referred_by: str = "",
    ) -> None:
        agent = self._peer.user_agent
        self._peer.perform(agent.refer(session, target, replaces=replaces, referred_by=referred_by))

    def answer_refer(self, session: SessionId, refer: str, status: int) -> None:
        self._peer.perform(self._peer.user_agent.answer_refer(session, refer, status))

    def notify_refer(self, session: SessionId, refer: str, status: int) -> None:
        self._peer.perform(self._peer.user_agent.notify_refer(session, refer, status))

    def end(self, session: SessionId, reason: str = "") -> None:
        self._peer.perform(self._peer.user_agent.end(session, reason))

    def keep(self, session: SessionId) -> KeptSession | None:
        return self._peer.user_agent.keep(session)

    def resume(
        self,
        kept: KeptSession,
        *,
        secret: str = "",
        described: SessionDescription | None = None,
    ) -> None:
        agent = self._peer.user_agent
        now = self._link.now
        self._peer.perform(agent.resume(kept, now, secret=secret, described=described))

    def contacts(self, account: str) -> Sequence[Binding]:
        return self._peer.user_agent.contacts(account, self._link.now)


class LinkedSwitch:
    """A house on the link: `services` with everything it told."""

    def __init__(self, link: LossyLink, peer: Peer, entry: Callable[[CallId], None]) -> None:
        self.events: list[Event] = []
        self.media = FakeMedia()
        bus = Bus(raise_error)
        bus.subscribe(Event, self.events.append)
        self.switch = Switch(
            CallSettings(peer.endpoint.host, Path("/recordings"), Path("/music.wav")),
            LinkClock(link),
            bus,
            PeerSignalling(link, peer),
            self.media,
            counting_entropy(99),
        )
        self.services = CallServices(self.switch)
        self.services.route(Routing({"95588": entry}))
        self.media.listener = self.services
        peer.on_report = self.services.report
