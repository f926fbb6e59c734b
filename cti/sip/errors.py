"""What the far side can do wrong in SIP, each with what to answer."""

from sipmessage import Request

from cti.kernel.errors import RemoteError

Header = tuple[str, str]


class MessageError(RemoteError):
    """A datagram that is no usable SIP message.

    `status` is what to answer, 0 when nothing may be answered (responses, ACK, what has no Via);
    `message` holds the headers as far as they were read.
    """

    def __init__(self, why: str, status: int = 0, message: Request | None = None) -> None:
        super().__init__(why)
        self.why, self.status, self.message = why, status, message


class RequestError(RemoteError):
    """A readable request that is not carried out: answered with `status` and `headers`."""

    def __init__(self, why: str, status: int, headers: tuple[Header, ...] = ()) -> None:
        super().__init__(why)
        self.status, self.headers = status, headers


class DescriptionError(RemoteError):
    """The body is no session description that can be read (answer 400)."""


class NotAcceptableError(RemoteError):
    """Nothing in the offer can be used: no audio stream, or no common codec (answer 488)."""
