"""What agents wish of their calls, by the names pages use."""

from collections.abc import Awaitable, Callable
from typing import Any

from agents.telephony import Telephony
from agents.web.state_commands import text_of
from cti.kernel.identifiers import AgentId, CallId, ConnectionId, QueueId
from cti.kernel.principal import Principal
from cti.web.live import Command, Handler

Wish = Callable[[AgentId, ConnectionId | None, Command], Any]


def telephony_commands(telephony: Telephony) -> dict[str, Handler]:
    """The commands of the call bar; those on a call may name the agent's `connection_id` in it."""
    t = telephony

    async def dial(principal: Principal, command: Command) -> None:
        override = command.get("override") is True
        await t.dial(_agent(principal), text_of(command, "number"), override=override)

    async def call_back(principal: Principal, command: Command) -> None:
        call_id, override = CallId(text_of(command, "call_id")), command.get("override") is True
        await t.call_back(_agent(principal), call_id, override=override)

    def drop(principal: Principal, command: Command) -> None:
        t.drop(_agent(principal), ConnectionId(text_of(command, "connection_id")))

    return {
        "reject": _plain(t.reject),
        "hang_up": _of_call(lambda who, which, _: t.hang_up(who, which)),
        "hold": _of_call(lambda who, which, _: t.hold(who, which)),
        "retrieve": _of_call(lambda who, which, _: t.retrieve(who, which)),
        "mute": _of_call(lambda who, which, said: t.mute(who, which, on=said.get("on") is True)),
        "keys": _of_call(lambda who, which, said: t.keys(who, which, text_of(said, "keys"))),
        "transfer": _of_call(
            lambda who, which, said: t.transfer(who, which, text_of(said, "number"))
        ),
        "transfer_queue": _of_call(
            lambda who, which, said: t.transfer_queue(
                who, which, QueueId(text_of(said, "queue_id"))
            )
        ),
        "consult": _of_call(
            lambda who, which, said: t.consult(who, which, text_of(said, "number"))
        ),
        "complete": _plain(t.complete),
        "conference": _plain(t.conference),
        "reconnect": _plain(t.reconnect),
        "alternate": _plain(t.alternate),
        "drop": drop,
        "dial": dial,
        "call_back": call_back,
    }


def _plain(wish: Callable[[AgentId], None]) -> Handler:
    return lambda principal, _command: wish(_agent(principal))


def _of_call(wish: Wish) -> Handler:
    def handle(principal: Principal, command: Command) -> Awaitable[None] | None:
        given = "connection_id" in command
        which = ConnectionId(text_of(command, "connection_id")) if given else None
        wish(_agent(principal), which, command)
        return None

    return handle


def _agent(principal: Principal) -> AgentId:
    return AgentId(principal.staff_id)
