"""Wrapping up: the code of a call, its note, and the day to call the customer back.

A code belongs to an agent's part in a call, not to the call: after a transfer each agent has
their own. It may be given during the call, in after-call work, and until the next call.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from agents.desk.codes import Code, CodeTree
from agents.desk.model import Coding, FollowUp, OnCall
from agents.desk.repository import coding_txn, save_coding_txn
from agents.errors import no_call
from agents.events import CallCoded
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CallId

WriteNotes = Callable[[AgentId, CallId, str], Deferred[None]]


class WrapUp:
    """Codes of the calls on agents' cards; `changed` is called when an agent's is another."""

    log = Logger()

    def __init__(
        self,
        *,
        codes: CodeTree,
        required: bool,
        database: Database,
        bus: Bus,
        clock: Clock,
        write_notes: WriteNotes,
        changed: Callable[[AgentId], None],
    ) -> None:
        self.codes = codes
        self._required = required and bool(codes.roots)
        self._database, self._bus, self._clock = database, bus, clock
        self._write_notes, self._changed = write_notes, changed
        self._calls: dict[AgentId, OnCall] = {}
        """The call on each agent's card, or the one that was there last."""
        self._codings: dict[AgentId, Coding] = {}

    def put(self, agent_id: AgentId, call: OnCall) -> None:
        """That call is on the agent's card now."""
        before = self._calls.get(agent_id)
        self._calls[agent_id] = call
        if before is None or before.call_id != call.call_id:
            self._codings.pop(agent_id, None)
            self._find(agent_id, call.call_id)
            self._changed(agent_id)

    def needs_code(self, agent_id: AgentId, call_id: CallId) -> bool:
        """Whether after-call work may not end yet, as that call has no code."""
        call = self._calls.get(agent_id)
        on_card = call is not None and call.call_id == call_id
        return self._required and on_card and agent_id not in self._codings

    def entity(self, agent_id: AgentId) -> Mapping[str, Any] | None:
        """What the page shows of it; None before the agent's first call."""
        call, coding = self._calls.get(agent_id), self._codings.get(agent_id)
        if call is None:
            return None
        return {
            "call_id": call.call_id,
            "required": self._required,
            "queue_id": call.queue_id,
            "code": coding.code if coding else None,
            "follow_up": coding.follow_up if coding else None,
        }

    async def code(
        self,
        agent_id: AgentId,
        call_id: CallId | None,
        code: str,
        note: str,
        follow_up: datetime | None,
    ) -> None:
        """Keep what the call was about; Refused with what is missing, and nothing is kept then."""
        call = self._calls.get(agent_id)
        if call is None or call_id not in (None, call.call_id):
            raise no_call()
        now = utc(self._clock)
        chosen = self.codes.chosen(code, call.queue_id, note, follow_up, now)
        await self._write_notes(agent_id, call.call_id, note)
        coding = Coding(call.call_id, agent_id, chosen.code, now, follow_up)
        task = _task(coding, call, note) if follow_up else None
        first = await self._database.run(save_coding_txn, coding, task)
        self._keep(coding)
        self._tell(coding, chosen, first)

    def _tell(self, coding: Coding, chosen: Code, first: bool) -> None:
        self._bus.publish(
            CallCoded(
                at=coding.at,
                call_id=coding.call_id,
                agent_id=coding.agent_id,
                code=chosen.code,
                names=chosen.names,
                follow_up=coding.follow_up,
                again=not first,
            )
        )

    def _find(self, agent_id: AgentId, call_id: CallId) -> None:
        """The code given before a restart."""
        finding = self._database.read(coding_txn, call_id, agent_id)
        finding.addCallback(self._found)
        finding.addErrback(
            lambda failure: self.log.failure("code of {call_id}", failure, call_id=call_id)
        )

    def _found(self, coding: Coding | None) -> None:
        if coding is not None:
            self._keep(coding)

    def _keep(self, coding: Coding) -> None:
        call = self._calls.get(coding.agent_id)
        if call is not None and call.call_id == coding.call_id:
            self._codings[coding.agent_id] = coding
            self._changed(coding.agent_id)


def _task(coding: Coding, call: OnCall, note: str) -> FollowUp:
    assert coding.follow_up is not None
    return FollowUp(
        call_id=coding.call_id,
        agent_id=coding.agent_id,
        due=coding.follow_up,
        note=note,
        customer_id=call.customer.customer_id,
        name=call.customer.customer_name,
        number=call.number,
    )
