"""Passes: what the telephone in an agent's page proves itself with, instead of a SIP secret.

A pass is a password for one page, made anew each time the page connects. Only its digest is kept,
in memory: a restart forgets it, and the page asks again. It counts until it is over, until another
page takes the telephone, or until the agent's sign-in ends. There is one page at a time, and all
of an agent's pages are one telephone to the registrar (RFC 5626, 4.1): whoever comes last is it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.errors import phone_elsewhere
from cti.kernel.clock import Clock, utc
from cti.kernel.identifiers import DeviceId, Entropy
from cti.sip.access.digest import account

PASSWORD_OCTETS = 16
LASTS = timedelta(hours=12)
"""As long as the longest sign-in: a registration is renewed by the same pass."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What a page registers with; `instance` is a URN (RFC 5626, 4.1)."""

    user: DeviceId
    password: str = field(repr=False)
    realm: str
    instance: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Issued:
    page: str
    ha1: str = field(repr=False)
    expires: datetime


class Passes:
    """Who may use which telephone from a page."""

    def __init__(
        self,
        clock: Clock,
        entropy: Entropy,
        realm: str,
        present: Callable[[DeviceId, str], bool],
    ) -> None:
        """`present` tells whether that instance of the telephone is registered: a page has it."""
        self._clock, self._entropy, self._realm = clock, entropy, realm
        self._present = present
        self._issued: dict[DeviceId, _Issued] = {}

    def issue(self, extension: DeviceId, page: str, *, takeover: bool = False) -> Pass:
        """A pass for that page, in place of any before.

        Refused (``phone.elsewhere``) while another page has the telephone, but for a `takeover`.
        """
        before = self._issued.get(extension)
        instance = instance_of(self._realm, extension)
        another = before is not None and before.page != page
        if another and not takeover and self._present(extension, instance):
            raise phone_elsewhere()
        password = self._entropy(PASSWORD_OCTETS)
        expires = utc(self._clock) + LASTS
        ha1 = account(extension, self._realm, password).ha1_sha256
        self._issued[extension] = _Issued(page, ha1, expires)
        return Pass(extension, password, self._realm, instance, expires)

    def digests(self, extension: DeviceId) -> tuple[str, ...]:
        """HA1 values (RFC 7616, 3.4.2, SHA-256) that prove that telephone now."""
        issued = self._issued.get(extension)
        if issued is None:
            return ()
        if issued.expires <= utc(self._clock):
            del self._issued[extension]
            return ()
        return (issued.ha1,)

    def in_page(self, extension: DeviceId) -> bool:
        """Whether a page was given that telephone."""
        return bool(self.digests(extension))

    def withdraw(self, extension: DeviceId) -> None:
        """The agent's sign-in is over, and so is their page's telephone."""
        self._issued.pop(extension, None)


def instance_of(realm: str, extension: DeviceId) -> str:
    """The same for every page of that agent, so that one takes the place of another."""
    digest = hashlib.sha256(f"{realm} page {extension}".encode()).hexdigest()
    return f"urn:uuid:{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
