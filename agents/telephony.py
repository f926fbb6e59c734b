"""What agents do with calls from the console: each checked by the table that draws the buttons.

A call is named by the agent's connection in it, or not at all: then it is the active one. A number
is anything that can be reached: an extension, an outside number, or ``queue:<id>``. Whom agents may
call outside is a matter of their rights (`agents.dialling`); colleagues and queues are there for
everybody who has a caller.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from twisted.internet.defer import Deferred

from agents.actions import Action, Workplace, require
from agents.desk.customer import masked
from agents.dialling import allowed, check_right
from agents.errors import (
    do_not_call,
    keys_unknown,
    may_not_dial,
    no_such_call,
    no_such_member,
    not_in_queue,
    number_unknown,
    queue_unknown,
)
from agents.events import BusyKind, DoNotCallOverridden
from agents.lines import Line
from cti.call.control import CallControl
from cti.call.model import Call, Party
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, DeviceId, QueueId
from cti.kernel.ports import CallHistoryPort, QueuePort, QueueRequest
from cti.kernel.vocabulary import Situation
from cti.trunks.numbers import Numbers, Reach
from customers.model import Customer

QUEUE = "queue:"
"""What the number of a queue begins with."""
_KEYS = re.compile(r"[0-9*#A-D]{1,32}")

FindCustomer = Callable[[str], Deferred[Customer | None]]
"""Whose number that is; None for nobody's, and for one that several have."""


class Workplaces(Protocol):
    """What telephony asks of the agents (implemented by `agents.service`)."""

    def place(self, agent_id: AgentId) -> Workplace:
        """All that decides what the agent can do now; Refused for nobody's id."""

    def extension_of(self, agent_id: AgentId) -> DeviceId:
        """The agent's telephone; Refused for nobody's id."""

    def queue_known(self, queue_id: QueueId) -> bool:
        """Whether there is such a queue."""

    def situation_of(self, call_id: CallId) -> Situation:
        """What the call was queued for last."""


class Telephony:
    """Call control for agents."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        workplaces: Workplaces,
        queues: QueuePort,
        numbers: Numbers,
        find_customer: FindCustomer,
        history: CallHistoryPort,
    ) -> None:
        self._clock, self._bus, self._control = clock, bus, control
        self._workplaces, self._queues, self._numbers = workplaces, queues, numbers
        self._find_customer, self._history = find_customer, history

    # --- one call ---------------------------------------------------------------------------

    def reject(self, agent_id: AgentId) -> None:
        """Do not take the call that rings: it goes to somebody else."""
        place = self._allowed(agent_id, Action.REJECT)
        assert place.ring is not None
        if place.ring.connection_id is not None:
            self._control.clear_connection(place.ring.connection_id, Party.AGENT)

    def hang_up(self, agent_id: AgentId, connection: ConnectionId | None = None) -> None:
        """Leave the call, or give up the one that is being dialled."""
        place = self._allowed(agent_id, Action.HANG_UP, connection)
        if place.active is not None:
            self._control.clear_connection(_id(place.active), Party.AGENT)
            return
        own = next(each for each in place.lines if not each.incoming)
        self._control.clear(own.call_id, Party.AGENT)

    def hold(self, agent_id: AgentId, connection: ConnectionId | None = None) -> None:
        """Let the other side hear music."""
        self._control.hold(self._active(agent_id, Action.HOLD, connection))

    def retrieve(self, agent_id: AgentId, connection: ConnectionId | None = None) -> None:
        """Talk on with a party on hold."""
        self._control.retrieve(self._active(agent_id, Action.RETRIEVE, connection))

    def mute(self, agent_id: AgentId, connection: ConnectionId | None, *, on: bool) -> None:
        """Be heard by nobody, or again."""
        self._control.mute(self._active(agent_id, Action.MUTE, connection), on)

    def keys(self, agent_id: AgentId, connection: ConnectionId | None, keys: str) -> None:
        """Press keys for everybody else in the call."""
        place = self._allowed(agent_id, Action.KEYS, connection)
        if not _KEYS.fullmatch(keys):
            raise keys_unknown()
        assert place.active is not None
        for member in place.active.members:
            if member.connection_id != place.active.connection_id:
                self._control.send_keys(member.connection_id, keys)

    def transfer(self, agent_id: AgentId, connection: ConnectionId | None, number: str) -> None:
        """Hand the other party on to a colleague, an outside number or a queue."""
        if number.startswith(QUEUE):
            queue_id = QueueId(number.removeprefix(QUEUE))
            self.transfer_queue(agent_id, connection, queue_id)
            return
        place = self._allowed(agent_id, Action.TRANSFER, connection)
        self._check(place, number)
        assert place.active is not None
        self._control.single_step_transfer(_id(place.active), number)

    def transfer_queue(
        self, agent_id: AgentId, connection: ConnectionId | None, queue_id: QueueId
    ) -> None:
        """Let the caller wait for somebody of that queue, with all that is known of them."""
        place = self._allowed(agent_id, Action.TRANSFER_QUEUE, connection)
        if not self._workplaces.queue_known(queue_id):
            raise queue_unknown(queue_id)
        assert place.active is not None
        call_id = place.active.call_id
        situation = self._workplaces.situation_of(call_id)
        self._control.park(_id(place.active))
        if (call := self._control.get(call_id)) is not None:
            self._queues.enqueue(call_id, _request(call, queue_id, situation))

    def drop(self, agent_id: AgentId, member: ConnectionId) -> None:
        """Take somebody else out of the conference; supervisors leave by themselves."""
        place = self._allowed(agent_id, Action.DROP)
        assert place.active is not None
        members = place.active.members
        others = {each.connection_id for each in members if each.party is not Party.SUPERVISOR}
        if member not in others - {place.active.connection_id}:
            raise no_such_member()
        self._control.clear_connection(member, Party.AGENT)

    # --- two calls --------------------------------------------------------------------------

    def consult(self, agent_id: AgentId, connection: ConnectionId | None, number: str) -> None:
        """Hold the call, and ask a colleague or somebody outside."""
        place = self._allowed(agent_id, Action.CONSULT, connection)
        if number.startswith(QUEUE):
            raise not_in_queue()
        self._check(place, number)
        assert place.active is not None
        self._control.consult(_id(place.active), number)

    def complete(self, agent_id: AgentId) -> None:
        """Leave the parties of both calls to each other."""
        self._control.transfer(*self._pair(agent_id, Action.COMPLETE))

    def conference(self, agent_id: AgentId) -> None:
        """Talk with the parties of both calls at once."""
        self._control.conference(*self._pair(agent_id, Action.CONFERENCE))

    def alternate(self, agent_id: AgentId) -> None:
        """Hold the one call, talk in the other."""
        self._control.alternate(*self._pair(agent_id, Action.ALTERNATE))

    def reconnect(self, agent_id: AgentId) -> None:
        """End the consultation, whichever of the two calls is talked in, and be with the caller."""
        held, active = self._pair(agent_id, Action.RECONNECT)
        place = self._workplaces.place(agent_id)
        asked = place.line(held)
        if asked is not None and asked.kind is BusyKind.CONSULT:
            self._control.clear_connection(held, Party.AGENT)
        else:
            self._control.reconnect(held, active)

    # --- calls of one's own -----------------------------------------------------------------

    async def dial(self, agent_id: AgentId, number: str, *, override: bool = False) -> CallId:
        """Call a colleague or an outside number; the agent's telephone is rung first.

        Refused without the right, and for a customer who does not want to be called, unless
        `override` says that the agent knows: then the journal knows, too.
        """
        place = self._allowed(agent_id, Action.DIAL)
        reach = self._check(place, number)
        customer = None
        if reach is not Reach.INTERNAL:
            customer = await self._find_customer(self._numbers.dialled(number).text)
        unwanted = customer is not None and customer.do_not_call
        if unwanted and not override:
            raise do_not_call()
        self._allowed(agent_id, Action.DIAL)
        call_id = self._control.make(self._workplaces.extension_of(agent_id), number)
        if customer is not None:
            self._tell(agent_id, call_id, customer, unwanted=unwanted)
        return call_id

    async def call_back(
        self, agent_id: AgentId, call_id: CallId, *, override: bool = False
    ) -> CallId:
        """Call whoever was in that call of the past; no refusal shows their number."""
        self._allowed(agent_id, Action.CALL_BACK)
        number = await self._history.number_of(call_id)
        if not number:
            raise number_unknown()
        place = self._allowed(agent_id, Action.CALL_BACK)
        if not allowed(number, place.may_dial, self._numbers):
            raise may_not_dial(masked(number), self._numbers.reach(self._numbers.dialled(number)))
        return await self.dial(agent_id, number, override=override)

    # --- inside -----------------------------------------------------------------------------

    def _tell(
        self, agent_id: AgentId, call_id: CallId, customer: Customer, *, unwanted: bool
    ) -> None:
        if unwanted:
            self._bus.publish(
                DoNotCallOverridden(
                    at=utc(self._clock),
                    call_id=call_id,
                    agent_id=agent_id,
                    customer_id=customer.customer_id,
                )
            )
        self._control.attach(
            call_id,
            customer_id=customer.customer_id,
            customer_name=customer.name(customer.language),
            service_level=customer.service_level,
            language=customer.language,
        )

    def _allowed(
        self, agent_id: AgentId, action: Action, connection: ConnectionId | None = None
    ) -> Workplace:
        """The agent's place, the named call in front; Refused when the action is impossible."""
        place = self._workplaces.place(agent_id)
        if connection is not None:
            named = place.line(connection)
            if named is None:
                raise no_such_call()
            others = [each for each in place.lines if each is not named]
            place = replace(place, lines=(named, *others))
        require(action, place)
        return place

    def _active(
        self, agent_id: AgentId, action: Action, connection: ConnectionId | None
    ) -> ConnectionId:
        place = self._allowed(agent_id, action, connection)
        assert place.active is not None
        return _id(place.active)

    def _pair(self, agent_id: AgentId, action: Action) -> tuple[ConnectionId, ConnectionId]:
        """The held connection and the active one."""
        place = self._allowed(agent_id, action)
        assert place.held is not None
        assert place.active is not None
        return _id(place.held), _id(place.active)

    def _check(self, place: Workplace, number: str) -> Reach:
        """What kind of number it is; colleagues, and help, may be called without any right."""
        return check_right(number, place.may_dial | {Reach.INTERNAL}, self._numbers)


def _id(line: Line) -> ConnectionId:
    assert line.connection_id is not None
    return line.connection_id


def _request(call: Call, queue_id: QueueId, situation: Situation) -> QueueRequest:
    data = call.user_data
    return QueueRequest(queue_id, data.language, data.service_level, situation)
