"""Be an agent's telephone: register, sign the agent in, ring, answer, speak, hold, hang up."""

from __future__ import annotations

import argparse
import sys
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

while it runs, type a letter and Enter: a answer, h hold or take back, x hang up, q quit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own words."""
    from config.cli.telephones import add_server_arguments

    parser.epilog = EPILOG
    add = parser.add_argument
    add("extension", help="the phone's number, for example 1001")
    add("--secret", help="SIP password (default: the demo's)")
    add("--answer-after", type=float, default=2.0, metavar="SECONDS", help="ring so long (2)")
    add("--manual", action="store_true", help="answer only when told to")
    add("--talk-for", type=float, metavar="SECONDS", help="then hang up (default: never)")
    add("--hold-after", type=float, metavar="SECONDS", help="then hold for five seconds")
    add("--play", type=Path, metavar="FILE", help="what the agent says (WAV, 8000 Hz, mono)")
    add("--login", help="who signs in (default: the demo's agent at that phone)")
    add("--password", help="their web password (default: the demo's)")
    add("--phone-only", action="store_true", help="sign in and get ready in the browser")
    add_server_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Be a telephone until interrupted or told to quit."""
    from config.cli.desk import Desk
    from config.cli.telephones import open_telephone, react, servers_of, voice
    from config.cli.terminal import Terminal
    from cti.people import Answerer, Answering

    server, web = servers_of(args)
    known = f"demo-{args.extension}"

    async def stay(reactor: Any) -> int:
        terminal = Terminal(reactor)
        with TemporaryDirectory() as folder:
            sound = args.play or voice(Path(folder), pitch(args.extension))
            after = None if args.manual else args.answer_after
            plan = Answering(after, args.talk_for, args.hold_after, (sound,))
            answerer = Answerer(reactor, terminal.say, lambda: plan)
            async with open_telephone(reactor, args.extension, answerer, server) as telephone:
                await answerer.register(telephone, server, args.secret or known)
                keyboard = Keyboard(telephone, answerer)
                if args.phone_only:
                    return await keyboard.listen(reactor)
                desk = Desk(reactor, web)
                login = args.login or args.extension
                async with desk.staffed(login, args.password or known):
                    terminal.say(f"agent {login} is signed in and ready")
                    return await keyboard.listen(reactor)

    return react(stay)


def pitch(extension: str) -> float:
    """The frequency, in Hz, by which a listener tells this extension from the next."""
    digits = "".join(filter(str.isdigit, extension)) or "0"
    return 400.0 + 25.0 * (int(digits) % 40)


class Keyboard(LineReceiver):
    """Letters typed in the terminal, and what they do."""

    delimiter = b"\n"

    def __init__(self, telephone: Telephone, answerer: Answerer) -> None:
        self._telephone, self._answerer = telephone, answerer
        self._quit: Deferred[int] = Deferred()

    async def listen(self, reactor: Any) -> int:
        """Do what is typed until told to quit, or the telephone is lost."""
        from twisted.internet.stdio import StandardIO

        if sys.stdin.isatty():
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
