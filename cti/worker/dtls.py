"""DTLS-SRTP (RFC 5763, RFC 5764): a handshake in memory that ends in the keys of SRTP.

It knows no socket and no clock: datagrams in, datagrams out, and how long to wait before it is to
say everything again. Who the far side is, its certificate's fingerprint in the session description
says, and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import SSL
from OpenSSL.crypto import X509

from cti.kernel.errors import RemoteError
from cti.media.srtp import MasterKey, Suite

LARGEST_DATAGRAM = 1200
"""Octets that pass every path without fragments."""
RECORD_HEADER = 13
LABEL = b"EXTRACTOR-dtls_srtp"
IMPOSTOR = "the certificate is not the one that was announced"
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
)
CLOCK_SKEW = timedelta(days=1)
VALID_FOR = timedelta(days=30)

PROFILES = {
    b"SRTP_AEAD_AES_128_GCM": Suite.AEAD_AES_128_GCM,
    b"SRTP_AES128_CM_SHA1_80": Suite.AES_CM_128_HMAC_SHA1_80,
}
"""Protection profiles offered, in order of preference (RFC 5764, 4.1.2; RFC 7714, 14.2)."""


class HandshakeError(RemoteError):
    """The far side is not who it said, or speaks no DTLS that we do."""


class Certificate:
    """A self-signed ECDSA P-256 certificate, and the TLS context that shows it."""

    def __init__(self, now: float) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key, datetime.fromtimestamp(now, UTC))
        self.made = now
        """Seconds since 1970."""
        self.fingerprint = fingerprint_of(certificate)
        """As session descriptions write it (RFC 8122, 5)."""
        self.context = _context(key, certificate)


class Progress(Enum):
    """How far a handshake is."""

    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    CLOSED = "closed"
    """The association is over: one end said close_notify (RFC 5246, 7.2.1)."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """What the handshake was made for."""

    ours: MasterKey
    theirs: MasterKey


class Handshake:
    """One DTLS association; each call gives the datagrams to send."""

    def __init__(self, certificate: Certificate, far_fingerprint: str, *, active: bool) -> None:
        self.progress = Progress.UNDER_WAY
        self.keys: SrtpKeys | None = None
        self.begun = False
        self.far_fingerprint = far_fingerprint
        self._active = active
        self._recognised = self._refused = False
        self._tls = SSL.Connection(certificate.context)
        # Compared before anything is agreed on: an impostor's browser never believes to be heard.
        self._tls.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._recognise)
        self._tls.set_ciphertext_mtu(LARGEST_DATAGRAM)
        if active:
            self._tls.set_connect_state()
        else:
            self._tls.set_accept_state()

    def start(self) -> list[bytes]:
        """The ClientHello, where it is ours to say."""
        self.begun = True
        return self._go_on() if self._active else []

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a datagram of the far side's; HandshakeError when it is over for good."""
        if self.progress in (Progress.FAILED, Progress.CLOSED) or not datagram:
            return []
        self._tls.bio_write(datagram)
        return self._go_on()

    def wait(self) -> float | None:
        """Seconds until `say_again` is due; None when nothing is waited for."""
        # OpenSSL goes on naming a timeout when all is said (openssl issue 7998).
        if self.progress is not Progress.UNDER_WAY:
            return None
        return self._tls.DTLSv1_get_timeout()

    def say_again(self) -> list[bytes]:
        """The last flight once more; HandshakeError when that was done often enough."""
        if self.progress is not Progress.UNDER_WAY:
            return []
        try:
            self._tls.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise self._failure("nobody answered the handshake") from error
        return self._written()

    def farewell(self) -> list[bytes]:
        """The alert that says why it failed."""
        return self._written()

    def close(self) -> list[bytes]:
        """The alert that ends an association."""
        if self.progress is not Progress.DONE:
            return []
        self.progress = Progress.CLOSED
        self._tls.shutdown()
        return self._written()

    def _go_on(self) -> list[bytes]:
        try:
            if self.progress is Progress.DONE:
                # A far side that missed our last flight says its own again.
                self._tls.recv(LARGEST_DATAGRAM)
            else:
                self._tls.do_handshake()
                self._finish()
        except SSL.WantReadError:
            pass
        except (SSL.ZeroReturnError, SSL.SysCallError) as error:
            if self.progress is Progress.UNDER_WAY:
                raise self._failure("the far side hung up") from None
            if isinstance(error, SSL.ZeroReturnError):
                self.progress = Progress.CLOSED
        except SSL.Error as error:
            if self.progress is Progress.UNDER_WAY:
                raise self._failure(IMPOSTOR if self._refused else _reason(error)) from error
        return self._written()

    def _recognise(
        self, _tls: SSL.Connection, certificate: X509, _error: int, depth: int, _good: int
    ) -> bool:
        """Whether the certificate is the announced one; nobody has to have signed it."""
        if depth == 0:
            known = fingerprint_of(certificate.to_cryptography()) == self.far_fingerprint
            self._recognised, self._refused = known, not known
        return not self._refused

    def _finish(self) -> None:
        if not self._recognised:
            raise self._failure(IMPOSTOR)
        suite = PROFILES.get(self._tls.get_selected_srtp_profile())
        if suite is None:
            raise self._failure("no protection profile was agreed on")
        self.keys = self._exported(suite)
        self.progress = Progress.DONE

    def _exported(self, suite: Suite) -> SrtpKeys:
        """Client's key, server's key, client's salt, server's salt (RFC 5764, 4.2)."""
        keys, salts = suite.key_octets, suite.salt_octets
        material = self._tls.export_keying_material(LABEL, 2 * suite.octets)
        salt = 2 * keys
        client = MasterKey(suite, material[:keys] + material[salt : salt + salts])
        server = MasterKey(suite, material[keys:salt] + material[salt + salts :])
        return SrtpKeys(client, server) if self._active else SrtpKeys(server, client)

    def _failure(self, why: str) -> HandshakeError:
        self.progress = Progress.FAILED
        return HandshakeError(f"DTLS: {why}")

    def _written(self) -> list[bytes]:
        """What waits to be sent, whole records only in each datagram."""
        return list(_packed(self._read_all()))

    def _read_all(self) -> bytes:
        parts = []
        while True:
            try:
                parts.append(self._tls.bio_read(1 << 16))
            except SSL.WantReadError:
                return b"".join(parts)


def fingerprint_of(certificate: x509.Certificate) -> str:
    """``sha-256 4A:AD:...`` (RFC 8122, 5)."""
    return "sha-256 " + certificate.fingerprint(SHA256()).hex(":").upper()


def _packed(records: bytes) -> Iterator[bytes]:
    begin = end = 0
    while end + RECORD_HEADER <= len(records):
        length = int.from_bytes(records[end + 11 : end + RECORD_HEADER], "big")
        after = end + RECORD_HEADER + length
        if after - begin > LARGEST_DATAGRAM and end > begin:
            yield records[begin:end]
            begin = end
        end = after
    if end > begin:
        yield records[begin:end]


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    # Nothing about us stands in it: the far side knows it by its fingerprint alone.
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hotline")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - CLOCK_SKEW).not_valid_after(now + VALID_FOR)
    return builder.sign(key, SHA256())


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(b":".join(PROFILES))
    return context


def _reason(error: SSL.Error) -> str:
    """What OpenSSL says is the matter."""
    try:
        return str(error.args[0][-1][-1])
    except (IndexError, TypeError):
        return "the handshake failed"
