"""Offer and answer within one dialog: never two offers at a time (RFC 3264, 4; RFC 6337).

::

    NONE    --offer-->     OURS      --answered-->  AGREED
    NONE    --offered-->   THEIRS    --answer-->    AGREED
    AGREED  --offer, offered-->  OURS, THEIRS
    OURS, THEIRS  --withdraw-->  NONE or AGREED, whichever it was before
"""

from dataclasses import dataclass
from enum import Enum

from cti.kernel.errors import LocalError
from cti.sip.errors import RequestError
from cti.sip.sdp import SessionDescription, without_keys


class Turn(Enum):
    """Whose offer waits for an answer."""

    NONE = "none"
    OURS = "ours"
    THEIRS = "theirs"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Written:
    """What was described last, as text without keys; empty where nothing was."""

    local: str
    remote: str
    keyed: bool
    """Whether anything was left out."""

    @classmethod
    def of(cls, local: SessionDescription | None, remote: SessionDescription | None) -> "Written":
        """The text of both."""
        described = [each for each in (local, remote) if each is not None]
        keyed = any(without_keys(each) != each for each in described)
        return cls(_text(local), _text(remote), keyed)


class Exchange:
    """What both sides described last, and the offer under way."""

    def __init__(self) -> None:
        self.turn = Turn.NONE
        self.local: SessionDescription | None = None
        """What we described in the last finished exchange."""
        self.remote: SessionDescription | None = None
        self.repeatable = True
        """Whether `local` may be said once more as it stands."""
        self._offer: SessionDescription | None = None
        self._written: Written | None = None
        self._before = Turn.NONE
        """What holds again should the offer under way come to nothing."""

    @classmethod
    def resumed(
        cls,
        local: SessionDescription | None,
        remote: SessionDescription | None,
        *,
        repeatable: bool,
    ) -> "Exchange":
        """What was agreed on; not `repeatable` where keys are missing in it."""
        exchange = cls()
        if local is not None:
            exchange.turn = Turn.AGREED
        exchange.local, exchange.remote, exchange.repeatable = local, remote, repeatable
        return exchange

    @property
    def written(self) -> Written:
        """What both sides described last, to be kept; made once."""
        if self._written is None:
            self._written = Written.of(self.local, self.remote)
        return self._written

    @property
    def idle(self) -> bool:
        """Whether no offer is under way."""
        return self.turn in (Turn.NONE, Turn.AGREED)

    def copy(self) -> "Exchange":
        """The same state for one more dialog of a forked INVITE."""
        other = Exchange()
        other.turn, other._offer, other._before = self.turn, self._offer, self._before
        other.local, other.remote = self.local, self.remote
        other.repeatable = self.repeatable
        return other

    def offer(self, description: SessionDescription) -> None:
        """We offer; LocalError while an offer is under way."""
        self._begin(Turn.OURS, description)

    def offered(self, description: SessionDescription) -> None:
        """They offer; LocalError while an offer is under way (see `check`)."""
        self._begin(Turn.THEIRS, description)

    def answered(self, description: SessionDescription) -> None:
        """Their answer to our offer came."""
        if self.turn is not Turn.OURS:
            raise LocalError(f"an answer without an offer of ours: {self.turn}")
        self.local, self.remote = self._offer, description
        self.repeatable = True
        self._close(Turn.AGREED)

    def answer(self, description: SessionDescription) -> None:
        """We answer their offer."""
        if self.turn is not Turn.THEIRS:
            raise LocalError(f"an answer without an offer of theirs: {self.turn}")
        self.local, self.remote = description, self._offer
        self.repeatable = True
        self._close(Turn.AGREED)

    def withdraw(self) -> None:
        """The offer under way came to nothing: what was agreed before holds."""
        if not self.idle:
            self._close(self._before)

    def check(self) -> None:
        """RequestError when their offer comes at a bad time (RFC 3311, 5.2; RFC 3261, 14.2)."""
        if self.turn is Turn.OURS:
            raise RequestError("our offer is under way", 491)
        if self.turn is Turn.THEIRS:
            raise RequestError("their last offer is under way", 500, (("Retry-After", "1"),))

    def _begin(self, turn: Turn, description: SessionDescription) -> None:
        if not self.idle:
            raise LocalError(f"an offer during an offer: {self.turn}")
        self._before = self.turn
        self.turn, self._offer = turn, description

    def _close(self, turn: Turn) -> None:
        self.turn, self._offer, self._written = turn, None, None


def _text(description: SessionDescription | None) -> str:
    return str(without_keys(description)) if description is not None else ""
