"""Supervisors on calls: listen, whisper, barge in, take a call over; who did it is journalled.

The switch decides whether a call can be supervised now (``call.secure`` while its caller keys
something in secret to the IVR; whoever listens already hears nothing meanwhile). This service knows
who asks, for which agent, and until when: each `Supervised` but an interception is followed by one
that says STOP, whatever ended it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agents.errors import no_telephone, not_supervising, supervises_self
from agents.events import Supervised, Supervising
from agents.lines import talked_in
from cti.call.control import CallControl, Snoop
from cti.call.events import ConnectionCleared, Failed
from cti.call.model import Party
from cti.kernel.bus import Bus, Unsubscribe
from cti.kernel.clock import Clock, utc
from cti.kernel.events import Event
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role as StaffRole

SNOOPS = {
    Supervising.LISTEN: Snoop.LISTEN,
    Supervising.WHISPER: Snoop.WHISPER,
    Supervising.BARGE: Snoop.BARGE,
}


@dataclass(frozen=True, slots=True)
class Watch:
    """A supervisor at a call: `connection_id` is theirs."""

    supervisor_id: StaffId
    agent_id: AgentId
    call_id: CallId
    connection_id: ConnectionId
    mode: Supervising


class SupervisorService:
    """What supervisors do to the calls of agents."""

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        extension_of: Callable[[AgentId], DeviceId],
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._extension_of = extension_of
        self._watches: dict[ConnectionId, Watch] = {}
        self._subscriptions: list[Unsubscribe] = []

    def start(self, history: Iterable[Event] = ()) -> None:
        """Begin to listen; `history` tells who was at which call before a restart."""
        self._watches = watches_left(history)
        listen = self._bus.subscribe
        self._subscriptions = [
            listen(ConnectionCleared, lambda event: self._left(event.connection_id)),
            listen(Failed, lambda event: self._left(event.connection_id)),
        ]

    def take_up(self) -> None:
        """The switch has its calls: whoever is in none of them any more has stopped."""
        for watch in tuple(self._watches.values()):
            call = self._control.get(watch.call_id)
            if call is None or all(c.id != watch.connection_id for c in call.connections):
                self._left(watch.connection_id)

    def stop(self) -> None:
        """Listen no more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()

    # --- what supervisors wish --------------------------------------------------------------

    def supervise(self, principal: Principal, agent_id: AgentId, mode: Supervising) -> None:
        """Ring the supervisor's telephone into the agent's call in that mode, or change the mode.

        Refused for other roles, without a telephone or a call, and while the caller is with the
        IVR (``call.secure``).
        """
        mine = self._telephone(principal)
        if StaffId(agent_id) == principal.staff_id:
            raise supervises_self()
        call, agent = talked_in(self._control.calls(), self._extension_of(agent_id))
        if mode is Supervising.INTERCEPT:
            self._control.intercept(agent.id, mine)
            self._tell(principal.staff_id, agent_id, call.id, mode)
            return
        connection_id = self._control.snoop(call.id, mine, SNOOPS[mode], agent=agent.id)
        if connection_id:
            watch = Watch(principal.staff_id, agent_id, call.id, connection_id, mode)
            self._watches[connection_id] = watch
            self._tell(principal.staff_id, agent_id, call.id, mode, connection_id)

    def leave(self, principal: Principal) -> None:
        """Leave the call; Refused when the supervisor is at none."""
        principal.require(StaffRole.SUPERVISOR)
        watch = self.of(principal.staff_id)
        if watch is None:
            raise not_supervising()
        self._control.clear_connection(watch.connection_id, Party.SUPERVISOR)

    # --- looking ----------------------------------------------------------------------------

    def of(self, supervisor_id: StaffId) -> Watch | None:
        """The call that supervisor is at."""
        found = (each for each in self._watches.values() if each.supervisor_id == supervisor_id)
        return next(found, None)

    def of_agent(self, agent_id: AgentId) -> list[Watch]:
        """Who is at a call of that agent."""
        return [each for each in self._watches.values() if each.agent_id == agent_id]

    # --- inside -----------------------------------------------------------------------------

    @staticmethod
    def _telephone(principal: Principal) -> DeviceId:
        principal.require(StaffRole.SUPERVISOR)
        if not principal.extension:
            raise no_telephone()
        return DeviceId(principal.extension)

    def _left(self, connection_id: ConnectionId) -> None:
        watch = self._watches.pop(connection_id, None)
        if watch is not None:
            self._tell(
                watch.supervisor_id,
                watch.agent_id,
                watch.call_id,
                Supervising.STOP,
                connection_id,
            )

    def _tell(
        self,
        supervisor_id: StaffId,
        agent_id: AgentId,
        call_id: CallId,
        mode: Supervising,
        connection_id: ConnectionId | None = None,
    ) -> None:
        self._bus.publish(
            Supervised(
                at=utc(self._clock),
                call_id=call_id,
                supervisor_id=supervisor_id,
                agent_id=agent_id,
                mode=mode,
                connection_id=connection_id,
            )
        )


def watches_left(events: Iterable[Event]) -> dict[ConnectionId, Watch]:
    """Who is at which call after these events, oldest first."""
    watches: dict[ConnectionId, Watch] = {}
    for event in events:
        if not isinstance(event, Supervised) or event.connection_id is None:
            continue
        if event.mode is Supervising.STOP:
            watches.pop(event.connection_id, None)
            continue
        before = watches.get(event.connection_id) or Watch(
            event.supervisor_id, event.agent_id, event.call_id, event.connection_id, event.mode
        )
        watches[event.connection_id] = replace(before, mode=event.mode)
    return watches
