"""The engine: joins the matcher with live calls and agents, in the reactor turn they come.

It owns the fact *this call waits*: from `CallQueued` to exactly one of `CallAnswered`,
`CallAbandoned` and `CallFlowedOut`. Agents are told of their calls through the `offer` function
it is given, which rings the phone at once.

Whoever comes is matched first and only then measured against the limits of the queue, so nobody is
turned away whom somebody can take. What an event costs does not grow with those who wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from twisted.logger import Logger

from agents.acd.call_backs import CallBacks, Store
from agents.acd.deadlines import Deadlines
from agents.acd.floor import Floor, QueueView
from agents.acd.leading import Due, Look
from agents.acd.matcher import Assignment, Matcher
from agents.acd.matching import Matching
from agents.acd.outflow import Outflow, WaitingPorts
from agents.acd.overflow import Destination, Limit, ToCallBack, ToNumber, ToQueue
from agents.acd.policy import Agent
from agents.acd.preferring import Preferring
from agents.acd.promising import Promising
from agents.acd.queue import Acquaintance, WaitingCall
from agents.acd.staffing import Staffing
from agents.acd.stays import Stay, Stays
from agents.acd.telling import Telling
from agents.acd.waiting import Place, Sounds, WaitingRoom
from agents.errors import queue_unknown
from agents.events import OfferOutcome
from agents.left import LeftWait
from agents.model import AgentSettings, Queue
from cti.call.control import CallControl
from cti.call.events import CallCleared, UserDataAttached
from cti.call.model import Call, Cause, Party
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import AgentId, CallId, QueueId
from cti.kernel.ports import IN_FRONT, QueueRequest
from prompts.catalogue import Announcement

REQUEUED, CLOSING, CALL_BACK = "requeued", "closing", "call_back"
"""Reasons for which a call flows out, beside its queue's limits and the causes of calls that the
system clears.
"""


PROMISED, HELLO = Announcement("call_back.promised"), Announcement("call_back.hello")
ONE_MOMENT = Announcement("call_back.one_moment")


class Engine:
    """Distributes the calls of every queue."""

    log = Logger()

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        control: CallControl,
        sounds: Sounds,
        floor: Floor,
        queues: Callable[[], Mapping[QueueId, Queue]],
        settings: AgentSettings,
        store: Store,
        ports: WaitingPorts | None = None,
        matcher: Matcher | None = None,
    ) -> None:
        self._clock, self._control = clock, control
        self._floor, self._queues = floor, queues
        self._sounds = sounds
        self._ports = ports or WaitingPorts()
        self._outflow = Outflow(control, sounds, self._ports)
        self.call_backs = CallBacks(
            clock=clock,
            bus=bus,
            control=control,
            store=store,
            lines=self,
            desk=floor,
            queues=queues,
            zone=self._ports.zone,
        )
        self._matching = Matching(
            clock,
            matcher
            or Matcher(lambda queue_id: queues()[queue_id].rules, settings.expected_handling),
            assign=self._assign,
            lost=self.offer_lost,
            stir=self.call_backs.stir,
        )
        self._stays = Stays()
        self._promising = Promising(
            clock=clock,
            control=control,
            sounds=sounds,
            stays=self._stays,
            queues=queues,
            places=self,
            call_backs=self.call_backs,
            ports=self._ports,
        )
        self._room = WaitingRoom(clock, control, sounds, self._promising)
        self._staffing = Staffing(queues)
        self._telling = Telling(bus, control)
        self._preferring = Preferring(clock, control, self._ports.preferences, self._acquainted)
        self._limits: dict[QueueId, Deadlines] = {}

    # --- calls ------------------------------------------------------------------------------

    def enqueue(self, call_id: CallId, request: QueueRequest) -> None:
        """Let the call wait; Refused when nobody knows the queue. A gone call is ignored."""
        if request.queue_id not in self._queues():
            raise queue_unknown(request.queue_id)
        call = self._control.get(call_id)
        if call is None:
            return
        self.flow_out(call_id, REQUEUED)
        now = utc(self._clock)
        visited = frozenset({request.queue_id})
        stay = Stay(_as_waiting(call, request, now.timestamp()), now, visited)
        self._admit(stay, request.greeting)

    def flow_out(self, call_id: CallId, reason: str) -> None:
        """Take the call out of its queue though the caller stays; nothing if it is in none."""
        self._flow_out(call_id, reason, utc(self._clock))

    def take_up(self, call: Call, left: LeftWait) -> None:
        """Let the call wait where it waited before a restart, as if it had never left its place.

        Where its wait was over, nobody talks with it by now: it waits once more.
        """
        queue = self._queues().get(left.queue_id)
        if queue is None:
            self._control.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
            return
        language = call.user_data.language
        request = QueueRequest(
            queue.queue_id,
            language,
            left.service_level,
            left.situation,
            head_start=left.head_start,
        )
        waiting = _as_waiting(call, request, left.since.timestamp())
        since = utc(self._clock) if left.over else left.since
        stay = Stay(waiting, since, frozenset({*left.visited, queue.queue_id}))
        stay.spent.update((Limit.MOST, Limit.EXPECT))  # they had been let in
        self._stays.add(stay)
        if left.over:
            self._telling.queued(stay)
        settle = partial(self._settle, stay, (), foreseen=left.over)
        self._preferring.first(stay, queue.rules, settle)

    def stop(self, *, leaving: bool = False) -> None:
        """Take every call out of its queue as the house closes, or leave them to the next one."""
        for stay in self._stays:
            if leaving:
                self._promising.break_off(stay.call_id)
                self._room.leave(stay.call_id)
            else:
                self.flow_out(stay.call_id, CLOSING)
        for limits in self._limits.values():
            limits.stop()
        self._preferring.stop()
        self._matching.stop()
        self.call_backs.stop()

    def call_cleared(self, event: CallCleared) -> None:
        """The call is over: abandoned if the caller hung up waiting, at the instant of its end."""
        self.call_backs.call_cleared(event)
        if event.cleared_by not in (Party.CALLER, Party.CALLED):
            self._flow_out(event.call_id, event.cause.value, event.at)
        elif stay := self._forget(event.call_id):
            self._telling.abandoned(stay, event.at)

    def more_known(self, event: UserDataAttached) -> None:
        """The caller is surer known than before, or by another name."""
        stay = self._stays.get(event.call_id)
        if stay is None:
            return
        if stay.call.verification is not event.verification:
            self._change(stay, replace(stay.call, verification=event.verification))
        self._preferring.ask(stay, self._queue(stay).rules)

    def passed_on(self, call_id: CallId, *, answered: bool) -> None:
        """Somebody who was called for a waiting caller answered, or did not: they are back."""
        stay = self._stays.get(call_id)
        if stay is None or stay.passing is None:
            return
        limit, stay.passing = stay.passing, None
        if answered:
            self._out(stay, limit)
        else:
            self._return(stay)

    # --- agents -----------------------------------------------------------------------------

    def agent_free(self, agent: Agent) -> None:
        """The agent takes the next call."""
        self._matching.agent_free(agent)

    def agent_gone(self, agent_id: AgentId) -> None:
        """The agent takes no calls."""
        self._matching.agent_gone(agent_id)

    def agent_staffed(self, agent: Agent) -> None:
        """The agent serves callers from now on, though they may be taken at first."""
        self._staffing.add(agent)
        self._matching.agent_staffed(agent)

    def agent_unstaffed(self, agent_id: AgentId) -> None:
        """The agent serves nobody any more; callers whom nobody serves now may flow out."""
        left = self._staffing.remove(agent_id)
        self._matching.agent_unstaffed(agent_id)
        for queue_id, language in left:
            if Limit.EMPTY in self._queues()[queue_id].waiting.bounds:
                for stay in self._stays.within(queue_id):
                    if stay.call.language is language and self.unoffered(stay):
                        self._meet(stay, Limit.EMPTY, 0.0)

    def offer_ended(self, agent_id: AgentId, call_id: CallId, outcome: OfferOutcome) -> None:
        """The call is answered, gone, or waits on at its old place."""
        self.call_backs.offer_ended(call_id, outcome)
        stay = self._stays.get(call_id)
        if stay is None:
            return
        if outcome is OfferOutcome.ACCEPTED:
            self._taken(stay, agent_id)
            self._forget(call_id)
            self._promising.served(stay)
            self._telling.answered(stay, agent_id, utc(self._clock))
        elif outcome is OfferOutcome.CALLER_LEFT:
            self._matching.left(call_id)
        else:
            self._offer_failed(stay)
            self._late(stay)

    def _taken(self, stay: Stay, agent_id: AgentId) -> None:
        """The agent's handling time begins; the matcher knows no call of who was called back."""
        if stay.promised:
            self._matching.agent_taken(agent_id, stay.queue_id)
        else:
            self._matching.taken(stay.call_id)

    def call_handled(self, queue_id: QueueId, seconds: float) -> None:
        """An agent was taken by a call of that queue for so long."""
        self._matching.handled(queue_id, seconds)

    # --- looking ----------------------------------------------------------------------------

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place and expected wait; None unless the call waits unoffered."""
        return self._matching.place(call_id)

    def view(self, queue: Queue) -> QueueView:
        """The queue at this moment."""
        waiting, oldest = self._stays.count(queue.queue_id), self._stays.oldest(queue.queue_id)
        promised = self.call_backs.count(queue.queue_id)
        return QueueView(
            queue.queue_id,
            queue.names,
            waiting,
            oldest,
            queue.threshold,
            promised,
            self.call_backs.out(queue.queue_id),
        )

    def waiting_since(self, call_id: CallId) -> datetime | None:
        """Since when the call waits, None if it does not."""
        stay = self._stays.get(call_id)
        return stay.since if stay else None

    def waiting(self) -> tuple[CallId, ...]:
        """Every caller on the line who waits for an agent, unlike who is passed on to a number."""
        return tuple(stay.call_id for stay in self._stays if stay.passing is None)

    def waits(self, call_id: CallId) -> bool:
        """Whether that is one of them."""
        stay = self._stays.get(call_id)
        return stay is not None and stay.passing is None

    def offered(self, call_id: CallId) -> bool | None:
        """Whether the matcher has the call that waits offered; None where it does not know it.

        Who was called back for an agent is theirs without the matcher.
        """
        stay = self._stays.get(call_id)
        return (stay is not None and stay.promised) or self._matching.offered(call_id)

    def free(self, agent_id: AgentId) -> bool:
        """Whether the matcher may give the agent a call."""
        return self._matching.free(agent_id)

    # --- what was lost ----------------------------------------------------------------------

    def offer_lost(self, call_id: CallId) -> None:
        """Nobody holds the offer of that call: it waits on."""
        if (stay := self._stays.get(call_id)) is not None:
            self._offer_failed(stay)
            self._late(stay)

    def place_again(self, call_id: CallId) -> None:
        """The matcher does not know the call that waits: it takes its old place."""
        if (stay := self._stays.get(call_id)) is not None:
            self._matching.arrived(stay.call)

    # --- what else callers and call-backs ask ------------------------------------------------

    def unoffered(self, stay: Stay) -> bool:
        """Whether the caller waits and no telephone rings for them."""
        return self._matching.unoffered(stay.call_id)

    def wait_on(self, stay: Stay) -> None:
        """Music and announcements again for who waits, after they were talked to."""
        if self._stays.get(stay.call_id) is stay:
            self._room.enter(stay.call_id, stay.call.language, self._queue(stay).waiting)

    def silence(self, stay: Stay) -> None:
        """No music and no announcements, for the caller is talked to."""
        self._room.leave(stay.call_id)

    def leave_promised(self, stay: Stay) -> None:
        """The caller leaves, thanked, to be called back."""
        self._flow_out(stay.call_id, CALL_BACK, utc(self._clock), ToCallBack())
        self._outflow.farewell(stay.call_id, stay.call.language, [PROMISED])

    def move_up(self, stay: Stay, arrived: float) -> None:
        """The caller has waited since then, if that is longer than was known."""
        if self._stays.get(stay.call_id) is stay and arrived < stay.call.arrived:
            self._change(stay, replace(stay.call, arrived=arrived))

    def line_up(self, call: WaitingCall) -> None:
        """A call-back waits like a caller."""
        self._matching.arrived(call)

    def take_out(self, waiting_id: CallId) -> None:
        """It waits no more; nothing if it does not."""
        self._matching.left(waiting_id)

    def rung_ahead(self, look: Look) -> Due:
        """Which call-backs go out though no agent is theirs yet."""
        return self._matching.rung_ahead(look)

    def receive(self, call: WaitingCall, *, reserved: bool) -> None:
        """The customer is on the line and waits from now on: for their agent, or as the next."""
        now = utc(self._clock)
        if not reserved:
            call = replace(call, arrived=min(call.arrived, now.timestamp() - IN_FRONT))
        stay = Stay(call, now, frozenset({call.queue_id}), promised=reserved)
        self._stays.add(stay)
        self._telling.queued(stay)
        if not reserved:
            self._matching.arrived(call)
            place = self.place(call.call_id)
            stay.forecast = place.wait if place is not None else None
        spoken = self._sounds.sounds([HELLO if reserved else ONE_MOMENT], call.language)
        spoken.addCallback(self._greet, stay)

    def _greet(self, paths: list[Path], stay: Stay) -> None:
        if self._stays.get(stay.call_id) is stay:
            waiting = self._queue(stay).waiting
            self._room.enter(stay.call_id, stay.call.language, waiting, tuple(paths))
        else:
            self._sounds.release(paths)

    def _offer_failed(self, stay: Stay) -> None:
        """The caller waits again; one called back, whom the matcher did not know, does at last."""
        if stay.promised:
            stay.promised = False
            self._matching.arrived(stay.call)
        else:
            self._matching.failed(stay.call_id)

    # --- coming and going -------------------------------------------------------------------

    def _admit(self, stay: Stay, greeting: tuple[Path, ...]) -> None:
        """The caller comes to the queue, from outside or from another queue."""
        self._stays.add(stay)
        self._control.attach(stay.call_id, queue_id=stay.queue_id)
        self._telling.queued(stay)
        settle = partial(self._settle, stay, greeting, foreseen=True)
        self._preferring.first(stay, self._queue(stay).rules, settle)

    def _settle(self, stay: Stay, greeting: tuple[Path, ...], *, foreseen: bool) -> None:
        """Give the caller to whoever is free, or where the limits lead, or let them wait.

        Unless it is `foreseen` now, what was expected as they came is forgotten.
        """
        if self._stays.get(stay.call_id) is stay:
            self._matching.arrived(stay.call)
        if self._stays.get(stay.call_id) is not stay:
            self._sounds.release(greeting)
            return  # over before anybody was asked, or the telephone found for it rang
        queue = self._queue(stay)
        if (longest := queue.waiting.longest) is not None:
            self._limits_of(stay.queue_id).set(stay.call_id, stay.since.timestamp() + longest)
        if self.unoffered(stay):
            place = self.place(stay.call_id)
            if foreseen and place is not None:
                stay.forecast = place.wait
            if self._turned_away(stay, greeting):
                return
        if self._promising.takes(stay):
            self._sounds.release(greeting)
        else:
            self._room.enter(stay.call_id, stay.call.language, queue.waiting, greeting)

    def _turned_away(self, stay: Stay, greeting: tuple[Path, ...]) -> bool:
        """Whether a limit has led the caller elsewhere as they came."""
        queue_id, wait = stay.queue_id, stay.forecast
        figures = {Limit.MOST: self._stays.count(queue_id) - 1.0}
        if not self._staffing.count(queue_id, stay.call.language):
            figures[Limit.EMPTY] = 0.0
        if wait is not None:
            figures[Limit.EXPECT] = wait.low
        met = (self._meet(stay, limit, figure, greeting) for limit, figure in figures.items())
        return any(met)

    def _waited_too_long(self, call_id: CallId) -> None:
        stay = self._stays.get(call_id)
        if stay is not None:
            stay.overdue = True
            self._late(stay)

    def _late(self, stay: Stay) -> None:
        """Let the limits act that were met while somebody's telephone rang for the caller."""
        if stay.overdue and self._stands_by(stay):
            stay.overdue = False
            self._meet(stay, Limit.LONGEST, float("inf"))
        nobody = not self._staffing.count(stay.queue_id, stay.call.language)
        if nobody and self._stands_by(stay):
            self._meet(stay, Limit.EMPTY, 0.0)

    def _stands_by(self, stay: Stay) -> bool:
        return self._stays.get(stay.call_id) is stay and self.unoffered(stay)

    def _meet(
        self, stay: Stay, limit: Limit, figure: float, greeting: tuple[Path, ...] = ()
    ) -> bool:
        """Let the limit do with the caller what it does, once; whether they have left."""
        then = self._queue(stay).waiting.destination(limit, figure)
        if then is None or limit in stay.spent:
            return False
        stay.spent.add(limit)
        match then:
            case ToQueue(queue_id):
                return self._move_over(stay, limit, queue_id, greeting)
            case ToNumber(number):
                self._sounds.release(greeting)
                return self._pass_on(stay, limit, number)
            case ToCallBack():
                self._promising.invite(stay)
                if self._stays.get(stay.call_id) is stay:
                    return False
                self._sounds.release(greeting)
                return True  # it was promised without a question
        self._sounds.release(greeting)
        self._out(stay, limit)
        self._outflow.send(stay.call_id, stay.call.language, then)
        return True

    def _move_over(
        self, stay: Stay, limit: Limit, queue_id: QueueId, greeting: tuple[Path, ...]
    ) -> bool:
        """To another queue they have not been in, with the arrival they had."""
        if queue_id in stay.visited or queue_id not in self._queues():
            return False
        self._out(stay, limit)
        call = replace(stay.call, queue_id=queue_id)
        self._admit(Stay(call, utc(self._clock), stay.visited | {queue_id}), greeting)
        return True

    def _pass_on(self, stay: Stay, limit: Limit, number: str) -> bool:
        """Call a number for them; they are out of the queue's reach meanwhile."""
        stay.passing = limit
        self._promising.break_off(stay.call_id)
        self._room.leave(stay.call_id)
        self._matching.left(stay.call_id)
        try:
            self._outflow.pass_on(stay.call_id, number)
        except Refused as refused:
            self.log.warn("{call_id} stays: {why}", call_id=stay.call_id, why=refused)
            self.passed_on(stay.call_id, answered=False)
        return True

    def _return(self, stay: Stay) -> None:
        """The caller is back at the place they had."""
        self._matching.arrived(stay.call)
        self._room.enter(stay.call_id, stay.call.language, self._queue(stay).waiting)
        self._late(stay)

    def _out(self, stay: Stay, limit: Limit) -> None:
        to = self._queue(stay).waiting.bounds[limit].then
        self._flow_out(stay.call_id, limit.value, utc(self._clock), to)

    def _flow_out(
        self, call_id: CallId, reason: str, at: datetime, to: Destination | None = None
    ) -> None:
        if stay := self._forget(call_id):
            self._telling.flowed_out(stay, reason, at, to)

    def _forget(self, call_id: CallId) -> Stay | None:
        stay = self._stays.remove(call_id)
        if stay is not None:
            self._promising.break_off(call_id)
            self._room.leave(call_id)
            self._limits_of(stay.queue_id).drop(call_id)
            self._matching.left(call_id)
        return stay

    # --- inside -----------------------------------------------------------------------------

    def _assign(self, pair: Assignment) -> None:
        if not self.call_backs.assigned(pair):
            self._floor.offer(pair.agent_id, pair.call.call_id, pair.call.queue_id, pair.why)

    def _acquainted(self, stay: Stay, found: Acquaintance) -> None:
        known = replace(stay.call, preferred=found.preferred, shunned=found.shunned)
        if self._stays.get(stay.call_id) is stay and known != stay.call:
            self._change(stay, known)

    def _change(self, stay: Stay, call: WaitingCall) -> None:
        stay.call = call
        self._matching.changed(call)

    def _queue(self, stay: Stay) -> Queue:
        return self._queues()[stay.queue_id]

    def _limits_of(self, queue_id: QueueId) -> Deadlines:
        found = self._limits.get(queue_id)
        if found is None:
            found = self._limits[queue_id] = Deadlines(self._clock, self._waited_too_long)
        return found


def _as_waiting(call: Call, request: QueueRequest, arrived: float) -> WaitingCall:
    return WaitingCall(
        call.id,
        request.queue_id,
        request.language,
        request.service_level,
        request.situation,
        arrived - request.head_start,
        call.user_data.verification,
    )
