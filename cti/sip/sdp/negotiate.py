"""Offer and answer (RFC 3264): one audio stream, one codec, keys where they were offered.

Every other stream of an offer is answered with port 0. An answer is computed from an offer and
knows nothing of sockets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address

from cti.sip.errors import NotAcceptableError
from cti.sip.sdp import security as protection
from cti.sip.sdp.grammar import Attribute
from cti.sip.sdp.model import (
    CLOCK_RATE,
    NUMBER_OF_ENCODING,
    PLAIN_PROTOCOLS,
    TELEPHONE_EVENT,
    TELEPHONE_EVENT_PAYLOAD,
    Direction,
    Format,
    Media,
    Origin,
    SessionDescription,
)
from cti.sip.sdp.security import (
    Crypto,
    DtlsIdentity,
    Keying,
    OwnSecurity,
    Setup,
    keying_for,
    keying_of,
)

DEFAULT_CODECS = ("PCMA", "PCMU", "G722")
MID = "0"

_PROTOCOLS = {
    Keying.PLAIN: PLAIN_PROTOCOLS[0],
    Keying.SDES: protection.SDES_PROTOCOL,
    Keying.DTLS: protection.DTLS_PROTOCOL,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Where and how to send after offer and answer."""

    host: str
    port: int
    payload: int
    encoding: str
    """``PCMU``, ``PCMA`` or ``G722``."""
    events: int | None
    """Payload type of telephone-event the far side takes."""
    sending: bool
    """False while the far side does not listen (hold)."""
    security: Crypto | DtlsIdentity | None = field(default=None)
    """The far side's; the setup of a `DtlsIdentity` is here what the far side does."""
    mux: bool = False
    """Whether RTCP shares the port (RFC 5761)."""


def offer(
    host: str,
    port: int,
    *,
    codecs: Sequence[str] = DEFAULT_CODECS,
    direction: Direction = Direction.SENDRECV,
    previous: SessionDescription | None = None,
    security: OwnSecurity = None,
) -> SessionDescription:
    """An offer of these codecs with telephone-event; `previous` is what we described before.

    The session identifier is the port: no two sessions of an address have the same at a time.
    """
    formats = [Format(NUMBER_OF_ENCODING[codec], codec) for codec in codecs]
    formats.append(Format(TELEPHONE_EVENT_PAYLOAD, TELEPHONE_EVENT))
    more = list(protection.attributes(security, host, port))
    session: tuple[Attribute, ...] = ()
    if isinstance(security, DtlsIdentity):
        more += [("rtcp-mux", None), ("mid", MID)]
        session = (("group", f"BUNDLE {MID}"), *_lite(security))
    protocol = _PROTOCOLS[keying_for(security)]
    media = (_section(port, protocol, formats, direction, more),)
    return _revised(SessionDescription(Origin(port, 1, host), host, media, "-", session), previous)


def answer(
    offered: SessionDescription,
    host: str,
    port: int,
    *,
    codecs: Sequence[str] = DEFAULT_CODECS,
    direction: Direction = Direction.SENDRECV,
    previous: SessionDescription | None = None,
    security: OwnSecurity = None,
) -> SessionDescription:
    """The answer to an offer; NotAcceptableError when no codec or no key of ours is in it.

    One codec only, the offerer's most wished for: it cannot change in the middle of a bridge that
    passes packets through. Payload types are the offerer's (RFC 3264, 6.1).
    """
    audio = _negotiable(offered, codecs, keying_for(security))
    encodings = audio.encodings()
    chosen = [next(item for item in encodings if item.encoding in codecs)]
    chosen += [item for item in encodings if item.encoding == TELEPHONE_EVENT][:1]
    answered = offered.direction_of(audio)
    if offered.held and answered.receives:
        answered = Direction.SENDONLY
    own = _own(offered, audio, security, previous)
    checked = offered.by_ice(audio)
    more = [*protection.attributes(own, host, port, checked=checked), *_echoed(offered, audio)]
    section = _section(port, audio.protocol, chosen, answered.answered(direction), more)
    media = tuple(section if each is audio else _refused(each) for each in offered.media)
    session = (*_bundle(offered, audio), *(_lite(own) if checked else ()))
    return _revised(SessionDescription(Origin(port, 1, host), host, media, "-", session), previous)


def check(offered: SessionDescription, codecs: Sequence[str] = DEFAULT_CODECS) -> None:
    """NotAcceptableError unless `answer` can answer this offer."""
    _negotiable(offered, codecs, offered_keying(offered))


def offered_keying(offered: SessionDescription) -> Keying:
    """How the sound of the offer is protected; NotAcceptableError when in no way known here."""
    found = [keying_of(offered, media) for media in offered.media if media.usable]
    keying = next((each for each in found if each is not None), None)
    if keying is None:
        secure = "with usable keys" if found else "over RTP/AVP or SRTP"
        raise NotAcceptableError(f"no audio stream {secure} is offered")
    return keying


def agree(remote: SessionDescription, answered: SessionDescription) -> Agreement:
    """What to send to the writer of `remote`, which is the offer or itself the answer.

    NotAcceptableError when the answer refused the stream or names no codec or key known here.
    """
    audio, decided = _agreed_sections(remote, answered)
    encodings = [item.encoding for item in decided.encodings()]
    wanted = next((encoding for encoding in encodings if encoding in NUMBER_OF_ENCODING), None)
    theirs = {item.encoding: item.payload for item in reversed(audio.encodings())}
    if wanted is None or wanted not in theirs:
        raise NotAcceptableError("the answer names no codec of the offer")
    security = _far(remote, audio, answered, decided)
    by_ice = isinstance(security, DtlsIdentity) and security.fragment
    host = remote.host_of(audio) if by_ice else _literal(remote.host_of(audio))
    return Agreement(
        host=host,
        port=audio.port,
        payload=theirs[wanted],
        encoding=wanted,
        events=theirs.get(TELEPHONE_EVENT) if TELEPHONE_EVENT in encodings else None,
        sending=not remote.held,
        security=security,
        mux=_muxed(audio) and _muxed(decided),
    )


def _negotiable(offered: SessionDescription, codecs: Sequence[str], keying: Keying) -> Media:
    """The section to answer: the first that is protected in this way."""
    usable = [media for media in offered.media if media.usable]
    audio = next((media for media in usable if keying_of(offered, media) is keying), None)
    if audio is None:
        raise NotAcceptableError(f"no audio stream with {keying.value} keying is offered")
    if not any(item.encoding in codecs for item in audio.encodings()):
        raise NotAcceptableError("none of the offered codecs is supported")
    if not offered.by_ice(audio):
        _literal(offered.host_of(audio))
    return audio


def _agreed_sections(
    remote: SessionDescription, answered: SessionDescription
) -> tuple[Media, Media]:
    """The section of `remote` that the answer took, and the answer to it."""
    for audio, decided in zip(remote.media, answered.media, strict=False):
        if audio.usable and decided.usable:
            if audio.protocol != decided.protocol:
                raise NotAcceptableError("the answer changed the protocol")
            return audio, decided
    raise NotAcceptableError("the audio stream was refused")


def _own(
    offered: SessionDescription,
    audio: Media,
    security: OwnSecurity,
    previous: SessionDescription | None,
) -> OwnSecurity:
    """What we answer of ourselves: the one key of the first suite we share, or our role in DTLS."""
    match security:
        case None:
            return None
        case DtlsIdentity():
            return replace(security, setup=_answered_setup(offered, audio, previous))
        case _:
            ours = {crypto.suite: crypto for crypto in security}
            for theirs in protection.cryptos(audio):
                if theirs.suite in ours:
                    return (replace(ours[theirs.suite], tag=theirs.tag),)
            raise NotAcceptableError("no crypto suite of the offer is supported")


def _answered_setup(
    offered: SessionDescription, audio: Media, previous: SessionDescription | None
) -> Setup:
    """Passive where we may choose; a handshake that was made keeps its roles (RFC 8842, 5.3)."""
    theirs = protection.identity(offered, audio)
    if theirs is not None and theirs.setup is Setup.PASSIVE:
        return Setup.ACTIVE
    before = previous.audio if previous is not None else None
    if before is not None and theirs is not None and theirs.setup is Setup.ACTPASS:
        ours = (value for name, value in before.attributes if name == "setup")
        return Setup.ACTIVE if "active" in ours else Setup.PASSIVE
    return Setup.PASSIVE


def _far(
    remote: SessionDescription, audio: Media, answered: SessionDescription, decided: Media
) -> Crypto | DtlsIdentity | None:
    """The far side's key or certificate."""
    match keying_of(remote, audio):
        case Keying.PLAIN:
            return None
        case Keying.SDES:
            chosen = next(iter(protection.cryptos(decided)), None)
            for crypto in protection.cryptos(audio):
                if chosen and (crypto.tag, crypto.suite) == (chosen.tag, chosen.suite):
                    return crypto
        case Keying.DTLS:
            return _far_identity(remote, audio, answered, decided)
    raise NotAcceptableError("the answer names no key of the offer")


def _far_identity(
    remote: SessionDescription, audio: Media, answered: SessionDescription, decided: Media
) -> DtlsIdentity | None:
    theirs, deciding = protection.identity(remote, audio), protection.identity(answered, decided)
    if theirs is None or deciding is None:
        raise NotAcceptableError("a fingerprint is missing")
    if remote is answered:
        # RFC 4145, 4.1: an answer without the attribute is active.
        passive = theirs.setup is Setup.PASSIVE
    else:
        passive = deciding.setup is Setup.ACTIVE
    return replace(theirs, setup=Setup.PASSIVE if passive else Setup.ACTIVE)


def _literal(host: str) -> str:
    """The address itself; media goes to IP addresses, never to names that need a lookup."""
    try:
        ip_address(host)
    except ValueError as error:
        raise NotAcceptableError("the media address is not an IP address") from error
    return host


def _section(
    port: int,
    protocol: str,
    formats: Sequence[Format],
    direction: Direction,
    more: Sequence[Attribute] = (),
) -> Media:
    attributes: list[Attribute] = []
    for item in formats:
        attributes.append(("rtpmap", f"{item.payload} {item.encoding}/{CLOCK_RATE}"))
        if item.encoding == TELEPHONE_EVENT:
            attributes.append(("fmtp", f"{item.payload} 0-15"))
    attributes += [("ptime", "20"), (direction.value, None), *more]
    numbers = tuple(str(item.payload) for item in formats)
    return Media("audio", port, protocol, numbers, None, tuple(attributes))


def _echoed(offered: SessionDescription, audio: Media) -> list[Attribute]:
    """What the answer repeats of the offered section: its name, and one port for RTCP too."""
    echoed: list[Attribute] = [("rtcp-mux", None)] if _muxed(audio) else []
    mid = offered.attribute(audio, "mid")
    return echoed + ([("mid", mid)] if mid else [])


def _bundle(offered: SessionDescription, audio: Media) -> tuple[Attribute, ...]:
    """The group, of the one section that is left of it (RFC 8843, 7.3)."""
    mid = offered.attribute(audio, "mid")
    groups = ((value or "").split() for name, value in offered.attributes if name == "group")
    bundled = any(group[:1] == ["BUNDLE"] and mid in group[1:] for group in groups)
    return (("group", f"BUNDLE {mid}"),) if mid and bundled else ()


def _lite(security: OwnSecurity) -> tuple[Attribute, ...]:
    has_ice = isinstance(security, DtlsIdentity) and security.fragment
    return (("ice-lite", None),) if has_ice else ()


def _muxed(media: Media) -> bool:
    return any(name == "rtcp-mux" for name, _ in media.attributes)


def _refused(media: Media) -> Media:
    return Media(media.kind, 0, media.protocol, media.formats)


def _revised(
    description: SessionDescription, previous: SessionDescription | None
) -> SessionDescription:
    """Carry on the session identifier; count the version up only on a change (RFC 3264, 8)."""
    if previous is None:
        return description
    same = replace(description, origin=previous.origin)
    if same == previous:
        return previous
    version = previous.origin.version + 1
    return replace(description, origin=replace(previous.origin, version=version))
