"""E-mail addresses in one form, however a person or a letter writes them."""

import re

LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3, without the brackets)."""
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\".][^\s@<>()\[\],;:\\\"]*")


def normalise_email(text: str) -> str:
    """The form addresses are stored and compared in: lower case; empty where it can be none.

    The local part is in lower case too: servers may tell cases apart (RFC 5321, 2.4), none that
    people use does, and people write them as they like.
    """
    address = text.strip().lower()
    fits = len(address) <= LONGEST and _ADDRESS.fullmatch(address)
    return address if fits and "." in address.rpartition("@")[2] else ""
