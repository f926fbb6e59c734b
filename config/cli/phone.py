"""Be an agent's telephone: register, sign the agent in, ring, answer, speak, hold, hang up."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.protocols.basic import LineReceiver

from cti.telephone import PhoneState, Telephone

if TYPE_CHECKING:
    from cti.people import Answerer

EPILOG = """\
examples:
  hotline phone 1001                          register, sign the agent in, answer every call
  hotline phone 1001 --answer-after 5 --talk-for 30
  hotline phone 1001 --manual                 you press the keys

while it runs, type a letter and Enter: a answer, h hold or take back, x refuse or hang up,
r ready (ends after-call work), q quit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own words."""
    from config.cli.telephones import add_server_arguments, add_transport_argument

    parser.epilog = EPILOG
    add = parser.add_argument
    add("extension", help="the phone's number, for example 1001")
    add("--secret", help="SIP password (default: the demo's)")
    add("--answer-after", type=float, default=2.0, metavar="SECONDS", help="ring so long first (2)")
    add("--manual", action="store_true", help="answer only when told to")
    add("--talk-for", type=float, metavar="SECONDS", help="hang up after so long (default: never)")
    add("--hold-after", type=float, metavar="SECONDS", help="hold after so long, for five seconds")
    add("--play", type=Path, metavar="FILE", help="what the agent says (WAV, 8000 Hz, mono)")
    add("--login", help="who signs in (default: the demo's agent at that phone)")
    add("--password", help="their web password (default: the demo's)")
    add("--phone-only", action="store_true", help="sign no agent in: that is done in the browser")
    add_server_arguments(parser)
    add_transport_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Be a telephone until interrupted or told to quit."""
    from config.cli.desk import Desk
    from config.cli.telephones import (
        open_telephone,
        react,
        servers_of,
        sound_to_play,
        trusted_of,
        voice,
    )
    from config.cli.terminal import Terminal
    from cti.people import Answerer, Answering

    (server, web), trusted = servers_of(args), trusted_of(args)
    known, login = f"demo-{args.extension}", args.login or args.extension
    if args.play:
        sound_to_play(args.play, "--play")

    async def stay(reactor: Any) -> int:
        terminal = Terminal(reactor)
        desk = Desk(reactor, web, terminal.say)

        def get_ready() -> None:
            if not args.phone_only:
                done = Deferred.fromCoroutine(desk.ready())
                done.addCallbacks(
                    lambda _: terminal.say("ready"), lambda why: terminal.say(str(why.value))
                )

        async with AsyncExitStack() as leaving:
            folder = leaving.enter_context(TemporaryDirectory())
            sound = args.play or voice(Path(folder), pitch(args.extension))
            after = None if args.manual else args.answer_after
            plan = Answering(after, args.talk_for, args.hold_after, sounds=(sound,))
            answerer = Answerer(reactor, terminal.say, lambda: plan)
            # Signed out last, when the call has ended: nobody is left in after-call work.
            if not args.phone_only:
                await leaving.enter_async_context(desk.signed_in(login, args.password or known))
            telephone = await leaving.enter_async_context(
                open_telephone(reactor, args.extension, answerer, server, trusted=trusted)
            )
            await answerer.register(telephone, server, args.secret or known)
            if not args.phone_only:
                await desk.ready()
                terminal.say(f"agent {login} is signed in and ready")
            return await Keyboard(telephone, answerer, get_ready).listen(reactor)

    return react(stay)


def pitch(extension: str) -> float:
    """The frequency, in Hz, by which a listener tells this extension from the next."""
    digits = "".join(filter(str.isdigit, extension)) or "0"
    return 400.0 + 25.0 * (int(digits) % 40)


class Keyboard(LineReceiver):
    """Letters typed in the terminal, and what they do."""

    delimiter = b"\n"

    def __init__(
        self, telephone: Telephone, answerer: Answerer, get_ready: Callable[[], None]
    ) -> None:
        self._telephone, self._answerer, self._get_ready = telephone, answerer, get_ready
        self._quit: Deferred[int] = Deferred()

    async def listen(self, reactor: Any) -> int:
        """Do what is typed until told to quit, or the telephone is lost."""
        from twisted.internet.stdio import StandardIO

        if typed_to_us():
            StandardIO(self, reactor=reactor)
        self._answerer.lost.addErrback(self._quit.errback)
        return await self._quit

    def lineReceived(self, line: bytes) -> None:
        """One letter, one thing done."""
        calls = self._telephone.calls
        match line.strip().lower():
            case b"q":
                self._quit.callback(0)
            case b"a" if calls:
                self._answerer.answer(calls[0])
            case b"h" if calls:
                held = calls[0].state is PhoneState.HOLDING
                self._telephone.hold(calls[0], held=not held)
            case b"x" if calls:
                self._telephone.hang_up(calls[0])
            case b"r":
                self._get_ready()


def typed_to_us() -> bool:
    """Whether the keyboard types to us; a job in the background must not read it."""
    if not sys.stdin.isatty():
        return False
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # a terminal that does not control us knows no background
        return True
