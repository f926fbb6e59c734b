"""The signature by which a program knows that a message is ours, and that it is fresh.

``Hotline-Signature: v1=<hex>`` is HMAC-SHA256, by the shared key, over the octets of
``Hotline-Timestamp`` (seconds since 1970 in decimal), a full stop, and the body. The receiver
computes the same over what it got, compares in constant time, refuses what is older than a few
minutes, and does once what comes twice with the same ``Idempotency-Key``.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from cti.kernel.secret import Secret

TIMESTAMP = "Hotline-Timestamp"
SIGNATURE = "Hotline-Signature"
KEY = "Idempotency-Key"
VERSION = "v1"


def signed_headers(key: Secret, body: bytes, timestamp: int, delivery_id: str) -> Mapping[str, str]:
    """The header fields of one attempt; at each the timestamp and the signature are new."""
    return {
        TIMESTAMP: str(timestamp),
        SIGNATURE: f"{VERSION}={signature(key, body, str(timestamp))}",
        KEY: delivery_id,
    }


def signature(key: Secret, body: bytes, timestamp: str) -> str:
    """The signature in hexadecimal."""
    signed = timestamp.encode("ascii") + b"." + body
    return hmac.new(key.reveal().encode("utf-8"), signed, sha256).hexdigest()
