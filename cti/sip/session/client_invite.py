"""Our side of one INVITE we sent, initial or inside a dialog (RFC 3261, 13.2 and 14.1).

::

    CALLING      --1xx-->  PROCEEDING     --cancel-->  CANCELLED (CANCEL sent, 9.1)
    CALLING      --cancel-->  LEAVING     --1xx-->     CANCELLED
    any of them  --final response, or none in time-->  ANSWERED

Every 2xx is acknowledged here, each time it comes; one that makes the offer we left to the far
side once it is answered. A 2xx from another branch of a fork, or from somebody who was given up,
is acknowledged and its dialog ended at once (13.2.2.4). Reliable 1xx are acknowledged with PRACK
(RFC 3262, 4), per early dialog.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Protocol

from cti.sip.delivery import Delivery
from cti.sip.errors import Header
from cti.sip.events import Endpoint
from cti.sip.message import InboundResponse
from cti.sip.outgoing import OutgoingRequest
from cti.sip.sdp import SessionDescription
from cti.sip.session.bodies import description_of
from cti.sip.session.capabilities import Capabilities
from cti.sip.session.conversation import Answered, Conversation, InviteUsage, described
from cti.sip.session.dialog import Dialog
from cti.sip.session.exchange import Exchange, Turn
from cti.sip.session.reliable import Sequence, reliable_number

_CREDENTIALS = ("Authorization", "Proxy-Authorization")
MOST_BRANCHES = 32
"""Branches of a fork that are kept apart, or taken leave of; more are not looked at."""


class State(Enum):
    """How far the INVITE has come."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    LEAVING = "leaving"
    """To be cancelled as soon as a provisional response allows it."""
    CANCELLED = "cancelled"
    ANSWERED = "answered"


class InviteOwner(Protocol):
    """The session whose INVITE it is."""

    @property
    def over(self) -> bool: ...

    def invite_progressed(
        self, response: InboundResponse, description: SessionDescription | None, *, offered: bool
    ) -> None: ...

    def invite_accepted(
        self,
        usage: InviteUsage,
        response: InboundResponse,
        description: SessionDescription | None,
        *,
        offered: bool,
    ) -> None: ...

    def invite_failed(self, status: int, response: InboundResponse | None) -> None: ...

    def invite_lengthened(self, response: InboundResponse) -> tuple[Header, ...]: ...


class ClientInvite:
    """Sends the INVITE, answers its challenges, cancels it, acknowledges what accepts it."""

    def __init__(
        self,
        conversation: Conversation,
        owner: InviteOwner,
        request: OutgoingRequest,
        destination: Endpoint | None,
        exchange: Exchange,
        usage: InviteUsage | None = None,
    ) -> None:
        """To `destination`, or else to where the request URI leads; begins with `start`.

        `exchange` holds the offer of an INVITE that makes dialogs, `usage` the dialog it is in.
        """
        self.state = State.CALLING
        self.early: dict[str, InviteUsage] = {}
        """By the far side's tag; the latest to say something is the last."""
        self._conversation = conversation
        self._core = conversation.core
        self._owner = owner
        self._delivery = Delivery(self._core, request, destination)
        self._exchange = exchange
        self._usage = usage
        self._reason: tuple[Header, ...] = ()
        self._sequences: dict[str, Sequence] = {}
        self._acks: dict[str, Callable[[], None]] = {}
        self._unanswered: Callable[[SessionDescription | None], None] | None = None
        """Sends the ACK or PRACK that waits for our answer."""
        self._waiting_tag = ""
        if usage is not None:
            usage.settled = False

    # --- commands -------------------------------------------------------------------------------

    def start(self) -> None:
        """Send it."""
        self._delivery.start(self)

    def cancel(self, reason: tuple[Header, ...]) -> bool:
        """Give up; whether a CANCEL went out now rather than after the first 1xx."""
        self._reason = reason
        unsent = self._delivery.withdraw()
        if unsent:
            self._fail(487, None)
        elif self.state is State.CALLING:
            self.state = State.LEAVING
        elif self.state is State.PROCEEDING:
            self._send_cancel()
        return self.state is State.CANCELLED

    def abandon(self) -> None:
        """No final response came though the INVITE was cancelled, or its dialog ended (9.1)."""
        if self.state is not State.ANSWERED:
            self._core.abandon(self._delivery.key)
            self._fail(487, None)

    def answer(self, description: SessionDescription | None) -> bool:
        """Answer the offer left to them, None: not at all; whether the INVITE is done with that."""
        if self._unanswered is not None:
            send, self._unanswered, self._waiting_tag = self._unanswered, None, ""
            send(description)
            return self.state is State.ANSWERED
        return False

    # --- what happens ---------------------------------------------------------------------------

    def response_received(self, key: str, response: InboundResponse) -> None:
        """A response the transaction passes up."""
        if key != self._delivery.key:
            self._too_late(response)
        elif response.code >= 300:
            self._refused(response)
        elif response.code >= 200:
            self._accepted(response)
        elif self.state is State.LEAVING:
            self._send_cancel()
            self._owner.invite_progressed(response, None, offered=False)
        elif self.state in (State.CALLING, State.PROCEEDING):
            self.state = State.PROCEEDING
            self._progressed(response)

    def timed_out(self, key: str) -> None:
        """Nobody answered at all."""
        if key == self._delivery.key and self.state is not State.ANSWERED:
            self._fail(408, None)

    def _progressed(self, response: InboundResponse) -> None:
        usage = self._early_usage(response)
        rseq = reliable_number(response.message)
        if usage is None or rseq is None:
            preview = usage is not None and usage.exchange.turn is Turn.OURS and not usage.settled
            description = description_of(response.message) if preview else None
            self._owner.invite_progressed(response, description, offered=False)
            return
        if not self._sequences.setdefault(response.to_tag, Sequence()).takes(rseq):
            return
        description, offered = self._described(usage, response)
        rack = ("RAck", f"{rseq} {self._delivery.request.sequence} INVITE")
        if offered:
            self._wait(usage, lambda said: self._prack(usage, rack, said))
        else:
            self._prack(usage, rack, None)
        self._owner.invite_progressed(response, description, offered=offered)

    def _early_usage(self, response: InboundResponse) -> InviteUsage | None:
        """The dialog a 1xx belongs to; None when it makes none (12.1)."""
        tag = response.to_tag
        if response.code == 100 or not tag:
            return None
        if self._usage is not None:
            return self._usage
        usage = self.early.pop(tag, None)
        if usage is None:
            if len(self.early) >= MOST_BRANCHES:
                return None
            dialog = self._dialog(response)
            usage = InviteUsage(dialog, self._exchange.copy(), Capabilities())
        usage.peer = usage.peer.renewed(response.message)
        self.early[tag] = usage
        return usage

    def _prack(
        self, usage: InviteUsage, rack: Header, description: SessionDescription | None
    ) -> None:
        body = described(description)
        self._conversation.request("PRACK", _nothing, (rack,), body, usage)

    def _refused(self, response: InboundResponse) -> None:
        if self.state is State.ANSWERED:
            return
        if not self._owner.over and (again := self._retry(response)):
            self.state = State.CALLING
            self.early.clear()
            self._sequences.clear()
            sequence = self._conversation.next_sequence()
            request = self._delivery.request.renewed(self._core.branch(), sequence, *again)
            self._delivery.again(request, self)
            return
        self._fail(response.code, response)

    def _retry(self, response: InboundResponse) -> tuple[Header, ...]:
        """The headers that may make the INVITE welcome after all."""
        if response.code == 422:
            return self._owner.invite_lengthened(response)
        credentials = self._conversation.credentials
        header = self._core.credentials(self._delivery.request, response, *credentials)
        return (header,) if header is not None else ()

    def _fail(self, status: int, response: InboundResponse | None) -> None:
        self.state, self._unanswered = State.ANSWERED, None
        if self._usage is not None and not self._usage.settled:
            self._usage.exchange.withdraw()
        self._owner.invite_failed(status, response)

    def _accepted(self, response: InboundResponse) -> None:
        tag = response.to_tag if self._usage is None else self._usage.dialog.remote_tag
        acknowledge = self._acks.get(tag)
        if acknowledge is not None:
            acknowledge()
            return
        if self.state is State.ANSWERED and (tag == self._waiting_tag or self._crowded):
            return
        if self.state is State.ANSWERED:
            self._take_leave(response)
            return
        usage = self._confirmed(response)
        wanted = self.state not in (State.LEAVING, State.CANCELLED)
        self.state = State.ANSWERED
        description, offered = self._described(usage, response)
        if offered and wanted:
            self._wait(usage, lambda said: self._acknowledge(usage, said))
        else:
            self._acknowledge(usage, None)
        self._owner.invite_accepted(usage, response, description, offered=offered)

    def _too_late(self, response: InboundResponse) -> None:
        """Somebody answers who was given up before another was asked."""
        if not 200 <= response.code < 300:
            return
        if acknowledge := self._acks.get(response.to_tag):
            acknowledge()
        elif not self._crowded:
            self._take_leave(response)

    def _take_leave(self, response: InboundResponse) -> None:
        """A 2xx that nobody waits for: acknowledged, and its dialog ended (13.2.2.4)."""
        usage = self._confirmed(response)
        self._acknowledge(usage, None)
        self._conversation.request("BYE", _nothing, usage=usage)

    @property
    def _crowded(self) -> bool:
        """Whether so many branches answered that one more means us no good."""
        return len(self._acks) >= MOST_BRANCHES

    def _confirmed(self, response: InboundResponse) -> InviteUsage:
        """The dialog a 2xx makes or belongs to."""
        usage = self._usage or self.early.get(response.to_tag)
        if usage is None:
            dialog = self._dialog(response)
            usage = InviteUsage(dialog, self._exchange.copy(), Capabilities())
        elif self._usage is not None:
            usage.dialog = usage.dialog.refreshed(response.message)
        else:
            dialog = self._dialog(response)
            usage.dialog = replace(dialog, remote_sequence=usage.dialog.remote_sequence)
        usage.peer = usage.peer.renewed(response.message)
        return usage

    def _dialog(self, response: InboundResponse) -> Dialog:
        delivery = self._delivery
        return Dialog.of_client(delivery.request, response, delivery.destination)

    def _described(
        self, usage: InviteUsage, response: InboundResponse
    ) -> tuple[SessionDescription | None, bool]:
        """What a reliable 1xx or a 2xx says of the media, and whether that is their offer."""
        exchange, description = usage.exchange, description_of(response.message)
        if usage.settled:
            return (exchange.remote, False) if response.code >= 200 else (None, False)
        if description is None or exchange.turn is Turn.THEIRS:
            if response.code >= 200 and exchange.turn is Turn.OURS:
                exchange.withdraw()
            return None, False
        if exchange.turn is Turn.OURS:
            usage.settled = True
            exchange.answered(description)
            return description, False
        exchange.offered(description)
        return description, True

    def _wait(self, usage: InviteUsage, send: Callable[[SessionDescription | None], None]) -> None:
        """Have `answer` send what carries our answer."""

        def answer(description: SessionDescription | None) -> None:
            usage.settled = True
            if description is None:
                usage.exchange.withdraw()
            else:
                usage.exchange.answer(description)
            send(description)

        self._unanswered, self._waiting_tag = answer, usage.dialog.remote_tag

    def _acknowledge(self, usage: InviteUsage, description: SessionDescription | None) -> None:
        """ACK with the credentials of the INVITE (22.1), and remember it for repeated 2xx."""
        core, dialog, invite = self._core, usage.dialog, self._delivery.request
        proof = tuple(each for each in invite.headers if each[0] in _CREDENTIALS)
        sent_by, number = core.settings.sent_by, invite.sequence
        request = dialog.request("ACK", number, sent_by, core.branch(), proof)
        plain = replace(request, body=described(description))
        ack = bytes(core.addressed(plain, dialog.destination))

        def send() -> None:
            core.send(ack, dialog.destination)

        self._acks[dialog.remote_tag] = send
        send()

    def _send_cancel(self) -> None:
        self.state = State.CANCELLED
        cancel = self._delivery.request.cancelled(*self._reason)
        self._core.request(cancel, self._delivery.destination)


def _nothing(answered: Answered) -> None:
    """What came of a PRACK or of the BYE to another branch changes nothing here."""
    del answered
