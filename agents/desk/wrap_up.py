"""Wrapping up: the code of a call, its note, and the day to call the customer back.

A code belongs to an agent's part in a call, not to the call: after a transfer each agent has
their own. It may be given during the call, in after-call work, and until the next call.

Codes of calls that may come to an agent's card again are known here, those from before a restart
since `start`, so that no call that is offered asks the database for its own.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred

from agents.desk.codes import Code, CodeTree
from agents.desk.model import Coding, FollowUp, OnCall
from agents.desk.repository import codings_txn, save_coding_txn
from agents.errors import no_call
from agents.events import CallCoded
from cti.database import Database
from cti.kernel.bus import Bus
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import AgentId, CallId

WriteNotes = Callable[[AgentId, CallId, str], Deferred[None]]


class WrapUp:
    """Codes of the calls on agents' cards; `changed` is called when an agent's is another."""

    def __init__(
        self,
        *,
        codes: CodeTree,
        required: bool,
        database: Database,
        bus: Bus,
        clock: Clock,
        write_notes: WriteNotes,
        up: Callable[[CallId], bool],
        changed: Callable[[AgentId], None],
    ) -> None:
        """`up` tells whether that call goes on, and may come to somebody's card again."""
        self.codes = codes
        self._required = required and bool(codes.roots)
        self._database, self._bus, self._clock = database, bus, clock
        self._write_notes, self._up, self._changed = write_notes, up, changed
        self._calls: dict[AgentId, OnCall] = {}
        """The call on each agent's card, or the one that was there last."""
        self._codings: dict[AgentId, dict[CallId, Coding]] = {}
        """Each agent's, of calls that go on and of the one on their card."""

    def start(self, calls: Collection[CallId]) -> Deferred[None]:
        """Fires when the codes are known that those calls had before a restart."""

        def found(codings: Mapping[CallId, list[Coding]]) -> None:
            for each in (coding for of_call in codings.values() for coding in of_call):
                self._codings.setdefault(each.agent_id, {})[each.call_id] = each

        return self._database.read(codings_txn, calls).addCallback(found)

    def put(self, agent_id: AgentId, call: OnCall) -> None:
        """That call is on the agent's card now."""
        before = self._calls.get(agent_id)
        self._calls[agent_id] = call
        if before is None or before.call_id != call.call_id:
            self._forget(agent_id)
            self._changed(agent_id)

    def needs_code(self, agent_id: AgentId, call_id: CallId) -> bool:
        """Whether after-call work may not end yet, as that call has no code."""
        call = self._calls.get(agent_id)
        on_card = call is not None and call.call_id == call_id
        return self._required and on_card and self._coding(agent_id) is None

    def entity(self, agent_id: AgentId) -> Mapping[str, Any] | None:
        """What the page shows of it; None before the agent's first call."""
        call, coding = self._calls.get(agent_id), self._coding(agent_id)
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

    def _coding(self, agent_id: AgentId) -> Coding | None:
        """Of the call on that agent's card."""
        call = self._calls.get(agent_id)
        return self._codings.get(agent_id, {}).get(call.call_id) if call is not None else None

    def _forget(self, agent_id: AgentId) -> None:
        """What the agent said of calls that are over and on their card no more."""
        if mine := self._codings.pop(agent_id, None):
            card = self._calls[agent_id].call_id
            wanted = {call_id for call_id in mine if call_id == card or self._up(call_id)}
            self._codings[agent_id] = {call_id: mine[call_id] for call_id in wanted}

    def _keep(self, coding: Coding) -> None:
        self._codings.setdefault(coding.agent_id, {})[coding.call_id] = coding
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
