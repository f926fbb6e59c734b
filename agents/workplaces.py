"""What lies before each agent: their state, their calls, their telephone and their rights."""

from collections.abc import Callable
from dataclasses import dataclass

from agents.actions import Phone, PhoneKind, Workplace
from agents.calls import CallBook
from agents.lines import Naming, Secure, lines_of
from agents.roster import Roster
from agents.session import AgentSession
from agents.sessions import Sessions
from cti.call.control import CallControl
from cti.kernel.identifiers import AgentId, CallId, DeviceId, QueueId, StaffId
from cti.kernel.vocabulary import Situation


def _as_it_is(number: str) -> str:
    return number


@dataclass(frozen=True, slots=True)
class WorkplaceFacts:
    """What other rooms know of agents' calls and telephones."""

    written: Callable[[str], str] = _as_it_is
    """A number as people here write it."""
    secure: Callable[[CallId], Secure | None] = lambda _: None
    """With what the call's customer is alone in the IVR."""


class Workplaces:
    """Every agent's place; implements `agents.telephony.Workplaces`."""

    def __init__(
        self,
        sessions: Sessions,
        book: CallBook,
        control: CallControl,
        roster: Roster,
        in_page: Callable[[DeviceId], bool],
        facts: WorkplaceFacts,
    ) -> None:
        """`in_page` tells whether that telephone is one of a page."""
        self.needs_code: Callable[[AgentId, CallId], bool] = lambda _agent, _call: False
        """Whether that agent's call needs a code before its after-call work ends."""
        self._sessions, self._book = sessions, book
        self._control, self._roster, self._in_page = control, roster, in_page
        self._naming = Naming(self._name_at, facts.written, facts.secure)

    def place(self, agent_id: AgentId) -> Workplace:
        """All that decides what the agent can do now; Refused for nobody's id."""
        return self.of(self._sessions.of(agent_id))

    def of(self, session: AgentSession) -> Workplace:
        """The same, of that session."""
        staff = self._roster.by_id(StaffId(session.agent_id))
        calls, extension, call_id = session.calls, session.extension, session.call_id
        return Workplace(
            session.status,
            lines_of(calls, extension, self._control.get, self._naming),
            self._phone(extension),
            staff.may_dial if staff is not None else frozenset(),
            session.after_call,
            uncoded=call_id is not None and self.needs_code(session.agent_id, call_id),
        )

    def extension_of(self, agent_id: AgentId) -> DeviceId:
        """The agent's telephone; Refused for nobody's id."""
        return self._sessions.of(agent_id).extension

    def queue_known(self, queue_id: QueueId) -> bool:
        """Whether there is such a queue."""
        return queue_id in self._roster.queues

    def situation_of(self, call_id: CallId) -> Situation:
        """What the call was queued for last."""
        return self._book.situation(call_id)

    def _phone(self, extension: DeviceId) -> Phone:
        registered = self._control.registered(extension)
        if self._in_page(extension):
            return Phone(PhoneKind.BROWSER, registered)
        return Phone(PhoneKind.SIP if registered else PhoneKind.NONE, registered)

    def _name_at(self, device: DeviceId) -> str:
        staff = self._roster.by_extension(device)
        return staff.name if staff is not None else ""
