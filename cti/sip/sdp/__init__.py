"""Session descriptions (RFC 8866) and the offer/answer model over them (RFC 3264).

Only what a telephone needs: one audio stream of G.711 or G.722 with telephone-event (RFC 4733),
plain, or protected by SDES or DTLS. Descriptions are values.
"""

from cti.sip.sdp.model import (
    CONTENT_TYPE,
    TELEPHONE_EVENT,
    TELEPHONE_EVENT_PAYLOAD,
    Direction,
    Format,
    Media,
    Origin,
    SessionDescription,
)
from cti.sip.sdp.negotiate import (
    DEFAULT_CODECS,
    Agreement,
    agree,
    answer,
    check,
    offer,
    offered_keying,
)
from cti.sip.sdp.security import (
    SUITES,
    Crypto,
    DtlsIdentity,
    Keying,
    OwnSecurity,
    Setup,
    without_keys,
)

__all__ = [
    "CONTENT_TYPE",
    "DEFAULT_CODECS",
    "SUITES",
    "TELEPHONE_EVENT",
    "TELEPHONE_EVENT_PAYLOAD",
    "Agreement",
    "Crypto",
    "Direction",
    "DtlsIdentity",
    "Format",
    "Keying",
    "Media",
    "Origin",
    "OwnSecurity",
    "SessionDescription",
    "Setup",
    "agree",
    "answer",
    "check",
    "offer",
    "offered_keying",
    "without_keys",
]
