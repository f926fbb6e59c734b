"""Self-service of calls that the house makes: who is there, the answer to their ticket, and thanks.

Nothing of what it is about is said before whoever answered has proved who they are.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from cti.kernel.identifiers import CallId
from cti.kernel.ports import ReplyCallPort
from cti.kernel.secret import Secret
from ivr.effects import ServiceDone
from ivr.flow import Signature
from ivr.reading import Reading
from prompts.catalogue import Announcement

MOST_WRONG = 2
"""Wrong tries in one call."""
SCORES = "12345"

SIGNATURES: Mapping[str, Signature] = MappingProxyType(
    {
        "reply_prove": Signature(
            arguments=frozenset({"reply_ending"}),
            secrets=frozenset({"reply_ending"}),
            outcomes=frozenset({"proven", "wrong", "failed"}),
        ),
        "reply_elsewhere": Signature(outcomes=frozenset({"noted"})),
        "reply_unspoken": Signature(outcomes=frozenset({"noted"})),
        "reply_about": Signature(outcomes=frozenset({"told", "unproven"})),
        "reply_read": Signature(outcomes=frozenset({"more", "all", "unproven"})),
        "reply_confirm": Signature(outcomes=frozenset({"told"}), counts_as="reply_call"),
        "reply_rate": Signature(
            arguments=frozenset({"reply_score"}), outcomes=frozenset({"rated", "unknown"})
        ),
        "reply_solved": Signature(outcomes=frozenset({"noted"})),
        "reply_unsolved": Signature(outcomes=frozenset({"noted"})),
    }
)

Run = Callable[..., Awaitable[ServiceDone]]


class ReplyServices:
    """What one call by which a customer is told the answer does."""

    def __init__(self, replies: ReplyCallPort, call_id: CallId) -> None:
        self._replies, self._call_id = replies, call_id
        self._proven = False
        self._wrong = 0
        self._reading = Reading("reply.text")

    async def reply_prove(self, *, reply_ending: Secret) -> ServiceDone:
        """Whether the digits prove that it is the customer who is there."""
        self._proven = self._replies.identified(self._call_id, reply_ending)
        if self._proven:
            return ServiceDone("proven")
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            return ServiceDone("failed", succeeded=False)
        return ServiceDone("wrong", (Announcement("reply.wrong"),), succeeded=False)

    async def reply_elsewhere(self) -> ServiceDone:
        """Somebody else is there."""
        self._replies.elsewhere(self._call_id)
        return ServiceDone("noted")

    async def reply_unspoken(self) -> ServiceDone:
        """The answer cannot be said to them now."""
        self._replies.unspoken(self._call_id)
        return ServiceDone("noted")

    async def reply_about(self) -> ServiceDone:
        """Which ticket it is about; the answer is read from its beginning after that."""
        reply = self._replies.reply_of(self._call_id)
        if reply is None or not self._proven:
            return ServiceDone("unproven", succeeded=False)
        self._reading.begin(reply.text)
        values = {"kind": f"ticket.kind.{reply.kind}", "number": reply.number}
        return ServiceDone("told", (Announcement("reply.about", values),))

    async def reply_read(self) -> ServiceDone:
        """The answer, or what of it has not been read yet."""
        if not self._proven:
            return ServiceDone("unproven", succeeded=False)
        lines = self._reading.part()
        return ServiceDone("more" if self._reading.more else "all", lines)

    async def reply_confirm(self) -> ServiceDone:
        """The customer confirms by key that they heard it to the end."""
        await self._replies.heard(self._call_id)
        return ServiceDone("told")

    async def reply_rate(self, *, reply_score: str) -> ServiceDone:
        """How content they are."""
        if reply_score not in SCORES:
            return ServiceDone("unknown", (Announcement("retry.nomatch"),), succeeded=False)
        await self._replies.rated(self._call_id, int(reply_score))
        return ServiceDone("rated")

    async def reply_solved(self) -> ServiceDone:
        """It helped."""
        await self._replies.solved(self._call_id, solved=True)
        return ServiceDone("noted")

    async def reply_unsolved(self) -> ServiceDone:
        """It did not help: whoever works on it is told."""
        await self._replies.solved(self._call_id, solved=False)
        return ServiceDone("noted")


SERVICES: Mapping[str, Run] = MappingProxyType(
    {
        "reply_prove": ReplyServices.reply_prove,
        "reply_elsewhere": ReplyServices.reply_elsewhere,
        "reply_unspoken": ReplyServices.reply_unspoken,
        "reply_about": ReplyServices.reply_about,
        "reply_read": ReplyServices.reply_read,
        "reply_confirm": ReplyServices.reply_confirm,
        "reply_rate": ReplyServices.reply_rate,
        "reply_solved": ReplyServices.reply_solved,
        "reply_unsolved": ReplyServices.reply_unsolved,
    }
)
"""By name."""
