"""Self-service about tickets: hear of one's own, urge it, call an appointment off, or make one.

A caller proves that a ticket is theirs by its number and the last digits of the telephone number
that it has, and nothing is told before; a wrong number and wrong digits sound the same. What was
proved is kept for the length of the call.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from cti.call.model import Call
from cti.kernel.identifiers import CallId, TicketNumber
from cti.kernel.ports import TicketLinePort
from cti.kernel.secret import Secret
from cti.kernel.ticket_line import (
    Caller,
    Proof,
    SlotAnswer,
    ToldTicket,
    Urging,
    Wished,
)
from cti.kernel.vocabulary import Language
from ivr.effects import ServiceDone
from ivr.flow import OPEN_TICKETS, UNAVAILABLE, Signature, Values
from ivr.reading import Reading
from prompts.catalogue import Announcement

MOST_WRONG = 3
"""Wrong tries in one call."""
MOST_CHOICES = 9
"""As many as there are keys."""
ANSWER_OWED = frozenset({"registered", "in_progress", "result_in"})
ANSWERED = frozenset({"replied", "callback", "closed"})
APPOINTMENT = "appointment"
LONGEST_NAME = 40
OFFERED = "ticket_offered"
"""The service for the caller's latest open ticket, which is looked up before it is used."""

SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {
        OFFERED: Signature(outcomes=frozenset({"proven", "gone"})),
        "ticket_prove": Signature(
            arguments=frozenset({"ticket_number", "ticket_ending"}),
            secrets=frozenset({"ticket_ending"}),
            outcomes=frozenset({"proven", "wrong", "locked"}),
        ),
        "ticket_state": Signature(
            outcomes=frozenset({"open", "answered", APPOINTMENT, "ended", "unproven"}),
            counts_as="ticket_state",
        ),
        "ticket_reply": Signature(outcomes=frozenset({"more", "all", "unproven"})),
        "ticket_urge": Signature(
            outcomes=frozenset({"urged", "unproven"}), counts_as="ticket_urge"
        ),
        "ticket_cancel": Signature(
            outcomes=frozenset({"cancelled", "impossible", "unproven"}), counts_as="ticket_cancel"
        ),
        "appointment_begin": Signature(outcomes=frozenset({"matters", "none"})),
        "appointment_matter": Signature(
            arguments=frozenset({"appointment_matter"}), outcomes=frozenset({"branches", "unknown"})
        ),
        "appointment_branch": Signature(
            arguments=frozenset({"appointment_branch"}), outcomes=frozenset({"chosen", "unknown"})
        ),
        "appointment_slot": Signature(
            arguments=frozenset({"appointment_day", "appointment_time"}),
            outcomes=frozenset({"open", "closed", "impossible"}),
        ),
        "appointment_caller": Signature(outcomes=frozenset({"known", "withheld"})),
        "appointment_contact": Signature(
            arguments=frozenset({"appointment_contact"}), outcomes=frozenset({"known"})
        ),
        "appointment_make": Signature(outcomes=frozenset({"made"}), counts_as="appointment"),
    }
)

Run = Callable[..., Awaitable[ServiceDone]]
FindCall = Callable[[CallId], Call | None]


class TicketServices:
    """What one call learns and does about tickets; `number` is the one that proved to be theirs."""

    def __init__(self, line: TicketLinePort, call_id: CallId, find: FindCall) -> None:
        self._line, self._call_id, self._find = line, call_id, find
        self.number: TicketNumber | None = None
        self._offered: TicketNumber | None = None
        self._wrong = 0
        self._reading = Reading("ticket.reply")
        self._wished = Wished("", "", "", "")

    # --- one's own ticket -------------------------------------------------------------------

    async def known(self) -> Values:
        """What flows may know of who calls from here; their latest open ticket is offered."""
        calling = self._caller().calling
        found = await self._line.open_of(calling) if calling else ()
        if not found:
            return {}
        self._offered = found[0]
        return {OPEN_TICKETS: "one" if len(found) == 1 else "several"}

    async def ticket_offered(self) -> ServiceDone:
        """The offered ticket is the caller's, for it has the number that they call from."""
        if self._offered is None:
            return _refused("gone")
        self.number = self._offered
        return ServiceDone("proven")

    async def ticket_prove(self, *, ticket_number: str, ticket_ending: Secret) -> ServiceDone:
        """Whether number and digits belong together."""
        if self._wrong >= MOST_WRONG:
            return _refused("locked", Announcement("ticket.locked"))
        proven = await self._line.prove(ticket_number, ticket_ending, self._caller().calling)
        if proven.proof is Proof.PROVEN:
            self.number = proven.number
            return ServiceDone("proven")
        self._wrong += 1
        if proven.proof is Proof.LOCKED or self._wrong >= MOST_WRONG:
            return _refused("locked", Announcement("ticket.locked"))
        return _refused("wrong", Announcement("ticket.wrong"))

    async def ticket_state(self) -> ServiceDone:
        """Kind, state, department, slot, and when an answer is owed."""
        ticket = await self._ticket()
        if ticket is None:
            return _refused("unproven")
        self._reading.begin(ticket.reply)
        language = self._caller().language
        return ServiceDone(_standing(ticket), tuple(_told(ticket, language)))

    async def ticket_reply(self) -> ServiceDone:
        """The answer, or what of it has not been read yet; a long one in parts."""
        if self.number is None:
            return _refused("unproven")
        lines = self._reading.part()
        return ServiceDone("more" if self._reading.more else "all", lines)

    async def ticket_urge(self) -> ServiceDone:
        """Urge it, and say when that is answered."""
        if self.number is None:
            return _refused("unproven")
        urged = await self._line.urge(self.number, self._call_id)
        text = {
            Urging.URGED: "ticket.urged",
            Urging.ALREADY: "ticket.urged_already",
            Urging.NOTED: "ticket.urge_noted",
        }[urged.outcome]
        told = [Announcement(text)]
        if urged.answer_by is not None:
            told.append(Announcement("ticket.urge_answer", {"due": urged.answer_by}))
        return ServiceDone("urged", tuple(told))

    async def ticket_cancel(self) -> ServiceDone:
        """Call the appointment off."""
        if self.number is None:
            return _refused("unproven")
        if await self._line.cancel(self.number, self._call_id):
            return ServiceDone("cancelled", (Announcement("ticket.cancelled"),))
        return _refused("impossible", Announcement("ticket.not_cancelled"))

    # --- an appointment ---------------------------------------------------------------------

    async def appointment_begin(self) -> ServiceDone:
        """What appointments are for."""
        matters = self._line.matters()[:MOST_CHOICES]
        if not self._line.branches():
            return _refused("none", Announcement("appointment.none"))
        choices = (
            Announcement(
                "appointment.item", {"what": f"appointment.matter.{each}", "key": str(key)}
            )
            for key, each in enumerate(matters, 1)
        )
        return ServiceDone("matters", choices=tuple(choices))

    async def appointment_matter(self, *, appointment_matter: str) -> ServiceDone:
        """The matter that the key stands for; then the branches to choose from."""
        if not _is_key(appointment_matter, self._line.matters()):
            return _refused("unknown", Announcement("appointment.no_such"))
        self._wish(matter=appointment_matter)
        language = self._caller().language
        choices = (
            Announcement("appointment.branch", {"name": each[language], "key": str(key)})
            for key, each in enumerate(self._line.branches()[:MOST_CHOICES], 1)
        )
        return ServiceDone("branches", choices=tuple(choices))

    async def appointment_branch(self, *, appointment_branch: str) -> ServiceDone:
        """The branch that the key stands for."""
        if not _is_key(appointment_branch, self._line.branches()):
            return _refused("unknown", Announcement("appointment.no_such"))
        self._wish(branch=appointment_branch)
        return ServiceDone("chosen")

    async def appointment_slot(self, *, appointment_day: str, appointment_time: str) -> ServiceDone:
        """The slot that was keyed in, read back."""
        self._wish(day=appointment_day, time=appointment_time)
        found = self._line.slot(self._wished)
        if found.answer is not SlotAnswer.OPEN or found.slot is None:
            text = f"appointment.{found.answer.value}"
            return _refused(found.answer.value, Announcement(text))
        name = self._line.branches()[int(self._wished.branch) - 1][self._caller().language]
        matter = self._line.matters()[int(self._wished.matter) - 1]
        values = {
            "what": f"appointment.matter.{matter}",
            "branch": name,
            "slot": found.slot,
        }
        return ServiceDone("open", choices=(Announcement("appointment.read_back", values),))

    async def appointment_caller(self) -> ServiceDone:
        """Whether the caller can be called back by the number they call from."""
        return ServiceDone("known" if self._caller().calling else "withheld")

    async def appointment_contact(self, *, appointment_contact: str) -> ServiceDone:
        """The number by which the caller can be reached."""
        self._wish(contact=appointment_contact)
        return ServiceDone("known")

    async def appointment_make(self) -> ServiceDone:
        """Register it; its number is said twice, slowly."""
        number = await self._line.appoint(self._wished, self._caller())
        told = Announcement("ticket.your_number", {"number": number})
        again = Announcement("ticket.number_again", {"number": number})
        return ServiceDone("made", (Announcement("appointment.made"), told, again))

    # --- inside -----------------------------------------------------------------------------

    async def _ticket(self) -> ToldTicket | None:
        return await self._line.told(self.number) if self.number is not None else None

    def _wish(self, **given: str) -> None:
        known = self._wished
        self._wished = Wished(
            matter=given.get("matter", known.matter),
            branch=given.get("branch", known.branch),
            day=given.get("day", known.day),
            time=given.get("time", known.time),
            contact=given.get("contact", known.contact),
        )

    def _caller(self) -> Caller:
        call = self._find(self._call_id)
        if call is None:
            return Caller(self._call_id, "", Language.CHINESE)
        known = call.user_data
        return Caller(
            call_id=self._call_id,
            calling=call.calling,
            language=known.language,
            customer_id=known.customer_id,
            name=known.customer_name,
            service_level=known.service_level,
        )


SERVICES: Mapping[str, Run] = MappingProxyType(
    {
        OFFERED: TicketServices.ticket_offered,
        "ticket_prove": TicketServices.ticket_prove,
        "ticket_state": TicketServices.ticket_state,
        "ticket_reply": TicketServices.ticket_reply,
        "ticket_urge": TicketServices.ticket_urge,
        "ticket_cancel": TicketServices.ticket_cancel,
        "appointment_begin": TicketServices.appointment_begin,
        "appointment_matter": TicketServices.appointment_matter,
        "appointment_branch": TicketServices.appointment_branch,
        "appointment_slot": TicketServices.appointment_slot,
        "appointment_caller": TicketServices.appointment_caller,
        "appointment_contact": TicketServices.appointment_contact,
        "appointment_make": TicketServices.appointment_make,
    }
)
"""By name."""


def _refused(outcome: str = UNAVAILABLE, *announcements: Announcement) -> ServiceDone:
    return ServiceDone(outcome, announcements, succeeded=False)


def _is_key(key: str, choices: Sequence[object]) -> bool:
    return key.isdigit() and 1 <= int(key) <= min(len(choices), MOST_CHOICES)


def _standing(ticket: ToldTicket) -> str:
    """What a caller can do about it, as an outcome."""
    if ticket.may_cancel:
        return APPOINTMENT
    if ticket.state in ANSWER_OWED:
        return "open"
    return "answered" if ticket.reply and ticket.state in ANSWERED else "ended"


def _told(ticket: ToldTicket, language: Language) -> list[Announcement]:
    told = [
        Announcement(
            "ticket.told",
            {
                "kind": f"ticket.kind.{ticket.kind}",
                "number": ticket.number,
                "state": f"ticket.state.{ticket.state}",
            },
        )
    ]
    if ticket.slot is not None:
        told.append(Announcement("ticket.slot", {"slot": ticket.slot}))
    if ticket.department:
        told.append(
            Announcement("ticket.department", {"name": ticket.department[language][:LONGEST_NAME]})
        )
    if ticket.state in ANSWER_OWED and ticket.overdue:
        told.append(Announcement("ticket.overdue"))
    elif ticket.state in ANSWER_OWED and ticket.due is not None and ticket.slot is None:
        told.append(Announcement("ticket.due", {"due": ticket.due}))
    return told
