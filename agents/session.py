"""One agent at work: the owner of their state and of the offer they hold.

Whatever ends the lease of an offer also decides where the agent goes, so nobody stays reserved for
a call that is no more.
"""

from dataclasses import replace
from datetime import datetime

from agents.acd.explanation import Explanation
from agents.acd.policy import Agent
from agents.after_call import AfterCall
from agents.calls import AgentCalls, Occupation
from agents.conversation import Conversation
from agents.disagreement import connections_by_device
from agents.errors import no_call, not_now, phone_not_registered, reason_unknown
from agents.events import (
    AfterCallExtended,
    AgentState,
    BusyKind,
    CallWrappedUp,
    NotReadyOverlong,
    OfferOutcome,
)
from agents.lease import Lease
from agents.left import LeftAgent
from agents.model import AfterCallRules, NotReadyReason
from agents.offer import MISSED_REASONS, SUFFERED, Offer
from agents.standing import Standing
from agents.state import IN_A_CALL, Activity, Move, Presence, Status, allows
from agents.surroundings import Distributor, Surroundings
from agents.timer import Timer
from cti.call.events import (
    CallCleared,
    ConnectionEvent,
)
from cti.call.model import ConnectionState, Party
from cti.kernel.clock import utc
from cti.kernel.identifiers import (
    AgentId,
    CallId,
    DeviceId,
    QueueId,
    StaffId,
)


class AgentSession:
    """The state of one agent, and the only one to change it."""

    def __init__(
        self, agent: Agent, extension: DeviceId, house: Surroundings, distributor: Distributor
    ) -> None:
        self.agent, self.extension = agent, extension
        self.standing = Standing(agent.agent_id, extension, house.clock, house.bus)
        self.lease = Lease(agent.agent_id, extension, house, self._offer_ended)
        self.notes = ""
        self.wrapped_up: CallId | None = None
        """The call finished last: what was being written as its time ran out still counts."""
        self.after_call: AfterCall | None = None
        self.misses = 0
        """Calls in a row that were not taken."""
        self._house, self._distributor = house, distributor
        self._offered: CallId | None = None
        """The call offered last, while its ringing is the offer's and nobody else's."""
        self._worked = 0.0
        """Seconds of after-call work that a call of the agent's own interrupted."""
        self._timer = Timer(house.clock)
        self._told_overlong = False
        """Whether the server before us told that the agent was away for too long."""
        self._freed = False
        """Whether the queues are yet to be told that the agent takes calls."""

    @property
    def agent_id(self) -> AgentId:
        """Whose session this is."""
        return self.agent.agent_id

    @property
    def status(self) -> Status:
        """Where the agent stands."""
        return self.standing.status

    @property
    def offer(self) -> Offer | None:
        """The call that is offered to the agent."""
        return self.lease.offer

    @property
    def ringing(self) -> bool:
        """Whether their telephone rings with it."""
        return self.lease.ringing

    @property
    def deadline(self) -> datetime | None:
        """The end of the ringing, or of the after-call work where it ends by itself."""
        if self.offer is not None:
            return self.offer.deadline
        return self.after_call.deadline if self.after_call is not None else None

    @property
    def calls(self) -> AgentCalls:
        """The calls of the agent's telephone."""
        return self._house.book.of(self.extension)

    @property
    def occupation(self) -> Occupation | None:
        """What the calls make of the agent, the one that is offered left out."""
        return self.calls.occupation(self._offered)

    @property
    def conversation(self) -> Conversation | None:
        """The conversation the agent is in, or else works on after."""
        calls = self.calls
        return calls.active or (calls.over[-1] if calls.over else None)

    @property
    def call_id(self) -> CallId | None:
        """The call offered, talked, dialled, or being wrapped up."""
        current = self.offer or self.calls.active or self.occupation
        current = current or self.conversation
        return current.call_id if current else None

    # --- what the agent does ----------------------------------------------------------------

    def sign_in(self) -> None:
        """Begin work, not ready yet; nothing happens when signed in already."""
        if self.status.state is AgentState.LOGGED_OFF:
            self._move(Move.SIGN_IN, NotReadyReason.SIGNED_IN)
            self._notice_calls()
            self.follow()

    def sign_out(self, by: StaffId | None = None) -> None:
        """End work, now or after this call; ends after-call work. `by` is who forces it, if any."""
        if self.status.state is not AgentState.LOGGED_OFF:
            self._leave_after_call_work(Move.SIGN_OUT, by)

    def be_ready(self, by: StaffId | None = None) -> None:
        """Take calls, now or after this one; ends after-call work. Refused without a phone."""
        self._require_phone()
        self._leave_after_call_work(Move.BE_READY, by)

    def be_not_ready(self, reason: str, by: StaffId | None = None) -> None:
        """Take no calls, from now or after this one; Refused for an unknown reason."""
        if by is None or reason != NotReadyReason.FORCED:
            self._require_reason(reason)
        self._move(Move.BE_NOT_READY, reason, by=by)

    def choose_next(self, chosen: Presence) -> None:
        """Be that after this call and its after-call work; Refused for who is in neither."""
        if self.status.activity is Activity.IDLE:
            raise not_now(self.status.state, "next")
        if chosen.state is AgentState.READY:
            self._require_phone()
        elif chosen.state is AgentState.NOT_READY:
            self._require_reason(chosen.reason)
        self.standing.choose_next(chosen)

    def finish(self) -> None:
        """End after-call work and go where the agent chose to; Refused outside of it."""
        self._finish(Move.FINISH)

    def extend(self) -> None:
        """More time for after-call work; Refused outside of it and when used up."""
        if self.after_call is None:
            raise not_now(self.status.state, "extend")
        self.after_call = self.after_call.extended()
        assert self.after_call.deadline is not None
        self._timer.arm_until(self.after_call.deadline, self.finish)
        self._house.bus.publish(
            AfterCallExtended(
                at=self._now(), agent_id=self.agent_id, deadline=self.after_call.deadline
            )
        )

    def hang_up(self) -> None:
        """Leave the conversation, which ends the call; Refused without one."""
        self._house.control.clear_connection(self._talking().connection_id, Party.AGENT)

    def hold(self) -> None:
        """Let the caller hear music; Refused without a conversation."""
        self._house.control.hold(self._talking().connection_id)

    def retrieve(self) -> None:
        """Talk on; Refused without a conversation."""
        self._house.control.retrieve(self._talking().connection_id)

    def leave_at_once(self, by: StaffId | None = None) -> None:
        """Sign the agent off whatever they do; a call they are in goes on without them at work."""
        self._timer.disarm()
        if self.offer is not None:
            self.lease.stop(OfferOutcome.AGENT_LEFT)
        self._house.book.abandon(self.extension, self._now())
        self.follow()
        self.sign_out(by)
        self._timer.disarm()

    # --- through a restart ------------------------------------------------------------------

    def leave(self) -> None:
        """The server after us goes on from here: only let go of the timers."""
        self._timer.disarm()
        self.lease.leave()

    def restore(self, left: LeftAgent) -> None:
        """Be as the server before us left the agent; what follows of it, `take_up` does."""
        self.standing.restore(left.status, left.since, left.idle_since)
        self.lease.restore(left.offer)
        self.misses, self._worked = left.misses, left.worked
        self._offered = left.offer.call_id if left.offer is not None else None
        self._told_overlong = left.overlong
        if self.status.activity is Activity.WORKING_AFTER_CALL:
            begun = AfterCall.begun(self._rules(), left.since)
            self.after_call = begun.resumed(left.deadline, left.extensions)

    def take_up(self) -> None:
        """The switch goes on with its calls: go on, too, or end what is over by now."""
        self.check_calls()
        match self.status.state:
            case AgentState.RESERVED if self.offer is not None:
                self.lease.end(OfferOutcome.INTERRUPTED)
            case AgentState.RESERVED:
                self.release(Move.RELEASE)
            case AgentState.BUSY | AgentState.HOLD:
                pass
            case AgentState.WORKING_AFTER_CALL if not self.calls.over:
                self.finish()
            case AgentState.WORKING_AFTER_CALL if self.deadline is not None:
                self._go_on_finishing(self.deadline)
            case AgentState.NOT_READY:
                self._watch_reason(told=self._told_overlong)
            case AgentState.READY if not self._registered():
                self._move(Move.TAKE_OUT, NotReadyReason.PHONE_LOST)
            case AgentState.READY:
                self.tell_free()

    def _go_on_finishing(self, deadline: datetime) -> None:
        if deadline > self._now():
            self._timer.arm_until(deadline, self.finish)
        else:
            self.finish()

    def check_calls(self) -> None:
        """What nobody told of while no server was there is seen from the calls themselves."""
        book, now = self._house.book, self._now()
        for talk in self.calls.talks:
            call = self._house.control.get(talk.call_id)
            connections = call.connections if call is not None else ()
            states = {each.id: each.state for each in connections}
            match states.get(talk.connection_id):
                case ConnectionState.CONNECTED | ConnectionState.HOLD as state:
                    held = state is ConnectionState.HOLD
                    if held != (talk.held_since is not None):
                        book.correct(self.extension, talk.connection_id, now, held=held)
                case _:
                    book.lose(self.extension, talk.connection_id, now)
        self.follow()

    # --- what the queue does ----------------------------------------------------------------

    def take_offer(
        self,
        call_id: CallId,
        queue_id: QueueId,
        why: Explanation,
        *,
        within: float | None = None,
    ) -> None:
        """Reserve the ready agent for the call and ring their phone.

        With `within` it rings only as `ring` is called, which is to be after so many seconds at
        the latest: the customer is being called first. Refused, with nothing done, unless the
        agent is ready.
        """
        if not allows(self.status, Move.RESERVE):
            raise not_now(self.status.state, Move.RESERVE.value)
        offer = self.lease.make(call_id, queue_id, within)
        self.notes, self._offered = "", call_id
        self._move(Move.RESERVE)
        self.lease.tell(offer, why)

    def ring(self, call_id: CallId) -> None:
        """Ring the phone of the agent who is reserved for that call; nothing if they are not."""
        if self.lease.holds(call_id):
            self.lease.ring()

    # --- what the telephone does ------------------------------------------------------------

    def on_connection(self, event: ConnectionEvent) -> None:
        """Something happened to this agent's telephone in a call."""
        self.lease.follow(event)

    def on_call_cleared(self, event: CallCleared) -> None:
        """A call is over: if it is the one offered, so is the offer."""
        if self.lease.holds(event.call_id):
            self.lease.end(OfferOutcome.CALLER_LEFT)

    def follow(self) -> None:
        """Be as the calls of the telephone say, and report those that are over."""
        calls, off = self.calls, self.status.presence.state is AgentState.LOGGED_OFF
        for talk in calls.over:
            if off or not talk.leaves_work:
                self._report(talk, told=not off)
        if self.offer is None and all(each.call_id != self._offered for each in calls.rings):
            self._offered = None
        if off or calls.moving or self.status.activity is Activity.RESERVED:
            return
        now = self.occupation
        if now is not None:
            self._occupy(now)
        elif self.status.activity in IN_A_CALL:
            self._calls_over()
        elif self.status.activity is Activity.IDLE:
            # Talked with while another call was offered: there was no time to work after it.
            for talk in self.calls.over:
                self._report(talk)

    def on_phone_lost(self) -> None:
        """The agent's telephone can be rung no more."""
        if self.offer is not None:
            self.lease.stop(OfferOutcome.PHONE_UNREACHABLE)
        else:
            self.take_out(NotReadyReason.PHONE_LOST)

    def tell_free(self) -> None:
        """Let the queues know that the agent takes calls, since when they have been idle."""
        since = self.standing.idle_since
        self._distributor.became_free(replace(self.agent, idle_since=since))

    def tell_taken(self) -> None:
        """Let the queues know that the agent takes none."""
        self._distributor.became_taken(self.agent_id)

    def take_out(self, reason: str) -> None:
        """Offer no more calls, for a reason of the house; nothing unless the agent is ready."""
        if allows(self.status, Move.TAKE_OUT):
            self._move(Move.TAKE_OUT, reason)

    def give_place_up(self) -> None:
        """The agent's page did not come back into its call: nothing is left to be done for it."""
        if self.status.activity is not Activity.WORKING_AFTER_CALL:
            return
        if self.status.next != Presence(AgentState.LOGGED_OFF):
            self.standing.decide_next(Presence(AgentState.NOT_READY, NotReadyReason.PHONE_LOST))
        self.finish()

    # --- offers -----------------------------------------------------------------------------

    def _offer_ended(self, offer: Offer, outcome: OfferOutcome) -> None:
        """The next call comes only when this one is placed."""
        self._after_offer(outcome)
        self._distributor.offer_ended(offer, outcome)
        self.follow()
        self._tell_if_freed()

    def _after_offer(self, outcome: OfferOutcome) -> None:
        """Go where the offer's end leads."""
        if outcome is OfferOutcome.ACCEPTED:
            self.misses = 0
            self._change(Move.ANSWER, busy=BusyKind.INBOUND)
            return
        if outcome in MISSED_REASONS:
            self.misses += 1
            if outcome in SUFFERED or self.misses >= self._house.settings.missed_limit:
                self.misses = 0
                self._change(Move.MISS, MISSED_REASONS[outcome])
                return
            self.standing.idle_since = self._house.clock.seconds()
        self._prepare_release()
        self._change(Move.RELEASE)

    # --- conversations and after-call work --------------------------------------------------

    def _notice_calls(self) -> None:
        """Whoever was signed off in mid-call finds themselves in it again."""
        connections = connections_by_device(self._house.control.calls()).get(self.extension, {})
        for each in connections.values():
            call = self._house.control.get(each.call_id)
            unnoticed = each.state.answered and self.calls.talk(each.id) is None
            if call is not None and unnoticed:
                self._house.book.notice(call, each, self._now())

    def _talking(self) -> Conversation:
        if (talk := self.calls.active) is None:
            raise no_call()
        return talk

    def _occupy(self, now: Occupation) -> None:
        """Calls occupy the agent like that from now on, unless they do already."""
        if self.status.activity is Activity.WORKING_AFTER_CALL:
            self._timer.disarm()
            self._worked += (self._now() - self.standing.since).total_seconds()
            self.after_call = None
        again = self.status.busy is now.kind and self.status.activity in IN_A_CALL
        held = self.status.activity is Activity.HOLD
        if not again:
            self._move(Move.SEIZE, busy=now.kind)
        elif held and not now.held:
            self._move(Move.RETRIEVE)
        if now.held and self.status.activity is not Activity.HOLD:
            self._move(Move.HOLD)

    def _rules(self) -> AfterCallRules:
        over = self.calls.over
        return self._house.settings.after_call_of(over[-1].queue_id if over else None)

    def _calls_over(self) -> None:
        """The last of the calls is over: work on after it, where there is anything to do."""
        if not self.calls.over:
            self.release(Move.CLEAR)
            return
        self.after_call = AfterCall.begun(self._rules(), self._now())
        self._move(Move.END_CALL)
        if self.after_call is not None and self.after_call.deadline is not None:
            self._go_on_finishing(self.after_call.deadline)

    def _leave_after_call_work(self, move: Move, by: StaffId | None) -> None:
        if self.status.activity is Activity.WORKING_AFTER_CALL:
            self._finish(move, by)
        else:
            self._move(move, by=by)

    def _finish(self, move: Move, by: StaffId | None = None) -> None:
        if self.status.activity is not Activity.WORKING_AFTER_CALL:
            raise not_now(self.status.state, move.value)
        after_call = self._worked + (self._now() - self.standing.since).total_seconds()
        self._timer.disarm()
        self.after_call, self._worked = None, 0.0
        self._report_all(after_call)
        if move is Move.FINISH:
            self.release(move)
        else:
            self._move(move, by=by)

    def _report_all(self, after_call: float) -> None:
        """The conversations worked on after are done with, if any: the work was on the last."""
        over = self.calls.over
        for talk in over[:-1]:
            self._report(talk)
        for talk in over[-1:]:
            self.wrapped_up = talk.call_id
            self._report(talk, after_call)

    def _report(self, talk: Conversation, after_call: float = 0.0, *, told: bool = True) -> None:
        """The agent has done with the conversation; their notes are of the last one."""
        now = self._now()
        self._house.book.report(self.extension, talk)
        if not told:
            return
        self._house.bus.publish(
            CallWrappedUp(
                at=now,
                call_id=talk.call_id,
                agent_id=self.agent_id,
                busy=talk.kind,
                talked=talk.talked(now),
                held=talk.held(now),
                after_call=after_call,
                notes=self.notes if talk.call_id == self.wrapped_up else "",
            )
        )
        if talk.leaves_work:
            self._distributor.wrapped_up(talk, talk.talked(now) + talk.held(now) + after_call)

    # --- state ------------------------------------------------------------------------------

    def release(self, move: Move) -> None:
        """Go where the agent chose to, but not to ready without a telephone."""
        self._prepare_release()
        self._move(move)

    def _prepare_release(self) -> None:
        after = self.status.next or self.status.presence
        if after.state is AgentState.READY and not self._registered():
            self.standing.decide_next(Presence(AgentState.NOT_READY, NotReadyReason.PHONE_LOST))

    def _move(
        self,
        move: Move,
        reason: str = "",
        *,
        busy: BusyKind | None = None,
        by: StaffId | None = None,
    ) -> None:
        """Change the state, and let the queues know whether the agent takes calls."""
        self._change(move, reason, busy=busy, by=by)
        self._tell_if_freed()

    def _change(
        self,
        move: Move,
        reason: str = "",
        *,
        busy: BusyKind | None = None,
        by: StaffId | None = None,
    ) -> None:
        since = self.standing.since
        before, after = self.standing.move(move, reason, busy=busy, call_id=self.call_id, by=by)
        if self.standing.since is not since and AgentState.NOT_READY in (before, after):
            self._timer.disarm()
            self._watch_reason(told=False)
        if AgentState.READY in (before, after) and before is not after:
            self._freed = after is AgentState.READY
            if not self._freed:
                self.tell_taken()

    def _watch_reason(self, *, told: bool) -> None:
        """Tell once when the agent has been not ready for longer than the reason may last."""
        since, settings = self.standing.since, self._house.settings
        until = settings.overlong_from(self.status.reason, since)
        if until is None or told:
            return
        if until > self._now():
            self._timer.arm_until(until, lambda: self._watch_reason(told=False))
            return
        self._house.bus.publish(
            NotReadyOverlong(
                at=self._now(), agent_id=self.agent_id, reason=self.status.reason, since=since
            )
        )

    def _tell_if_freed(self) -> None:
        if self._freed and self.status.state is AgentState.READY:
            self._freed = False
            self.tell_free()

    def _require_reason(self, reason: str) -> None:
        if reason not in self._house.settings.reasons:
            raise reason_unknown(reason)

    def _require_phone(self) -> None:
        if not self._registered():
            raise phone_not_registered(self.extension)

    def _registered(self) -> bool:
        return self._house.control.registered(self.extension)

    def _now(self) -> datetime:
        return utc(self._house.clock)
