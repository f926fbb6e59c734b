"""Reading what a STUN server answers, which only those who ask have to."""

from cti.media.stun import Name, StunMessage


def error_of(answer: StunMessage) -> int:
    """The code of an error answer (RFC 8489, 14.8); 0 when it has none."""
    value = answer.get(Name.ERROR_CODE) or b""
    return (value[2] & 7) * 100 + value[3] if len(value) >= 4 else 0
