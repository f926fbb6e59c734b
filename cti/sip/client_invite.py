"""Our side of one INVITE we sent, initial or inside a dialog (RFC 3261, 13.2 and 14.1).

::

    CALLING      --1xx-->  PROCEEDING     --cancel-->  CANCELLED (CANCEL sent, 9.1)
    CALLING      --cancel-->  LEAVING     --1xx-->     CANCELLED
    any of them  --final response, or none in time-->  ANSWERED

Every 2xx is acknowledged here, each time it comes; a 2xx from another branch of a fork is
acknowledged and its dialog ended at once (13.2.2.4).
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from cti.sip.core import Core
from cti.sip.delivery import Delivery
from cti.sip.dialog import Dialog
from cti.sip.errors import Header
from cti.sip.events import Endpoint
from cti.sip.message import InboundResponse
from cti.sip.outgoing import OutgoingRequest

_CREDENTIALS = ("Authorization", "Proxy-Authorization")


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

    def invite_progressed(self, response: InboundResponse) -> None: ...

    def invite_accepted(self, dialog: Dialog, response: InboundResponse) -> None: ...

    def invite_failed(self, status: int) -> None: ...

    def next_sequence(self) -> int: ...


class ClientInvite:
    """Sends the INVITE, answers its challenges, cancels it, acknowledges what accepts it."""

    def __init__(
        self,
        core: Core,
        owner: InviteOwner,
        request: OutgoingRequest,
        destination: Endpoint | None,
        credentials: tuple[str, str],
        dialog: Dialog | None = None,
    ) -> None:
        """To `destination`, or else to where the request URI leads; begins with `start`."""
        self.state = State.CALLING
        self._core = core
        self._owner = owner
        self._delivery = Delivery(core, request, destination, self)
        self._credentials = credentials
        self._dialog = dialog
        self._reason: tuple[Header, ...] = ()
        self._acks: dict[str, Callable[[], None]] = {}

    def start(self) -> None:
        """Send it."""
        self._delivery.start()

    def cancel(self, reason: tuple[Header, ...]) -> bool:
        """Give up; whether a CANCEL went out now rather than after the first 1xx."""
        self._reason = reason
        unsent = self._delivery.withdraw()
        if unsent:
            self.state = State.ANSWERED
            self._owner.invite_failed(487)
        elif self.state is State.CALLING:
            self.state = State.LEAVING
        elif self.state is State.PROCEEDING:
            self._send_cancel()
        return self.state is State.CANCELLED

    def abandon(self) -> None:
        """No final response came though the INVITE was cancelled, or its dialog ended (9.1)."""
        if self.state is not State.ANSWERED:
            self.state = State.ANSWERED
            self._core.abandon(self._delivery.key)
            self._owner.invite_failed(487)

    def response_received(self, key: str, response: InboundResponse) -> None:
        """A response the transaction passes up."""
        if response.code >= 300 and key == self._delivery.key:
            self._refused(response)
        elif response.code >= 200:
            self._accepted(response)
        elif self.state is State.LEAVING:
            self._send_cancel()
            self._owner.invite_progressed(response)
        elif self.state in (State.CALLING, State.PROCEEDING):
            self.state = State.PROCEEDING
            self._owner.invite_progressed(response)

    def timed_out(self, key: str) -> None:
        """Nobody answered at all."""
        if key == self._delivery.key and self.state is not State.ANSWERED:
            self.state = State.ANSWERED
            self._owner.invite_failed(408)

    def _send_cancel(self) -> None:
        """CANCEL: same branch, same CSeq number, same Route as the INVITE (9.1)."""
        self.state = State.CANCELLED
        copied = ("Route", "Max-Forwards", "From", "To", "Call-ID")
        invite = self._delivery.request
        headers = tuple(each for each in invite.headers if each[0] in copied)
        cancel = OutgoingRequest(
            "CANCEL",
            invite.uri,
            invite.sent_by,
            invite.branch,
            invite.sequence,
            headers + self._reason,
        )
        self._core.request(cancel, self._delivery.destination)

    def _refused(self, response: InboundResponse) -> None:
        if self.state is State.ANSWERED:
            return
        request = self._delivery.request
        header = self._core.credentials(request, response, *self._credentials)
        if header is not None and self.state in (State.CALLING, State.PROCEEDING):
            self.state = State.CALLING
            sequence = self._owner.next_sequence()
            self._delivery.again(request.renewed(self._core.branch(), sequence, header))
            return
        self.state = State.ANSWERED
        self._owner.invite_failed(response.code)

    def _accepted(self, response: InboundResponse) -> None:
        acknowledge = self._acks.get(response.to_tag)
        if acknowledge is not None:
            acknowledge()
            return
        if self._dialog is None:
            delivery = self._delivery
            dialog = Dialog.of_client(delivery.request, response, delivery.destination)
        else:
            dialog = self._dialog.refreshed(response.message)
        self._acknowledge(dialog)
        if self.state is State.ANSWERED:
            self._decline(dialog)
            return
        self.state = State.ANSWERED
        self._owner.invite_accepted(dialog, response)

    def _acknowledge(self, dialog: Dialog) -> None:
        """ACK with the credentials of the INVITE (22.1), and remember it for repeated 2xx."""
        core, invite = self._core, self._delivery.request
        proof = tuple(each for each in invite.headers if each[0] in _CREDENTIALS)
        sent_by, number = core.settings.sent_by, invite.sequence
        plain = dialog.request("ACK", number, sent_by, core.branch(), proof)
        ack = bytes(core.addressed(plain, dialog.destination))

        def send() -> None:
            core.send(ack, dialog.destination)

        self._acks[dialog.remote_tag] = send
        send()

    def _decline(self, dialog: Dialog) -> None:
        core = self._core
        sequence = self._delivery.request.sequence + 1
        bye = dialog.request("BYE", sequence, core.settings.sent_by, core.branch())
        core.request(bye, dialog.destination)
