"""What the commands that are telephones share: opening one, its server, its voice, its end."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import react as twisted_react

from config.cli import settings_of
from config.log import log_warnings
from cti.kernel.deferreds import fork
from cti.kernel.errors import ConfigurationError, HotlineError
from cti.kernel.identifiers import system_entropy
from cti.media.wave_file import SoundUnusable, read_samples
from cti.sip.events import Endpoint, Transport
from cti.sip.settings import UserAgentSettings
from cti.telephone import Listener, Telephone
from cti.transport.endpoint import FAREWELL, SipEndpoint
from cti.worker.engine import MediaEngine
from cti.worker.settings import MediaSettings

LAST_PORT = 65535
TRANSPORTS = ("udp", "tcp", "tls")
FAILED, INTERRUPTED = 1, 130
PATIENCE = 4.0
"""Seconds after which a server that has not sent one datagram is taken not to be there."""
TONE_LEVEL = 0.2


class NoAccounts:
    """A telephone has no telephones of its own."""

    def find(self, username: str) -> None:
        """Nobody registers here."""


def add_server_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the running hotline is; by default where the settings say."""
    parser.add_argument(
        "--server", metavar="HOST:PORT", help="SIP address of the hotline (default: settings)"
    )
    parser.add_argument(
        "--web", metavar="URL", help="web address of the hotline (default: settings)"
    )


def add_transport_argument(parser: argparse.ArgumentParser) -> None:
    """By what the running hotline is reached."""
    parser.add_argument(
        "--transport", choices=TRANSPORTS, default="udp", help="how SIP goes there (udp)"
    )


def servers_of(args: argparse.Namespace) -> tuple[Endpoint, str]:
    """SIP endpoint and web address of the hotline; ConfigurationError."""
    settings = settings_of(args)
    transport = Transport(getattr(args, "transport", "udp").upper())
    web = args.web or f"http://{settings.web.host}:{settings.web.port}"
    if not args.server:
        port = settings.sip.port
        if transport is Transport.TLS:
            port = settings.sip.tls.port if settings.sip.tls else transport.default_port
        return Endpoint(settings.sip.contact_host, port, transport), web
    host, _, port = args.server.partition(":")
    if port and not (port.isdigit() and 0 < int(port) <= LAST_PORT):
        raise ConfigurationError("is HOST:PORT, such as 127.0.0.1:5060", key="--server")
    try:
        address = socket.gethostbyname(host)
    except OSError as error:
        raise ConfigurationError(f"no host is named {host!r}", key="--server") from error
    name = host if transport is Transport.TLS and address != host else ""
    return Endpoint(address, int(port or transport.default_port), transport, domain=name), web


def trusted_of(args: argparse.Namespace) -> Path | None:
    """Who may have signed the hotline's certificate, as the settings say; None: whom the system
    trusts.
    """
    tls = settings_of(args).sip.tls
    return tls.trusted if tls else None


def sound_to_play(path: Path, key: str) -> Path:
    """The file, if it can be played; ConfigurationError."""
    try:
        read_samples(path)
    except SoundUnusable as error:
        raise ConfigurationError(f"cannot be played: {error}", key=key) from error
    return path


def react(main: Callable[[Any], Awaitable[int]]) -> int:
    """Run the command in the reactor; an interrupt lets it say goodbye first."""
    log_warnings()
    status = FAILED

    async def guarded(reactor: Any) -> None:
        nonlocal status
        try:
            status = await main(reactor)
        except CancelledError:
            status = INTERRUPTED
        except HotlineError as error:
            print(error, file=sys.stderr)

    def start(reactor: Any) -> Deferred[None]:
        working = Deferred.fromCoroutine(guarded(reactor))

        def interrupted() -> Deferred[None]:
            finished = fork(working)
            working.cancel()
            return finished

        reactor.addSystemEventTrigger("before", "shutdown", interrupted)
        return working

    try:
        twisted_react(start)
    except SystemExit as end:
        return status or int(end.code or 0)
    return status


def media_engine(reactor: Any, server: Endpoint) -> MediaEngine:
    """Sound for telephones, made in this process."""
    return MediaEngine(
        reactor, MediaSettings(bind=_facing(server), first_port=40000, last_port=59998)
    )


@asynccontextmanager
async def open_telephone(
    reactor: Any,
    number: str,
    listener: Listener,
    server: Endpoint,
    engine: MediaEngine | None = None,
    trusted: Path | None = None,
) -> AsyncIterator[Telephone]:
    """A telephone on a port of its own; leaving hangs up, unregisters and closes it.

    `trusted` may have signed the server's certificate, in place of the system's list.
    Telephones that are given the same `engine` share it, and none of them closes it.
    """
    media = engine or media_engine(reactor, server)
    telephone = Telephone(media, listener, number)
    if engine is None:
        media.listener = telephone
    host = _facing(server)
    settings = UserAgentSettings(
        host,
        0,
        user_agent="Hotline telephone",
        contact_user=number,
        trunks={server.host: "server"},
    )
    endpoint = SipEndpoint(
        reactor, settings, NoAccounts(), system_entropy, telephone.report, trusted=trusted
    )
    telephone.signalling = endpoint
    endpoint.start(host)

    patience = FAREWELL

    def look() -> None:
        nonlocal patience
        if not endpoint.counters["received"]:
            patience = 0.0
            telephone.nobody_there()

    looking = reactor.callLater(PATIENCE, look)
    try:
        yield telephone
    finally:
        if looking.active():
            looking.cancel()
        for call in telephone.calls:
            telephone.hang_up(call)
        await endpoint.stop(patience)
        if engine is None:
            await media.shut_down()


def voice(folder: Path, frequency: float) -> Path:
    """A file with something to recognise a speaker by: two seconds of a gently pulsing tone."""
    from prompts.sound import RATE, write_wav  # only who speaks needs it

    path = folder / f"tone-{frequency:.0f}.wav"
    time = np.arange(2 * RATE) / RATE
    pulse = np.sin(np.pi * time) ** 2
    write_wav(path, TONE_LEVEL * pulse * np.sin(2 * np.pi * frequency * time))
    return path


def _facing(server: Endpoint) -> str:
    """Our address on the way to the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server.host, server.port))
        return str(probe.getsockname()[0])
