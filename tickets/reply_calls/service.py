"""Calls customers with the answers to their tickets: when they may be called, so many at once.

Whoever replies by automatic call makes an attempt, and what is to be read is written down with it.
The flow that takes the call once it is answered asks who is there before it says what it is
about; once the answer was heard, the house does the act ``reply``, whatever happens to the call
afterwards. What reached nobody is an attempt of the house's own, and tried on other half-days;
then whoever asked for it is told.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.call.control import CallControl
from cti.call.events import CallCleared
from cti.call.model import Cause, Direction, Party
from cti.database import Database, report
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import ReplyToTell
from cti.kernel.secret import Secret
from tickets.acts import Action
from tickets.events import ReplyCallEnded, ReplyCallMade, TicketChanged
from tickets.line.acting import act_now, request_for
from tickets.line.telling import dialled, written
from tickets.masking import Mask, masked
from tickets.model import CUSTOMER, SYSTEM, Case
from tickets.reply_calls import repository, words
from tickets.reply_calls.asking import CHANNEL, Asking
from tickets.reply_calls.heard import Heard, HeardFile
from tickets.reply_calls.hours import CallingHours
from tickets.reply_calls.model import (
    Event,
    Interrupted,
    NotTold,
    ReplyCall,
    Told,
    Why,
    WrongDigits,
)
from tickets.reply_calls.settings import IdentifiedBy, ReplyCallSettings
from tickets.service import TicketService
from tickets.set_aside import SetAside
from tickets.sweeping import RETRY_AFTER

LEASE = timedelta(minutes=20)
"""Longer than any such call lasts; after it, others call anew what a server never came back to."""
BREATH = timedelta(seconds=10)
"""Until the telephone of a call that went down with its server can be called again."""
LONGEST_WAIT = 3600.0
"""Seconds until the table is looked at again, whatever it said; others may write to it too."""
LONGEST_PAUSE = 60.0
"""Seconds until it is tried again to write down what came of a call, at most."""
CAUSES = {
    Cause.NO_ANSWER: Why.NO_ANSWER,
    Cause.BUSY: Why.BUSY,
    Cause.REFUSED: Why.BUSY,
}
CUT_OFF = frozenset({Cause.INTERRUPTED, Cause.NO_RESOURCES, Cause.CANCELLED})
"""Ends that are the house's own doing."""
NOT_NOW = frozenset({"ticket.wrong_state", "ticket.unknown"})

TakeIntoFlow = Callable[[CallId, str], None]
Write = Callable[[], Coroutine[Any, Any, object]]
"""Writes down what came of a call; a repetition changes nothing."""


@dataclass(slots=True, eq=False)
class _Calling:
    """An attempt under way."""

    reply: ReplyCall
    case: Case
    answered: datetime | None = None
    proved: bool = False
    told: bool = False
    why: Why = Why.NO_KEY
    wrong: int = 0
    """How many digits were wrong today, in calls about that ticket."""
    ringing: DelayedCall | None = field(default=None, repr=False)


class ReplyCalls:
    """The `ReplyCallPort` of the house; `start` once the switch is up, `stop` before it goes."""

    log = Logger()

    def __init__(
        self,
        tickets: TicketService,
        database: Database,
        control: CallControl,
        bus: Bus,
        clock: Clock,
        settings: ReplyCallSettings,
        hours: CallingHours,
        *,
        server: str,
        may_call: Callable[[str], bool],
        take_into_flow: TakeIntoFlow,
        heard: HeardFile | None = None,
    ) -> None:
        """`server` is a name of its own, by which it finds after a restart what it was calling.

        `heard` is where it finds then what customers heard and the database was not there to take.
        """
        self._tickets, self._database, self._control = tickets, database, control
        self._bus, self._clock, self._settings, self._hours = bus, clock, settings, hours
        self._server, self._take_into_flow = server, take_into_flow
        self._asking = Asking(settings, hours, may_call)
        self._zone = tickets.timekeeper.calendars.zone
        self._heard = heard or HeardFile()
        self._aside: SetAside[int] = SetAside(database, clock, "reply_call")
        self.on_told = self._aside.on_told
        self._calls: dict[CallId, _Calling] = {}
        self._unwritten: dict[Deferred[None], int] = {}
        """Replies of which is still to be written down what came of a call."""
        self._timer: DelayedCall | None = None
        self._running = self._looking = self._again = False
        tickets.write_beside_txn(self._asking.beside_txn)
        bus.subscribe(CallCleared, self._call_cleared)
        bus.subscribe(TicketChanged, self._ticket_changed)

    # --- life -------------------------------------------------------------------------------

    def start(self, made: Iterable[ReplyCallMade] = ()) -> None:
        """Go on with calls of the server before this one, and call whoever is to be called by now.

        Their flow begins anew: who is there is asked again. Who was told already is let go, and
        whoever's call went down with that server is called again soon. `made` are calls of which
        the journal does not tell how they ended: now it will.
        """
        self._running = True
        taken_up = Deferred.fromCoroutine(self._take_up({each.call_id: each for each in made}))
        taken_up.addErrback(lambda failure: self.log.failure("reply calls left open", failure))
        taken_up.addBoth(lambda _: self.wake())

    def stop(self) -> None:
        """Begin no more calls; what is waited for stands in the table."""
        self._running = False
        self._disarm()
        for calling in self._calls.values():
            _silence(calling)
        for each in tuple(self._unwritten):
            each.cancel()

    def wake(self) -> None:
        """Something may be due by now."""
        if not self._running:
            return
        if self._looking:
            self._again = True
            return
        self._looking = True
        looking = Deferred.fromCoroutine(self._look())
        looking.addErrback(self._stood_still)
        looking.addBoth(lambda _: self._looked())

    def _ticket_changed(self, event: TicketChanged) -> None:
        if event.action == Action.ATTEMPT_REPLY.value:
            self.wake()
        for call_id, calling in tuple(self._calls.items()):
            if event.action == Action.AMEND.value and event.number == calling.reply.number:
                looking = Deferred.fromCoroutine(self._amended(call_id, calling))
                looking.addErrback(self._lost, event.number)

    async def _amended(self, call_id: CallId, calling: _Calling) -> None:
        """Whoever has a number that is the customer's no more is let go, and the other one called.

        Who proved already that they are the customer is told all the same.
        """
        view = await self._tickets.view(calling.reply.number)
        theirs = view is not None and calling.reply.to in map(dialled, written(view.case))
        if not theirs and not calling.proved and call_id in self._calls:
            self._control.clear(call_id, Party.SYSTEM, Cause.INTERRUPTED)

    async def _take_up(self, made: dict[CallId, ReplyCallMade]) -> None:
        for heard in self._heard.load():
            await self._surely(partial(self._heard_before, heard), heard)
        up = [each.id for each in self._control.calls() if each.direction is Direction.OUTBOUND]
        left = await self._database.read(repository.left_open_txn, up, self._server)
        for reply, awaited in left:
            if reply.reply_id in self._heard.ids():
                continue
            view = await self._tickets.view(reply.number)
            call = self._control.get(reply.call_id) if reply.call_id else None
            if view is not None and call is not None and awaited and reply.answered is not None:
                wrong = await self._wrong_today(reply)
                self._calls[call.id] = _Calling(
                    reply, view.case, answered=reply.answered, wrong=wrong
                )
                if made.pop(call.id, None) is None:
                    self._tell_made(reply, call.id)
                continue
            again = self._now() + BREATH
            await self._happened(reply, Interrupted(again) if awaited else Told())
            if call is not None:
                self._control.clear(call.id, Party.SYSTEM, Cause.INTERRUPTED)
        told = await self._database.read(repository.told_txn, list(made), self._server, self._now())
        for call_id, was_told in told.items():
            self._tell_ended(made[call_id].number, call_id, "told" if was_told else "interrupted")

    async def _heard_before(self, heard: Heard) -> None:
        """Write down what the server before this one had no database for."""
        reply = await self._database.read(repository.heard_txn, heard)
        view = await self._tickets.view(heard.number) if reply is not None else None
        if reply is None or view is None:
            self._heard.strike(heard.reply_id)
            return
        calling = _Calling(reply, view.case, answered=heard.answered, proved=True, told=True)
        await self._tell(calling, heard.call_id, heard.confirmed)

    async def _look(self) -> None:
        free = self._settings.most - len(self._calls)
        if free > 0:
            calling = {each.reply.reply_id for each in self._calls.values()}
            calling.update(self._unwritten.values(), self._heard.ids())
            holder = repository.Holder(self._server, LEASE, frozenset(calling))
            claimed = await self._database.run(
                repository.claim_txn, self._now(), holder, free, self._hours
            )
            for reply in claimed:
                try:
                    await self._call(reply)
                except Exception:  # noqa: BLE001  (one that cannot be called holds up no other)
                    await self._set_aside(reply, Failure())
        due = await self._database.read(repository.next_due_txn)
        if due is not None and self._running:
            wait = max(1.0, (due - self._now()).total_seconds())
            self._arm(min(wait, LONGEST_WAIT))

    async def _set_aside(self, reply: ReplyCall, failure: Failure) -> None:
        """Let it wait, unless its call is under way in spite of what failed."""
        try:
            pause = await self._aside.failed(reply.reply_id, reply.number, failure)
        except Exception:  # noqa: BLE001  (the database's own trouble: soon again, with all others)
            report(self.log, failure, "{ticket_id} is not called yet", ticket_id=reply.number)
            pause = RETRY_AFTER
        if reply.reply_id in {each.reply.reply_id for each in self._calls.values()}:
            return
        again = Interrupted(self._now() + timedelta(seconds=pause))
        await self._surely(partial(self._happened, reply, again), reply)
        self.wake()  # another one can be called in its place

    def _stood_still(self, failure: Failure) -> None:
        said = "reply calls stand still, next attempt in {seconds} s"
        report(self.log, failure, said, seconds=RETRY_AFTER)
        if self._running:
            self._arm(RETRY_AFTER)

    def _looked(self) -> None:
        self._looking, again = False, self._again
        self._again = False
        if again:
            self.wake()

    def _arm(self, delay: float) -> None:
        self._disarm()
        self._timer = self._clock.callLater(delay, self.wake)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    # --- a call -----------------------------------------------------------------------------

    async def _call(self, reply: ReplyCall) -> None:
        view = await self._tickets.view(reply.number)
        if view is None or not self._running:
            await self._happened(reply, Interrupted(self._now()))
            return
        to = await self._database.read(self._asking.callable_txn, view.case, reply.to)
        if to is None:
            await self._failed(_Calling(reply, view.case, why=Why.NOT_CALLED), self._now())
            return
        wrong = await self._wrong_today(reply)
        if wrong >= self._settings.wrong_a_day:
            await self._happened(reply, Interrupted(self._hours.another_day(self._now())))
            return
        calling = _Calling(replace(reply, to=to), view.case, why=Why.UNREACHABLE, wrong=wrong)
        try:
            call_id = self._control.originate(to, partial(self._answered, calling))
        except Refused as refused:
            self.log.warn("{ticket_id}: {why}", ticket_id=reply.number, why=refused)
            await self._failed(calling, self._now())
            return
        self._made(calling, call_id)
        if self._control.get(call_id) is None:
            self._over(call_id, Cause.NOT_OBTAINABLE)

    async def _wrong_today(self, reply: ReplyCall) -> int:
        since = self._hours.day_of(self._now())
        return await self._database.read(repository.wrong_since_txn, reply.number, since)

    def _made(self, calling: _Calling, call_id: CallId) -> None:
        reply, who = calling.reply, calling.case.draft.requester
        self._calls[call_id] = calling
        calling.ringing = self._clock.callLater(
            self._settings.ring, self._control.clear, call_id, Party.SYSTEM, Cause.NO_ANSWER
        )
        self._control.attach(
            call_id,
            customer_id=who.customer_id,
            customer_name=who.name,
            service_level=who.service_level,
            language=reply.language,
        )
        self._keep(reply, call_id)
        self._tell_made(reply, call_id)

    def _tell_made(self, reply: ReplyCall, call_id: CallId) -> None:
        attempt = len(reply.tried) + 1
        self._bus.publish(
            ReplyCallMade(at=self._now(), number=reply.number, call_id=call_id, attempt=attempt)
        )

    def _tell_ended(self, number: TicketNumber, call_id: CallId, outcome: str) -> None:
        self._bus.publish(
            ReplyCallEnded(at=self._now(), number=number, call_id=call_id, outcome=outcome)
        )

    def _answered(self, calling: _Calling, call_id: CallId) -> None:
        _silence(calling)
        calling.answered, calling.why = self._now(), Why.NO_KEY
        self._keep(calling.reply, call_id, calling.answered)
        self._control.record(call_id)
        self._take_into_flow(call_id, self._settings.flow)

    def _keep(self, reply: ReplyCall, call_id: CallId, answered: datetime | None = None) -> None:
        """The next server knows what this call is about."""
        kept = self._database.run(repository.under_way_txn, reply, call_id, answered)
        kept.addErrback(self._lost, reply.number)

    def _call_cleared(self, event: CallCleared) -> None:
        if event.call_id in self._calls:
            self._over(event.call_id, event.cause)

    def _over(self, call_id: CallId, cause: Cause) -> None:
        calling = self._calls.pop(call_id)
        _silence(calling)
        if calling.answered is None:
            calling.why = CAUSES.get(cause, Why.UNREACHABLE)
        elif calling.proved and calling.why is Why.NO_KEY:
            calling.why = Why.HUNG_UP
        interrupted = cause in CUT_OFF or not self._running
        outcome = "told" if calling.told else "interrupted" if interrupted else calling.why.value
        now, number = self._now(), calling.reply.number
        self._tell_ended(number, call_id, outcome)
        if calling.told:
            self.wake()
            return
        ending: Write = (
            partial(self._happened, calling.reply, Interrupted(now))
            if interrupted
            else partial(self._failed, calling, now, call_id)
        )
        ended = Deferred.fromCoroutine(self._surely(ending, calling.reply))
        ended.addErrback(self._lost, number).addBoth(lambda _: self.wake())

    async def _failed(self, calling: _Calling, at: datetime, call_id: CallId | None = None) -> None:
        """Nothing was told: the house's own attempt on the time line, then the next or the end."""
        tried_out = calling.wrong >= self._settings.wrong_a_day
        after = await self._happened(calling.reply, NotTold(at, tried_out))
        if after is not None:
            await self._surely(partial(self._note, calling, after, call_id), calling.reply)

    async def _note(self, calling: _Calling, after: ReplyCall, call_id: CallId | None) -> None:
        due = after.due if after.outcome is None else None
        said = words.attempt(calling.why, len(after.tried), due, self._zone)
        request = request_for("reply_call", after.reply_id, len(after.tried))
        fields = {"channel": CHANNEL, "text": said}
        try:
            await act_now(
                self._tickets, after.number, Action.ATTEMPT_REPLY, fields, SYSTEM, request
            )
            if call_id is not None and calling.answered is not None:
                await self._attach(calling, call_id)
        except Refused as refused:
            if refused.error_id not in NOT_NOW:
                raise

    async def _happened(self, reply: ReplyCall, event: Event) -> ReplyCall | None:
        return await self._database.run(
            repository.happened_txn, reply, event, self._hours, self._settings.attempts
        )

    async def _attach(self, calling: _Calling, call_id: CallId) -> None:
        number = calling.reply.number
        request = request_for("attach", number, call_id)
        call = {"call": call_id}
        await act_now(self._tickets, number, Action.ATTACH, call, SYSTEM, request)

    async def _surely(self, write: Write, reply: ReplyCall | Heard) -> None:
        """Do it now, or as soon as the database is back; Refused where it cannot be done."""
        try:
            await write()
        except Refused:
            raise
        except Exception:  # noqa: BLE001  (whatever keeps it from being written is waited out)
            self._wait_out(reply)
            later = Deferred.fromCoroutine(self._insist(write, reply))
            self._unwritten[later] = reply.reply_id
            later.addErrback(self._let_be, reply.number)
            later.addBoth(lambda _: self._unwritten.pop(later, None))

    async def _insist(self, write: Write, reply: ReplyCall | Heard) -> None:
        pause = RETRY_AFTER
        while True:
            await deferLater(self._clock, pause)  # type: ignore[arg-type]  # our Clock is its
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await write()
            except (Refused, CancelledError):
                raise
            except Exception:  # noqa: BLE001  (as above)
                self._wait_out(reply)
            else:
                self.wake()
                return

    def _wait_out(self, reply: ReplyCall | Heard) -> None:
        said = "what came of a call for {ticket_id} is not written down yet"
        report(self.log, Failure(), said, ticket_id=reply.number)

    def _let_be(self, failure: Failure, number: str) -> None:
        if not failure.check(CancelledError):
            self._lost(failure, number)

    def _lost(self, failure: Failure, number: str) -> None:
        self.log.failure("a reply call for {number}", failure, number=number)

    # --- what the flow says of it -----------------------------------------------------------

    def reply_of(self, call_id: CallId) -> ReplyToTell | None:
        """See `ReplyCallPort`."""
        calling = self._calls.get(call_id)
        if calling is None:
            return None
        kind = calling.case.draft.kind.value
        said = masked(Mask.TEXT, calling.reply.text)
        return ReplyToTell(calling.reply.number, kind, said)

    def identified(self, call_id: CallId, keyed: Secret) -> bool:
        """See `ReplyCallPort`."""
        calling = self._calls.get(call_id)
        if calling is None:
            return False
        if calling.wrong >= self._settings.wrong_a_day:
            return False
        calling.proved = keyed.reveal() in self._proofs(calling)
        calling.why = Why.NO_KEY if calling.proved else Why.UNPROVEN
        if not calling.proved:
            calling.wrong += 1
            counting = self._happened(calling.reply, WrongDigits(self._now()))
            Deferred.fromCoroutine(counting).addErrback(self._lost, calling.reply.number)
        return calling.proved

    def elsewhere(self, call_id: CallId) -> None:
        """See `ReplyCallPort`."""
        if (calling := self._calls.get(call_id)) is not None:
            calling.why = Why.ELSEWHERE

    def unspoken(self, call_id: CallId) -> None:
        """See `ReplyCallPort`."""
        if (calling := self._calls.get(call_id)) is not None:
            calling.why, calling.proved = Why.UNSPOKEN, False

    def heard(self, call_id: CallId) -> Deferred[None]:
        """See `ReplyCallPort`."""
        calling = self._calls.get(call_id)
        if calling is None or not calling.proved or calling.answered is None:
            return succeed(None)
        calling.told = True  # whoever hangs up from here on has heard it
        now, reply = self._now(), calling.reply
        self._heard.note(
            Heard(reply.reply_id, reply.number, reply.queued, call_id, calling.answered, now)
        )
        tell = partial(self._tell, calling, call_id, now)
        return Deferred.fromCoroutine(self._surely(tell, calling.reply))

    def rated(self, call_id: CallId, score: int) -> Deferred[None]:
        """See `ReplyCallPort`."""
        return self._customer(call_id, Action.RATE, {"score": str(score)})

    def solved(self, call_id: CallId, *, solved: bool) -> Deferred[None]:
        """See `ReplyCallPort`."""
        if solved:
            return succeed(None)
        return self._customer(call_id, Action.CONTACT, {"channel": CHANNEL, "text": words.UNSOLVED})

    async def _tell(self, calling: _Calling, call_id: CallId, confirmed: datetime) -> None:
        assert calling.answered is not None
        reply = calling.reply
        if await self._database.read(repository.withdrawn_txn, reply.reply_id):
            calling.told, calling.why = False, Why.REPLACED
            await self._attach(calling, call_id)
            self._heard.strike(reply.reply_id)
            return
        proof = words.proof(call_id, calling.answered, confirmed, self._zone)
        fields = {"channel": CHANNEL, "text": reply.text, "proof": proof}
        request = request_for("reply", reply.reply_id)
        try:
            await act_now(self._tickets, reply.number, Action.REPLY, fields, SYSTEM, request)
        except Refused as refused:
            if refused.error_id not in NOT_NOW:
                raise
            self.log.info("{ticket_id} was replied to before", ticket_id=reply.number)
        await self._happened(reply, Told())
        await self._attach(calling, call_id)
        self._heard.strike(reply.reply_id)

    def _customer(self, call_id: CallId, action: Action, fields: dict[str, str]) -> Deferred[None]:
        calling = self._calls.get(call_id)
        if calling is None or not calling.told:
            return succeed(None)
        number = calling.reply.number
        request = request_for(action.value, number, call_id)
        acting = act_now(self._tickets, number, action, fields, CUSTOMER, request)
        return Deferred.fromCoroutine(acting).addCallback(lambda _: None)

    def _proofs(self, calling: _Calling) -> set[str]:
        case = calling.case
        opened = case.opened.astimezone(self._zone)
        digits = "".join(filter(str.isdigit, calling.reply.to))
        known = {
            IdentifiedBy.NUMBER: case.number[-4:],
            IdentifiedBy.DATE: f"{opened:%m%d}",
            IdentifiedBy.TELEPHONE: digits[-4:],
        }
        return {known[each] for each in self._settings.identified_by}

    def _now(self) -> datetime:
        return utc(self._clock)


def _silence(calling: _Calling) -> None:
    """No more waiting for an answer."""
    if calling.ringing is not None and calling.ringing.active():
        calling.ringing.cancel()
    calling.ringing = None
