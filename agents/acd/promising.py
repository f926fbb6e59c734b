"""Offers callers to be called back, and knows who has been promised it.

A promise is offered by key to who waits long enough, in the hours in which customers are called;
whoever calls again before it is kept is asked whether to keep it.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from agents.acd.call_back import CallBack
from agents.acd.call_back_dialogue import Cancel, Keep, Promise
from agents.acd.call_back_dialogue import Stay as StayOn
from agents.acd.call_back_rules import CallBackRules
from agents.acd.call_backs import CallBacks
from agents.acd.invitations import Invitations
from agents.acd.outflow import WaitingPorts
from agents.acd.stays import Stay, Stays
from agents.acd.waiting import Place, Sounds
from agents.model import Queue
from cti.call.control import CallControl
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import CallId, QueueId


class Places(Protocol):
    """Where callers wait (`agents.acd.engine`)."""

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place and expected wait; None unless the call waits unoffered."""

    def unoffered(self, stay: Stay) -> bool:
        """Whether the caller waits and no telephone rings for them."""

    def wait_on(self, stay: Stay) -> None:
        """Music and announcements again for who waits, after they were talked to."""

    def leave_promised(self, stay: Stay) -> None:
        """The caller leaves, thanked, to be called back."""

    def move_up(self, stay: Stay, arrived: float) -> None:
        """The caller has waited since then, if that is longer than was known."""

    def silence(self, stay: Stay) -> None:
        """No music and no announcements, for the caller is talked to."""


class Promising:
    """What waiting callers hear of call-backs, and what they answer."""

    def __init__(
        self,
        *,
        clock: Clock,
        control: CallControl,
        sounds: Sounds,
        stays: Stays,
        queues: Callable[[], Mapping[QueueId, Queue]],
        places: Places,
        call_backs: CallBacks,
        ports: WaitingPorts,
    ) -> None:
        self._clock, self._control, self._stays = clock, control, stays
        self._queues, self._places, self._call_backs = queues, places, call_backs
        self._ports = ports
        self._invitations = Invitations(clock, control, sounds, self, ports.may_call)

    # --- the waiting room's hosts -----------------------------------------------------------

    def place(self, call_id: CallId) -> Place | None:
        """The caller's place and expected wait; None unless the call waits unoffered."""
        return self._places.place(call_id)

    def call_back_key(self, call_id: CallId) -> str:
        """The key by which the caller is called back, empty while that is not offered."""
        stay = self._stays.get(call_id)
        rules = self._rules(stay) if stay is not None else None
        if stay is None or rules is None or not self._may_promise(stay, rules):
            return ""
        place = self._places.place(call_id)
        wait = place.wait if place is not None else None
        long = wait is not None and wait.low > rules.expected_above
        return rules.key if long or stay.until(utc(self._clock)) >= rules.offer_after else ""

    def pressed(self, call_id: CallId, key: str) -> None:
        """A waiting caller pressed a key: the one of call-backs is good from the start."""
        stay = self._stays.get(call_id)
        rules = self._rules(stay) if stay is not None else None
        if stay is not None and rules is not None and key == rules.key:
            self.invite(stay)

    # --- the engine's -----------------------------------------------------------------------

    def invite(self, stay: Stay) -> None:
        """Begin the dialogue about a call-back, where one may be promised now."""
        rules = self._rules(stay)
        if rules is not None and self._may_promise(stay, rules):
            self._talk(stay, rules, promised=False)

    def takes(self, stay: Stay) -> bool:
        """Whether the caller, who has just come, is talked to: now, or because of a promise."""
        rules = self._rules(stay)
        if rules is None or not self._places.unoffered(stay):
            return False
        if self._invitations.invited(stay.call_id):
            return True
        if self._promise_to(stay) is None:
            return False
        self._talk(stay, rules, promised=True)
        return True

    def served(self, stay: Stay) -> None:
        """An agent talks with the customer: nothing is to be kept any more."""
        call_back = self._promise_to(stay)
        if call_back is not None:
            self._call_backs.cancel(call_back.waiting_id)

    def break_off(self, call_id: CallId) -> None:
        """The caller leaves the queue, or is called for: the dialogue is over, if there is one."""
        self._invitations.end(call_id)

    # --- the dialogue's ---------------------------------------------------------------------

    def agreed(self, call_id: CallId, action: Promise | Keep | Cancel | StayOn) -> None:
        """The caller decided so. For whom a telephone rings by then, they stay."""
        stay, call = self._stays.get(call_id), self._control.get(call_id)
        if stay is None or call is None:
            return
        match action:
            case Promise(number) if self._places.unoffered(stay):
                self._places.leave_promised(stay)
                if self._call_backs.promised_to(None, number) is None:  # nobody is called twice
                    self._call_backs.promise(stay.call, call, number)
                return
            case Keep() if self._places.unoffered(stay):
                self._places.leave_promised(stay)
                return
            case Cancel():
                self._take_back(stay)
        self._places.wait_on(stay)

    def _take_back(self, stay: Stay) -> None:
        """The customer waits in the place that the promise had, where it was in the same queue."""
        call_back = self._promise_to(stay)
        if call_back is None:
            return
        self._call_backs.cancel(call_back.waiting_id)
        if call_back.queue_id == stay.queue_id:
            self._places.move_up(stay, call_back.arrived.timestamp())

    # --- inside -----------------------------------------------------------------------------

    def _talk(self, stay: Stay, rules: CallBackRules, *, promised: bool) -> None:
        self._places.silence(stay)
        number, language = self._number(stay), stay.call.language
        self._invitations.invite(stay.call_id, language, rules, number, promised=promised)

    def _may_promise(self, stay: Stay, rules: CallBackRules) -> bool:
        now = utc(self._clock)
        hours = rules.window.opening(now, self._ports.zone) == now
        return hours and self._places.unoffered(stay) and self._promise_to(stay) is None

    def _promise_to(self, stay: Stay) -> CallBack | None:
        call = self._control.get(stay.call_id)
        customer_id = call.user_data.customer_id if call is not None else None
        return self._call_backs.promised_to(customer_id, self._number(stay))

    def _number(self, stay: Stay) -> str:
        """The customer's number as it is dialled here."""
        call = self._control.get(stay.call_id)
        if call is None:
            return ""
        return self._ports.number(call.calling if call.caller is not None else call.called)

    def _rules(self, stay: Stay) -> CallBackRules | None:
        return self._queues()[stay.queue_id].waiting.call_back
