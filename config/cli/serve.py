"""Start the hotline. What is missing is created first: database, announcements, demo bank.

SIGTERM and Ctrl-C end every call properly. SIGHUP restarts in place, with the code and the
settings that are there by then (they are checked first; if they are wrong, nothing happens):
conversations go on, agents stay as they are, callers keep their places. So it is after kill -9 or
a crash, if the server is started again within `media.orphan_time`: media workers outlive it.
"""

from __future__ import annotations

import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.cli.restarting import Restarting
    from config.settings import Settings, SipSettings

FAILED = 1
SWITCH_SECONDS = 0.0005
"""After which a database thread gives the interpreter back to the reactor; 5 ms are usual."""


def add_arguments(parser: ArgumentParser) -> None:
    """Everything is in the settings; only talk is asked for here."""
    parser.add_argument("--verbose", action="store_true", help="write the whole log to stderr")
    parser.add_argument(
        "--check", action="store_true", help="say whether the settings are right, and stop"
    )


def run(args: Namespace) -> int:
    """Serve until interrupted (Ctrl-C or SIGTERM), beginning anew at each SIGHUP."""
    from config.cli import keep_private, settings_of
    from config.cli.restarting import Restarting
    from config.cli.running import run_in_reactor

    settings = settings_of(args)
    keep_private()
    if args.check:
        return check(settings)
    allow_files()
    restarting = Restarting()

    async def main(reactor: Any) -> None:
        await serve(reactor, settings, restarting, verbose=args.verbose)

    status = run_in_reactor(main)
    if restarting.wanted:
        restarting.execute()
    return status


def check(settings: Settings) -> int:
    """Build the house without opening it; ConfigurationError for what would not start.

    What the working calendars lack is told, and keeps nothing from starting.
    """
    from twisted.internet import task

    from config.services import Hotline

    clock = task.Clock()
    clock.advance(time.time())  # noqa: TID251  (a command's own clock)
    house = Hotline(settings, clock)
    print("The hotline would start.")
    for name, lack in house.ticket_rooms.calendar_watch.warnings().items():
        print(f"Calendar {name}: {lack}")
    return 0


async def serve(
    reactor: Any, settings: Settings, restarting: Restarting, *, verbose: bool = False
) -> None:
    """Open the house; comes back when nothing of it is left running here."""
    from twisted.internet.defer import CancelledError, Deferred

    from config.garbage import Collecting, settle_down
    from config.log import start_log
    from config.progress import TerminalProgress
    from config.services import Hotline

    start_log(settings.folders.base, verbose=verbose)
    keep_time(reactor)
    hotline = Hotline(settings, reactor)
    starting = Deferred.fromCoroutine(hotline.start(TerminalProgress()))

    def interrupted() -> Deferred[None]:
        starting.cancel()
        return Deferred.fromCoroutine(hotline.stop())

    trigger = reactor.addSystemEventTrigger("before", "shutdown", interrupted)
    try:
        await starting
    except CancelledError:
        await hotline.stopped
        return
    except BaseException:
        reactor.removeSystemEventTrigger(trigger)
        # Calls that a server before us left may find another one yet.
        await hotline.stop(leaving=hotline.switch.media.outlived)
        raise
    settle_down()
    sys.setswitchinterval(SWITCH_SECONDS)
    collecting = Collecting(reactor, time.process_time)
    collecting.start()
    print(welcome(settings), flush=True)
    restarting.at_hangup(reactor, lambda: hotline.stop(leaving=True))
    await hotline.stopped
    collecting.stop()
    print("The hotline restarts." if restarting.wanted else "The hotline has stopped.", flush=True)


def keep_time(reactor: Any) -> None:
    """Let no setting of the machine's clock make timers wait, where the reactor goes by it."""
    from cti.kernel.onward import Onward

    if reactor.seconds is time.time:  # noqa: TID251  (asked whose it is)
        reactor.seconds = Onward(time.time, time.monotonic)  # noqa: TID251  (all that is made here goes by it)


def allow_files() -> None:
    """Let us and our workers open as many files as we may: each leg of a call has two sockets.

    What is usual for a program that asks for no more (1,024) is full with 250 calls of two legs.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def welcome(settings: Settings) -> str:
    """What to dial, where to look, who may sign in, and how to place a trial call."""
    web = settings.web
    lines = [
        "",
        f"The hotline is up: SIP on {' and '.join(listens(settings.sip))}",
        f"  dial      {', '.join(settings.ivr.numbers)}",
        f"  pages     http://{web.host}:{web.port}/",
    ]
    if settings.sip.websocket:
        lines.append(f"  browsers  ws://{web.host}:{web.port}/sip")
    number = next(iter(settings.ivr.numbers), "")
    lines += demo_lines() if settings.demo else []
    lines += [
        "",
        "A trial call, in another terminal (Mandarin, then the rates):",
        f'  .venv/bin/hotline call {number} --keys "1 1" --save heard.wav',
    ]
    if settings.demo:
        lines += [
            "An agent's telephone, which signs the agent in:",
            "  .venv/bin/hotline phone 1001",
        ]
    lines += [
        "",
        "Ctrl-C ends the calls and stops everything; SIGHUP restarts, and calls go on.",
    ]
    return "\n".join(lines)


def listens(sip: SipSettings) -> list[str]:
    """Where telephones and carriers reach us, by which transports."""
    places = [f"{sip.host}:{sip.port} ({'UDP, TCP' if sip.tcp else 'UDP'})"]
    if sip.tls is not None:
        places.append(f"{sip.host}:{sip.tls.port} (TLS)")
    return places


def demo_lines() -> list[str]:
    """Names and passwords of the demo staff, and the numbers a caller keys in."""
    from config.demo.read import read_demo

    demo = read_demo()
    lines = ["", "Demo staff (name / password):"]
    by_role: dict[str, list[str]] = {}
    for person in demo.staff:
        role = sorted(role.value for role in person.roles)[0]
        by_role.setdefault(role, []).append(person.login)
    passwords = {person.login: person.password.reveal() for person in demo.staff}
    for role, logins in by_role.items():
        first, last = logins[0], logins[-1]
        more = f"  ({len(logins)} of them, to {last} / {passwords[last]})" if last != first else ""
        lines.append(f"  {role:<14}{first} / {passwords[first]}{more}")
    customer = next(each for each in demo.customers if each.accounts)
    lines += [
        "A demo customer signs in with",
        f"  account {customer.accounts[0].number.reveal()}, PIN {demo.account_pin.reveal()},",
        f"  banking number {customer.banking_number.reveal()}, PIN {demo.banking_pin.reveal()}",
    ]
    return lines
