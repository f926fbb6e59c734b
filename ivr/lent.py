"""A caller whom an agent lends: a flow on a call that is up, which gives the caller back.

The call is secluded by whoever lent the caller, for as long as the loan takes: so nothing is
masked here, and nothing that is keyed in is attached to the call. `over` fires once, when the
caller has been told that they go back and has keyed nothing for a moment: the next key may still
be a digit of a PIN.
"""

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cti.kernel.identifiers import CallId
from cti.kernel.loans import LoanEnded, LoanResult
from cti.kernel.vocabulary import Language
from ivr.bank.port import SignIn
from ivr.effects import (
    Choose,
    Disconnect,
    Effect,
    Entered,
    GiveBack,
    HandOver,
    Key,
    Mask,
    PassOn,
    SetLanguage,
    Started,
)
from ivr.events import ChoiceMade, FlowEntered, SignInOutcome
from ivr.flow import Flow
from ivr.ports import Ports
from ivr.quiet import QUIET, Quiet
from ivr.reply_services import ReplyServices
from ivr.services import SelfServices, Visit
from ivr.session import Session
from ivr.state import State
from ivr.ticket_services import TicketServices
from prompts.catalogue import Announcement

NO_MORE_KEYS = Announcement("loan.no_more_keys")


class GivingBack:
    """Tells a caller to key no more, where that was not said, and waits until they do not.

    `over` fires once; `cancel` when the caller is gone, and it never fires.
    """

    _log = Logger()

    def __init__(self, call_id: CallId, ports: Ports, language: Language) -> None:
        self._call_id, self._ports, self._language = call_id, ports, language
        self.over: Deferred[None] = Deferred()
        self._quiet: Quiet | None = None
        self._gone = False

    def after_warning(self) -> None:
        """Say it first: the caller was in the middle of something."""
        self._ports.calls.collect(self._call_id, lambda _key: None)
        Deferred.fromCoroutine(self._warn()).addErrback(self._unsaid)

    def when_quiet(self) -> None:
        """Wait for a moment without a key."""
        if self._gone:
            return
        self._quiet = quiet = Quiet(self._ports.clock)
        self._ports.calls.collect(self._call_id, quiet.disturb)
        quiet.reached.addCallback(self._reached)

    def cancel(self) -> None:
        """The caller is gone."""
        self._gone = True
        if self._quiet is not None:
            self._quiet.cancel()

    async def _warn(self) -> None:
        paths = await self._ports.announcer.sounds([NO_MORE_KEYS], self._language)
        try:
            if not self._gone:
                await self._ports.calls.play(self._call_id, paths)
        finally:
            self._ports.announcer.release(paths)
        self.when_quiet()

    def _unsaid(self, failure: Failure) -> None:
        self._log.warn("{error}", error=failure.value, call_id=self._call_id)
        self.when_quiet()

    def _reached(self, _: None) -> None:
        self._ports.calls.collect(self._call_id, None)
        self.over.callback(None)


class LentSession(Session):
    """A lent caller in a flow, until they are given back or gone."""

    def __init__(
        self, call_id: CallId, flow: Flow, ports: Ports, language: Language, visit: Visit
    ) -> None:
        super().__init__(call_id, flow, ports)
        self._state = State(language=language)
        tickets = TicketServices(ports.tickets, call_id, ports.calls.get)
        replies = ReplyServices(ports.replies, call_id)
        self._services = SelfServices(ports.bank, tickets, replies, self._signed_in, visit)
        self._giving_back = GivingBack(call_id, ports, language)
        self._done: list[str] = []
        self._signed = False
        self._result: LoanResult | None = None
        self._keyed = float("-inf")
        self.over: Deferred[LoanEnded] = Deferred()

    def start(self) -> None:
        """Let the flow begin; the call is up, and who calls is known as far as it is."""
        calls = self._ports.calls
        call = calls.get(self._call_id)
        if call is None:
            self.caller_left(by_caller=True)
            return
        known = call.user_data
        self._verification = known.verification
        self._publish(FlowEntered, flow=self._flow.name, lent=True)
        calls.collect(self._call_id, self._key_pressed)
        facts = {
            "verification": known.verification.name.lower(),
            "level": known.service_level.name.lower(),
        }
        self._handle(Started(facts))

    def take_back(self) -> None:
        """The agent wants the caller back, whatever they are doing."""
        self._end(LoanResult.TAKEN_BACK)

    def caller_left(self, *, by_caller: bool) -> None:
        """The call is over."""
        super().caller_left(by_caller=by_caller)
        self._giving_back.cancel()
        if not self.over.called:
            self._tell(self._result or LoanResult.CALLER_LEFT)

    # --- what is different for who is lent ----------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        if not isinstance(effect, Mask):  # all of the loan is masked
            super()._perform(effect)

    def _note(self, effect: SetLanguage | Choose | Entered) -> None:
        """What is chosen is told, but is not how the caller came; what is keyed in stays here."""
        match effect:
            case SetLanguage():
                super()._note(effect)
            case Choose():
                self._publish(ChoiceMade, menu=effect.menu, choice=effect.choice)

    def _let_go(self, effect: HandOver | PassOn | Disconnect | GiveBack) -> None:
        if isinstance(effect, GiveBack):
            self._end(self._honest(effect.result), warned=True)
        else:
            super()._let_go(effect)

    def _served(self, service: str, *, succeeded: bool) -> None:
        super()._served(service, succeeded=succeeded)
        if succeeded and service not in self._done:
            self._done.append(service)

    def _signed_in(self, answer: SignIn) -> None:
        super()._signed_in(answer)
        self._signed = self._signed or answer.outcome is SignInOutcome.VERIFIED

    def _broken(self, failure: Failure) -> None:
        """Our own mistake: the caller goes back to the agent, the house goes on."""
        self._log.failure(
            "Flow {flow} failed", failure, flow=self._flow.name, call_id=self._call_id
        )
        self._end(LoanResult.INTERRUPTED)

    # --- inside -----------------------------------------------------------------------------

    def _key_pressed(self, key: str) -> None:
        self._keyed = self._ports.clock.seconds()
        self._handle(Key(key))

    def _honest(self, result: LoanResult) -> LoanResult:
        """A flow cannot say more than what was done in it."""
        if result is LoanResult.VERIFIED and not self._signed:
            self._log.error("Flow {flow} verified nobody", flow=self._flow.name)
            return LoanResult.INTERRUPTED
        if result is LoanResult.SERVED and not self._done:
            return LoanResult.GAVE_UP
        return result

    def _end(self, result: LoanResult, *, warned: bool = False) -> None:
        """Give the caller back, once; `warned` when the flow told them so itself."""
        if self._over:
            return
        self._result = result
        self._leave("returned")
        self._cease()
        self._ports.calls.stop(self._call_id)
        giving_back = self._giving_back
        giving_back.over.addCallback(lambda _: self._tell(result))
        if not warned:
            giving_back.after_warning()
        elif self._ports.clock.seconds() - self._keyed >= QUIET:
            self._ports.calls.collect(self._call_id, None)
            giving_back.over.callback(None)
        else:
            giving_back.when_quiet()

    def _tell(self, result: LoanResult) -> None:
        self.over.callback(LoanEnded(result, self._verification, tuple(self._done)))
