"""What we can do and what a far side says it can: methods, option tags, media types.

Said in one place, so that Allow, Supported and what is refused with 405 and 420 cannot differ.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sipmessage import Request, Response

from cti.sip.errors import RequestError
from cti.sip.message import InboundRequest, all_values

METHODS = (
    *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "REGISTER"),
    *("PRACK", "UPDATE", "REFER", "NOTIFY"),
)
RELIABLE, TIMER, REPLACES, NO_REFER_SUB = "100rel", "timer", "replaces", "norefersub"
OPTION_TAGS = (RELIABLE, TIMER, REPLACES, NO_REFER_SUB)
"""RFC 3262, RFC 4028, RFC 3891, RFC 4488."""

ALLOW = ("Allow", ", ".join(METHODS))
SUPPORTED = ("Supported", ", ".join(OPTION_TAGS))
ACCEPT = (
    "Accept",
    "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag",
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a far side said it can do."""

    methods: frozenset[str] = frozenset()
    option_tags: frozenset[str] = frozenset()

    def renewed(self, message: Request | Response) -> "Capabilities":
        """What holds after this message: a header it has not changes nothing."""
        methods = _tokens(message, "Allow")
        option_tags = _tokens(message, "Supported")
        return Capabilities(
            frozenset(each.upper() for each in methods) or self.methods,
            option_tags or self.option_tags,
        )


def supports(message: Request | Response, option_tag: str) -> bool:
    """Whether the sender can do this, or even insists on it (RFC 3261, 20.32 and 20.37)."""
    return option_tag in _tokens(message, "Supported") or requires(message, option_tag)


def requires(message: Request | Response, option_tag: str) -> bool:
    """Whether the sender insists on this."""
    return option_tag in _tokens(message, "Require")


def check_required(request: InboundRequest, known: Collection[str]) -> None:
    """RequestError 420 for what is required and not among the known (RFC 3261, 8.2.2.3)."""
    unknown = [
        each for each in all_values(request.message.headers, "Require") if each.lower() not in known
    ]
    if unknown:
        raise RequestError("extension", 420, (("Unsupported", ", ".join(unknown)),))


def _tokens(message: Request | Response, header: str) -> frozenset[str]:
    return frozenset(each.lower() for each in all_values(message.headers, header))
