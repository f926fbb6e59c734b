"""TLS for SIP: our certificate, and whose we believe (RFC 3261, 26.3.1; RFC 5922)."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from service_identity import VerificationError
from twisted.internet.error import VerifyError
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    KeyPair,
    PrivateCertificate,
    TLSVersion,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)

from cti.kernel.errors import ConfigurationError

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\s*", re.DOTALL)
KEY = "sip.tls"
LOCKED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")
"""How PEM says that a key is encrypted (RFC 7468, 11; RFC 1421, 4.6.1.1)."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Where to listen, and with what; PEM files."""

    certificate: Path
    """Ours, and after it those between it and its root."""
    key: Path
    port: int = 5061
    client_ca: Path | None = None
    """Who has to have signed the certificates of those who call us; None: they show none."""
    trusted: Path | None = None
    """Who may have signed the certificates of those we call, in place of the system's list."""


class TlsContexts:
    """Contexts for both directions; ConfigurationError when a file cannot be used."""

    def __init__(self, settings: TlsSettings | None, trusted: Path | None = None) -> None:
        """Without `settings` nobody calls us; `trusted` then stands for theirs."""
        self._ours = None if settings is None else _ours(settings)
        self._chain = [] if settings is None else _certificates(settings.certificate, "certificate")
        self._client_ca = _authorities(settings.client_ca if settings else None, "client_ca")
        self._trusted = _authorities(settings.trusted if settings else trusted, "trusted")

    def server(self) -> Any:
        """For those who call us: TLS 1.2 or later (RFC 9325, 3.1.1)."""
        assert self._ours is not None
        return CertificateOptions(
            privateKey=self._ours.privateKey.original,
            certificate=self._ours.original,
            extraCertChain=[each.original for each in self._chain[1:]],
            trustRoot=self._client_ca,
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )

    def client(self, host: str) -> Any:
        """For those we call: their certificate must be for that name or address (RFC 5922, 7.2)."""
        return optionsForClientTLS(
            host,
            trustRoot=self._trusted or platformTrust(),
            clientCertificate=self._ours,
            extraCertificateOptions={"raiseMinimumTo": TLSVersion.TLSv1_2},
        )


def in_words(error: object) -> str:
    """Why a connection failed, for the log: OpenSSL names it last, after what led to it."""
    match error:
        case VerificationError():
            return "its certificate is for somebody else"
        case SSL.Error(args=([*_, (_, _, str(reason))],)):
            return reason
        case _:
            return str(error) or type(error).__name__


def ends_of(settings: TlsSettings) -> datetime:
    """Until when our certificate is valid; ConfigurationError."""
    ours = _certificates(settings.certificate, "certificate")[0]
    ends: datetime = ours.original.to_cryptography().not_valid_after_utc
    return ends


def _ours(settings: TlsSettings) -> PrivateCertificate:
    certificate = _certificates(settings.certificate, "certificate")[0]
    data = _read(settings.key, "key")
    if any(mark in data for mark in LOCKED):
        what = "is locked by a passphrase, which nobody could type at a start; unlock a copy"
        raise _wrong(settings.key, "key", f"{what} (openssl pkey -in FILE -out COPY)")
    try:
        pair = KeyPair.load(data, crypto.FILETYPE_PEM)
    except (crypto.Error, ValueError) as error:
        raise _wrong(settings.key, "key", "holds no private key in PEM") from error
    try:
        ours: PrivateCertificate = PrivateCertificate.fromCertificateAndKeyPair(certificate, pair)
        CertificateOptions(
            privateKey=ours.privateKey.original, certificate=ours.original
        ).getContext()
    except (SSL.Error, VerifyError, ValueError) as error:
        raise _wrong(settings.key, "key", "is not the key of `certificate`") from error
    return ours


def _authorities(path: Path | None, name: str) -> Any:
    return None if path is None else trustRootFromCertificates(_certificates(path, name))


def _certificates(path: Path, name: str) -> list[Certificate]:
    blocks = _PEM.findall(_read(path, name))
    try:
        found = [Certificate.loadPEM(block) for block in blocks]
    except (crypto.Error, ValueError) as error:
        raise _wrong(path, name, "holds a certificate that cannot be read") from error
    if not found:
        raise _wrong(path, name, "holds no certificate in PEM")
    return found


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _wrong(path, name, f"cannot be read ({error.strerror})") from error


def _wrong(path: Path, name: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{path} {what}", key=f"{KEY}.{name}")
