"""From session descriptions to media: what RFC 3264 agreed, in the media port's words."""

from collections.abc import Sequence

from cti.media.port import (
    BrowserKeys,
    Codec,
    MediaAddress,
    MediaTarget,
    SdesKey,
    Security,
)
from cti.sip import sdp
from cti.sip.errors import NotAcceptableError
from cti.sip.sdp import Direction, SessionDescription

_SECURITY = {
    sdp.Keying.PLAIN: Security.NONE,
    sdp.Keying.SDES: Security.SDES,
    sdp.Keying.DTLS: Security.DTLS,
}


def security_of(offered: SessionDescription | None) -> Security:
    """With which security to open a leg for this offer; NONE for a late one.

    NotAcceptableError when it asks for SRTP and brings no key that we could use (answer 488).
    """
    return Security.NONE if offered is None else _SECURITY[sdp.offered_keying(offered)]


def acceptable(offered: SessionDescription | None, local: MediaAddress | None = None) -> bool:
    """Whether we can answer the offer; a late one is ours to make, so it can be.

    With `local`, the leg that is to answer: protected sound never turns plain in a re-INVITE, nor
    the other way round.
    """
    if offered is None:
        return True
    try:
        if local is None:
            sdp.check(offered)
        else:
            describe(local, offered)
    except NotAcceptableError:
        return False
    return True


def describe(
    local: MediaAddress,
    offered: SessionDescription | None = None,
    *,
    previous: SessionDescription | None = None,
    first: Codec | None = None,
    direction: Direction = Direction.SENDRECV,
    codecs: Sequence[Codec] = (),
) -> SessionDescription:
    """Our answer to the offer, or an offer of our own that prefers the codec `first`.

    Keys, certificate and codecs are `local`'s, unless a line wants `codecs` of its own.
    NotAcceptableError when the offer has none of the codecs, or another security.
    """
    names, own = [codec.name for codec in codecs or local.codecs], _own(local)
    if offered is not None:
        return sdp.answer(
            offered, local.host, local.port, codecs=names, previous=previous, security=own
        )
    if first is not None:
        names.sort(key=lambda name: name != first.name)
    return sdp.offer(
        local.host,
        local.port,
        codecs=names,
        direction=direction,
        previous=previous,
        security=own,
    )


def target(
    remote: SessionDescription | None,
    answered: SessionDescription | None,
    local: MediaAddress | None = None,
) -> MediaTarget | None:
    """Where to send to the writer of `remote`; `answered` is the answer, theirs or ours.

    None when there is no description yet, or nothing was agreed. With `local`, ours, it is also
    None when the answer has another security than we offered.
    """
    if remote is None or answered is None:
        return None
    try:
        agreed = sdp.agree(remote, answered)
    except NotAcceptableError:
        return None
    security = _far(agreed.security)
    if local is not None and _kind(security) is not _kind(local.security):
        return None
    return MediaTarget(
        agreed.host,
        agreed.port,
        Codec[agreed.encoding],
        agreed.events,
        agreed.sending,
        security,
        agreed.mux,
    )


def _own(local: MediaAddress) -> sdp.OwnSecurity:
    match local.security:
        case None:
            return None
        case BrowserKeys() as keys:
            return sdp.DtlsIdentity(
                keys.fingerprint, fragment=keys.fragment, password=keys.password
            )
        case keys:
            return tuple(sdp.Crypto(key.tag, key.suite, key.key) for key in keys)


def _far(security: sdp.Crypto | sdp.DtlsIdentity | None) -> SdesKey | BrowserKeys | None:
    match security:
        case None:
            return None
        case sdp.Crypto():
            return SdesKey(security.tag, security.suite, security.key)
        case sdp.DtlsIdentity():
            waits = security.setup is sdp.Setup.PASSIVE
            return BrowserKeys(security.fragment, security.password, security.fingerprint, waits)


def _kind(security: tuple[SdesKey, ...] | SdesKey | BrowserKeys | None) -> Security:
    match security:
        case None:
            return Security.NONE
        case BrowserKeys():
            return Security.DTLS
        case _:
            return Security.SDES
