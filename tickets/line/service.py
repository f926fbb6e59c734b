"""Serves callers about their tickets: the `TicketLinePort` and the `MessagePort` of the house."""

from collections.abc import Sequence
from datetime import datetime

from twisted.internet.defer import Deferred

from cti.database import Database
from cti.kernel.clock import Clock, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import SpokenMessage
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import (
    Caller,
    Proven,
    SlotFound,
    ToldTicket,
    Urged,
    Urging,
    Wished,
    Words,
)
from cti.kernel.vocabulary import Language
from tickets.acts import Action, ClockKind
from tickets.line import appointments, telling
from tickets.line.acting import act_now, request_for
from tickets.line.repository import Judged, open_of_txn, prove_txn
from tickets.line.settings import LineSettings
from tickets.model import CUSTOMER
from tickets.premises import form_terms
from tickets.service import TicketService
from tickets.view import TicketView

URGE_OPEN = "ticket.urge_open"
WORDS = {
    Language.CHINESE: {
        "message": "客户来电补充语音留言，时长{seconds}秒，可在时间线上收听。",
        "urged": "客户来电催办。",
        "called_off": "客户在语音自助中取消预约。",
        "keyed": "来电{call_id}中按键确认",
    },
    Language.ENGLISH: {
        "message": "The customer added a message of {seconds} s, to be played on the time line.",
        "urged": "The customer urged by telephone.",
        "called_off": "The customer called the appointment off in the menu.",
        "keyed": "Confirmed by key in call {call_id}",
    },
}
"""What the time line says of what callers did."""
TIME_LINE = Language.CHINESE
"""The language in which the house writes it."""


class LineService:
    """What callers hear of tickets and do about them, by acts of the customer's own."""

    def __init__(
        self, tickets: TicketService, database: Database, clock: Clock, settings: LineSettings
    ) -> None:
        self._tickets, self._database, self._clock = tickets, database, clock
        self._settings = settings

    # --- whose ticket -----------------------------------------------------------------------

    def prove(self, number: str, ending: Secret, calling: str) -> Deferred[Proven]:
        """See `TicketLinePort`."""

        def told(judged: Judged) -> Proven:
            if judged.alarmed:
                self._tickets.somebody_told()
            return judged.proven

        now, settings = self._now(), self._settings
        judging = self._database.run(prove_txn, number, ending, calling, settings, now)
        return judging.addCallback(told)

    def told(self, number: TicketNumber) -> Deferred[ToldTicket | None]:
        """See `TicketLinePort`."""

        def words(view: TicketView | None) -> ToldTicket | None:
            return telling.told(view, self._now()) if view is not None else None

        return self._tickets.view(number).addCallback(words)

    def open_of(self, calling: str) -> Deferred[Sequence[TicketNumber]]:
        """See `TicketLinePort`."""
        return self._database.read(open_of_txn, calling, self._now())

    # --- what customers do ------------------------------------------------------------------

    def urge(self, number: TicketNumber, call_id: CallId) -> Deferred[Urged]:
        """See `TicketLinePort`."""
        return Deferred.fromCoroutine(self._urge(number, call_id))

    def cancel(self, number: TicketNumber, call_id: CallId) -> Deferred[bool]:
        """See `TicketLinePort`."""
        return Deferred.fromCoroutine(self._cancel(number, call_id))

    def take_message(self, message: SpokenMessage) -> Deferred[TicketNumber]:
        """See `MessagePort`."""
        if message.number is None:
            return self._tickets.take_message(message)
        return Deferred.fromCoroutine(self._join(message, message.number))

    async def _urge(self, number: TicketNumber, call_id: CallId) -> Urged:
        said = WORDS[TIME_LINE]["urged"]
        outcome = Urging.URGED
        try:
            await self._act(number, Action.URGE, {"text": said}, call_id)
        except Refused as refused:
            outcome = Urging.ALREADY if refused.error_id == URGE_OPEN else Urging.NOTED
        if outcome is Urging.NOTED:
            await self._act(number, Action.CONTACT, {"channel": "call", "text": said}, call_id)
            return Urged(outcome)
        view = await self._tickets.view(number)
        lead = view.case.lead if view is not None else None
        if view is None or lead is None:
            return Urged(outcome)
        return Urged(outcome, view.due(ClockKind.URGE_ANSWER, lead.serial))

    async def _cancel(self, number: TicketNumber, call_id: CallId) -> bool:
        words = WORDS[TIME_LINE]
        proof = words["keyed"].format(call_id=call_id)
        fields = {"reason": words["called_off"], "proof": proof}
        try:
            await self._act(number, Action.WITHDRAW, fields, call_id)
        except Refused:
            return False
        return True

    async def _join(self, message: SpokenMessage, number: TicketNumber) -> TicketNumber:
        """The message's call belongs to the ticket, and whoever works on it is told."""
        about = (message.call_id, message.begun.isoformat())
        text = WORDS[TIME_LINE]["message"].format(seconds=round(message.seconds))
        attached = request_for("attach", number, *about)
        call = {"call": message.call_id}
        await act_now(self._tickets, number, Action.ATTACH, call, CUSTOMER, attached)
        told = request_for("tell", number, *about)
        view = await self._tickets.view(number)
        under_way = view is not None and telling.may(view, Action.FOLLOW_UP, self._now())
        if under_way:
            try:
                followed = {"text": text}
                await act_now(self._tickets, number, Action.FOLLOW_UP, followed, CUSTOMER, told)
            except Refused as refused:
                if refused.error_id != "ticket.wrong_state":
                    raise
        contact = {"channel": "voicemail", "text": text}
        request = request_for("contact", number, *about)
        await act_now(self._tickets, number, Action.CONTACT, contact, CUSTOMER, request)
        return number

    async def _act(
        self, number: TicketNumber, action: Action, fields: dict[str, str], call_id: CallId
    ) -> None:
        """The customer does it in that call; asked again in the same call, it is done once."""
        request = request_for(action.value, number, call_id)
        await act_now(self._tickets, number, action, fields, CUSTOMER, request)

    # --- appointments -----------------------------------------------------------------------

    def matters(self) -> Sequence[str]:
        """See `TicketLinePort`."""
        return appointments.MATTERS

    def branches(self) -> Sequence[Words]:
        """See `TicketLinePort`."""
        return self._settings.branches

    def slot(self, wished: Wished) -> SlotFound:
        """See `TicketLinePort`."""
        terms = form_terms(self._tickets.timekeeper.calendars, self._now())
        return appointments.slot_found(wished, terms, self._settings)

    def appoint(self, wished: Wished, caller: Caller) -> Deferred[TicketNumber]:
        """See `TicketLinePort`."""
        found = self.slot(wished)
        if found.slot is None:
            raise Refused("ticket.field_closed", field="slot")
        draft = appointments.draft_of(wished, caller, found.slot, self._settings)
        request = request_for("appoint", caller.call_id, draft.occasion)
        done = self._tickets.register(draft, CUSTOMER, request)
        return done.addCallback(lambda receipt: receipt.number)

    def _now(self) -> datetime:
        return utc(self._clock)
