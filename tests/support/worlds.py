"""The same little world around the fake and the real call control, for one suite on both.

A `World` does to call control what callers and telephones do; how, each implementation knows.
"""

import json
from base64 import b64encode
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from twisted.internet.task import Clock

from cti.call.control import CallControl, PlaceKeeper
from cti.call.kept import KeptCall
from cti.call.model import Cause
from cti.call.routing import Routing
from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import CallId, ConnectionId
from cti.kernel.plain import from_plain, to_plain
from cti.sip.access.registrar import Binding
from cti.sip.events import (
    BindingAdded,
    BindingMoved,
    BindingRemoved,
    Ended,
    Endpoint,
    SessionAccepted,
    SessionId,
    SessionProgressed,
    Transport,
)
from cti.sip.sdp import Crypto, DtlsIdentity, Keying, OwnSecurity, answer, offered_keying
from tests.support.fake_calls import FakeCalls
from tests.support.fake_lines import FakeLines
from tests.support.fake_media import FakeMedia
from tests.support.fake_signalling import FakeSignalling

KEYS: dict[Keying, OwnSecurity] = {
    Keying.PLAIN: None,
    Keying.SDES: (Crypto(1, "AES_CM_128_HMAC_SHA1_80", b64encode(bytes(30)).decode()),),
    Keying.DTLS: DtlsIdentity("sha-256 " + ":".join(["4A"] * 32), fragment="f", password="p" * 24),
}
"""How a telephone answers what it is offered."""
STATUS = {Cause.BUSY: 486, Cause.REFUSED: 603}


def raise_error(_event: Event, error: BaseException) -> None:
    """What a test's bus does with a listener's error."""
    raise error


class World(Protocol):
    """Callers and telephones around call control."""

    control: CallControl
    bus: Bus
    events: list[Event]

    def register(self, device: str) -> None: ...

    def unregister(self, device: str) -> None: ...

    def dial(self, calling: str = "13800138000", called: str = "95588") -> CallId: ...

    def press(self, call_id: CallId, keys: str) -> None: ...

    def finish_play(self, call_id: CallId) -> None: ...

    def hang_up(self, call_id: CallId) -> None: ...

    def phone_rings(self, connection_id: ConnectionId) -> None: ...

    def phone_answers(self, connection_id: ConnectionId) -> None: ...

    def phone_refuses(self, connection_id: ConnectionId, cause: Cause = Cause.BUSY) -> None: ...

    def phone_hangs_up(self, connection_id: ConnectionId) -> None: ...

    def line_leads_to(self, number: str) -> None: ...


MUSIC, RING_BACK = Path("/music.wav"), Path("/ring-back.wav")


class FakeWorld(FakeCalls):
    """The fake is its own world."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.bus = Bus(raise_error)
        self.bus.subscribe(Event, self.events.append)
        super().__init__(self.bus, Clock())
        self.control: CallControl = self

    def line_leads_to(self, number: str) -> None:
        """Some trunk leads to that outside number."""
        self.outside.add(number)


class RealWorld:
    """The real services between fake signalling and fake media."""

    def __init__(self, *, record: bool = True) -> None:
        self.events: list[Event] = []
        self.bus = bus = Bus(raise_error)
        bus.subscribe(Event, self.events.append)
        self.signalling, self.media, self.clock = FakeSignalling(), FakeMedia(), Clock()
        self._taken: list[CallId] = []
        self._record = record
        self._names = iter(range(1000))
        self.lines = FakeLines()
        self.keeper: PlaceKeeper | None = None
        self._begin()

    def keep_places(self, keeper: PlaceKeeper) -> None:
        """Wait for pages that are gone, after a restart too."""
        self.keeper = keeper
        self.services.keep_places(keeper)

    def _begin(self) -> None:
        """Call control of a process that knows of no call."""
        self.switch = Switch(
            CallSettings(
                "192.0.2.9",
                Path("/recordings"),
                MUSIC,
                ring_back=RING_BACK,
                record=self._record,
            ),
            self.clock,
            self.bus,
            self.signalling,
            self.media,
            lambda _: f"{next(self._names):x}",
            self.lines,
        )
        self.services = CallServices(self.switch)
        self.control: CallControl = self.services
        if self.keeper is not None:
            self.services.keep_places(self.keeper)
        self.services.route(Routing({"95588": self._taken.append}))
        self.media.listener = self.services
        self.signalling.on_report = self.services.report

    def restart(self, away: float = 1.5, expected: Collection[CallId] = ()) -> list[CallId]:
        """The process is killed, and another goes on with what was kept; gives those calls.

        Between the two there is JSON alone, as in a database. `expected` had legs a moment ago.
        """
        kept = [self.services.keep(call.id) for call in self.control.calls()]
        written = [json.dumps(to_plain(each)) for each in kept if each is not None]
        for delayed in tuple(self.clock.getDelayedCalls()):
            delayed.cancel()
        self.media.release()
        self.signalling.die()
        self.lines.up.clear()
        self._begin()
        calls = [from_plain(KeptCall, json.loads(each)) for each in written]
        lost = {leg.id for call in calls for leg in call.legs} - self.media.survivors
        going_on = self.services.resume(calls, away, expected)
        self.media.close_strays()
        self.services.legs_lost(sorted(lost))
        return going_on

    def register(self, device: str) -> None:
        contact = Binding(f"sip:{device}@192.0.2.7", Endpoint("192.0.2.7", 5060), device, 1, 3600.0)
        self.signalling.contacts_of[device] = [contact]
        self.services.report(BindingAdded(device))

    def register_page(self, device: str, page: str = "one.invalid") -> None:
        """A page registers, in the place of any other contact."""
        where = Endpoint("127.0.0.1", 40000, Transport.WS, f"ws-{page}")
        contact = Binding(f"sip:{device}@{page}", where, device, 1, 3600.0)
        report = BindingMoved if self.signalling.contacts_of.get(device) else BindingAdded
        self.signalling.contacts_of[device] = [contact]
        self.services.report(report(device))

    def lose_leg(self, connection_id: ConnectionId) -> None:
        """The telephone's sound is gone for good."""
        leg = self.switch.members[connection_id].leg
        assert leg is not None
        self.services.legs_lost([leg.id])

    def unregister(self, device: str) -> None:
        self.signalling.contacts_of.pop(device)
        self.services.report(BindingRemoved(device))

    def dial(self, calling: str = "13800138000", called: str = "95588") -> CallId:
        self.services.report(self.signalling.offered(calling, called))
        return self._taken[-1]

    def phone_dials(self, device: str, called: str) -> CallId:
        """A telephone of the house dials a number."""
        before = {call.id for call in self.control.calls()}
        self.services.report(self.signalling.offered(device, called, account=device))
        (made,) = [call.id for call in self.control.calls() if call.id not in before]
        return made

    def line_leads_to(self, number: str) -> None:
        self.lines.ways[number] = ("carrier",)

    def press(self, call_id: CallId, keys: str) -> None:
        for key in keys:
            self.media.press(self._caller(call_id), key)

    def finish_play(self, call_id: CallId) -> None:
        self.media.finish(self._caller(call_id))

    def hang_up(self, call_id: CallId) -> None:
        self.signalling.over(self.session(self._caller(call_id)), Ended.REMOTE)

    def phone_rings(self, connection_id: ConnectionId) -> None:
        self.services.report(SessionProgressed(self.session(connection_id), 180, None))

    def phone_answers(self, connection_id: ConnectionId) -> None:
        session = self.session(connection_id)
        ours = self.signalling.invited[session].offer
        assert ours is not None
        description = answer(ours, "192.0.2.7", 40000, security=KEYS[offered_keying(ours)])
        self.services.report(SessionAccepted(session, description))

    def phone_refuses(self, connection_id: ConnectionId, cause: Cause = Cause.BUSY) -> None:
        self.signalling.over(self.session(connection_id), Ended.REJECTED, STATUS[cause])

    def phone_hangs_up(self, connection_id: ConnectionId) -> None:
        self.signalling.over(self.session(connection_id), Ended.REMOTE)

    def session(self, leg: ConnectionId) -> SessionId:
        """The SIP session that carries the leg."""
        carrying = self.switch.members[leg].leg
        assert carrying is not None
        assert carrying.session is not None
        return carrying.session

    def _caller(self, call_id: CallId) -> ConnectionId:
        call = self.control.get(call_id)
        assert call is not None
        assert call.caller is not None
        return call.caller.id
