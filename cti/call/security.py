"""With which security of its sound somebody is called, and may call, by how they signal."""

from enum import Enum

from cti.media.model import Security
from cti.sip.events import Transport


class Srtp(Enum):
    """Whether the sound of who signals unread by others may be plain all the same."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    """Never: what they say and key in is as secret as whom they call."""


def securities(transport: Transport, srtp: Srtp = Srtp.OPTIONAL) -> tuple[Security, ...]:
    """What to offer a telephone that signals that way, one after the other until it takes one.

    A section can offer one of them only (RFC 4568, 7.1.1), and a telephone tells nowhere which it
    takes: it answers 488, or some of them 200 without our kind of key. It alone decides: what
    reaches it by TLS nobody else can refuse in its place.
    """
    match transport:
        case Transport.WS | Transport.WSS:
            return (Security.DTLS,)
        case Transport.TLS:
            ways = (Security.SDES, Security.DTLS, Security.NONE)
            return tuple(each for each in ways if permitted(transport, each, srtp))
        case _:
            return (Security.NONE, Security.DTLS, Security.SDES)


def permitted(transport: Transport, security: Security, srtp: Srtp) -> bool:
    """Whether the sound of who signals that way may be of that security."""
    return srtp is Srtp.OPTIONAL or not transport.secure or security is not Security.NONE
