"""From session descriptions to media: what RFC 3264 agreed, in the media port's words."""

from cti.media.g711 import LAWS
from cti.media.port import Codec, MediaAddress, MediaTarget
from cti.sip import sdp
from cti.sip.errors import NotAcceptableError
from cti.sip.sdp import Direction, SessionDescription


def acceptable(offered: SessionDescription | None) -> bool:
    """Whether we can answer the offer; a late one is ours to make, so it can be."""
    if offered is None:
        return True
    try:
        sdp.check(offered)
    except NotAcceptableError:
        return False
    return True


def describe(
    local: MediaAddress,
    offered: SessionDescription | None = None,
    *,
    previous: SessionDescription | None = None,
    first: Codec = Codec.PCMA,
    direction: Direction = Direction.SENDRECV,
) -> SessionDescription:
    """Our answer to the offer, or an offer of our own that prefers the codec `first`."""
    if offered is not None:
        return sdp.answer(offered, local.host, local.port, previous=previous)
    codecs = sorted((codec.name for codec in LAWS), key=lambda name: name != first.name)
    return sdp.offer(local.host, local.port, codecs=codecs, direction=direction, previous=previous)


def target(
    remote: SessionDescription | None, answered: SessionDescription | None
) -> MediaTarget | None:
    """Where to send to the writer of `remote`; `answered` is the answer, theirs or ours.

    None when there is no description yet, or nothing was agreed.
    """
    if remote is None or answered is None:
        return None
    try:
        agreed = sdp.agree(remote, answered)
    except NotAcceptableError:
        return None
    codec = Codec[agreed.encoding]
    return MediaTarget(agreed.host, agreed.port, codec, agreed.events, agreed.sending)
