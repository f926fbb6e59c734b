"""What one call answered and hung up at once costs in this process, layer upon layer.

``python -m benchmarks.work [--profile FILE]`` needs no quiet machine: it counts CPU time of this
thread, not the time that passes. Media opens at once and nothing waits for another process, so
what a running server pays for being woken is not in these figures.

::

    user agent   five messages: parsing, transactions, the session
    house        the same through sockets and timers, trunks, call control, a flow, figures, trace
"""

import argparse
import cProfile
import socket
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

from twisted.internet.defer import fail
from twisted.internet.epollreactor import EPollReactor

from benchmarks import machine, sip
from benchmarks.server import COMMON, FLOWS, HANG_UP
from cti.call.routing import Routing
from cti.call.services import CallServices
from cti.call.switch import CallSettings, Switch
from cti.kernel.bus import Bus
from cti.kernel.events import Event
from cti.kernel.identifiers import system_entropy
from cti.sip import sdp
from cti.sip.events import (
    DATAGRAM_FLOW,
    Endpoint,
    Report,
    SendDatagram,
    SessionConfirmed,
    SessionOffered,
    Transport,
)
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import Output, UserAgent
from cti.trace.recorder import Recorder
from cti.trace.ring_file import RingFile
from cti.transport.endpoint import SipEndpoint
from cti.trunks.numbers import Numbers, NumberSettings
from cti.trunks.service import TrunkService
from cti.trunks.settings import Trunk, TrunksSettings
from ivr.loader import load
from ivr.ports import Ports
from ivr.service import IvrService, surroundings
from monitoring.statistics import Rules
from monitoring.wallboard import WallBoard
from prompts.catalogue import load_catalogue
from tests.support.fake_bank import FakeBank
from tests.support.fake_calls import FakeCalls
from tests.support.fake_media import FakeMedia
from tests.support.fake_tickets import FakeReplies, FakeTickets
from tests.support.floors import SmallFloor
from tests.support.ivr_house import NamingAnnouncer, NotingQueues, OneCustomer

HOST = "127.0.0.1"
TRUNK = "local"
WARMING, CALLS, RUNS = 200, 600, 5
"""Of so many runs the best counts: others on the machine make a run dearer, never cheaper."""
TRACE_OCTETS = 8 * 1024 * 1024


class Answering(Protocol):
    """Takes a message of the far side, and gives what it sends for that."""

    def __call__(self, data: bytes) -> list[bytes]: ...


class BareUserAgent:
    """Answers every call and hangs up once that is acknowledged."""

    def __init__(self, source: Endpoint) -> None:
        settings = UserAgentSettings(HOST, 5060, trunks={HOST: TRUNK})
        self._agent = UserAgent(settings, Nobody(), system_entropy)
        self._source = source
        self._description = sdp.offer(HOST, 20000)

    def __call__(self, data: bytes) -> list[bytes]:
        return self._work(self._agent.datagram_received(data, self._source, time.monotonic()))

    def _work(self, output: Output) -> list[bytes]:
        sent = []
        for item in output:
            match item:
                case SendDatagram(data):
                    sent.append(data)
                case SessionOffered(session=session):
                    sent += self._work(self._agent.accept(session, self._description))
                case SessionConfirmed(session=session):
                    sent += self._work(self._agent.end(session))
        return sent


class WholeHouse:
    """Everything of the server but other processes, the database and the pages."""

    def __init__(self, source: Endpoint, sink: socket.socket, folder: Path) -> None:
        self._reactor = EPollReactor()
        self._source, self._sink = source, sink
        self._bus = Bus(_raise)
        self._endpoint, calls = self._switch(folder)
        self._watch()
        ivr = self._ivr(calls, folder)
        calls.route(Routing({HANG_UP: lambda call_id: ivr.take(call_id, HANG_UP)}))
        self._endpoint.start(HOST)

    def __call__(self, data: bytes) -> list[bytes]:
        self._endpoint.message_received(data, self._source)
        self._reactor.runUntilCurrent()
        while self._reactor.timeout() == 0.0:  # a new call is taken in a turn of its own
            self._reactor.runUntilCurrent()
        sent = []
        while True:
            try:
                sent.append(self._sink.recv(65536))
            except BlockingIOError:
                return sent

    def _switch(self, folder: Path) -> tuple[SipEndpoint, CallServices]:
        trunks = TrunkService(
            TrunksSettings({TRUNK: Trunk(TRUNK, trusted=(HOST,))}),
            Numbers(NumberSettings(), {HANG_UP: HANG_UP}),
            HOST,
            self._reactor,
            self._bus,
            system_entropy,
            lambda name: fail(LookupError(name)),
        )
        settings = UserAgentSettings(HOST, 0, trunks=trunks.trusted)

        def report(what: Report) -> None:
            trunks.report(what)
            calls.report(what)

        endpoint = SipEndpoint(self._reactor, settings, Nobody(), system_entropy, report)
        media = FakeMedia()
        switch = Switch(
            CallSettings(HOST, folder, folder),
            self._reactor,
            self._bus,
            endpoint,
            media,
            system_entropy,
            trunks,
        )
        calls = CallServices(switch)
        media.listener = calls
        recorder = Recorder(RingFile(folder / "trace", TRACE_OCTETS), self._reactor)
        endpoint.tap = recorder.message
        switch.carried = recorder.carrying(endpoint.user_agent.call_id)
        recorder.listen(self._bus)
        return endpoint, calls

    def _watch(self) -> None:
        board = WallBoard(self._bus, self._reactor, Rules(), SmallFloor(), 0.05)
        board.start(())

    def _ivr(self, calls: CallServices, folder: Path) -> IvrService:
        (folder / f"{HANG_UP}.yaml").write_text(COMMON + FLOWS[HANG_UP])
        catalogue = load_catalogue()
        around = surroundings(catalogue, (), ())
        announcer = NamingAnnouncer()
        ports = Ports(
            calls,
            announcer,
            OneCustomer(),
            FakeBank(),
            FakeTickets(),
            FakeReplies(),
            NotingQueues(FakeCalls(self._bus, self._reactor), announcer),
            {},
            self._bus,
            self._reactor,
        )
        return IvrService({HANG_UP: load(folder / f"{HANG_UP}.yaml", around)}, ports)


class Nobody:
    """Accounts of nobody."""

    def find(self, username: str) -> None:
        """Nobody has that name."""
        del username


def main() -> int:
    """Print what a call costs in each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work", description=__doc__)
    parser.add_argument("--profile", type=Path, metavar="FILE", help="of the house, by cProfile")
    options = parser.parse_args()
    print(machine.describe())
    with closing(_sink()) as sink, tempfile.TemporaryDirectory() as folder:
        host, port = sink.getsockname()
        source = Endpoint(host, port, Transport.UDP, DATAGRAM_FLOW)
        print(f"user agent  {_cost(BareUserAgent(source), port):6.0f} us a call")
        house = WholeHouse(source, sink, Path(folder))
        print(f"house       {_cost(house, port):6.0f} us a call")
        if options.profile:
            profile = cProfile.Profile()
            profile.runcall(_run, house, port, "p")
            profile.dump_stats(options.profile)
    return 0


def _cost(answering: Answering, port: int) -> float:
    """Microseconds of this thread a call, those of the far side left out."""
    _run(answering, port, "w", WARMING)
    return min(_run(answering, port, str(run)) for run in range(RUNS))


def _run(answering: Answering, port: int, name: str, calls: int = CALLS) -> float:
    spent = 0
    for number in range(calls):
        spent += _call(answering, port, f"{name}{number}")
    return spent / calls / 1000


def _call(answering: Answering, port: int, name: str) -> int:
    """One call; nanoseconds."""
    spent = 0

    def take(data: bytes) -> list[bytes]:
        nonlocal spent
        began = time.thread_time_ns()
        sent = answering(data)
        spent += time.thread_time_ns() - began
        return sent

    answers = [
        sip.parse(each) for each in take(_request("INVITE", 1, port, name, "", sip.describe(port)))
    ]
    to = answers[-1].one("to")
    (bye,) = [sip.parse(each) for each in take(_request("ACK", 1, port, name, to))]
    take(sip.response(bye, "200 OK", "", ""))
    return spent


def _request(method: str, number: int, port: int, name: str, to: str, body: str = "") -> bytes:
    headers = [
        ("Via", f"SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK-{name}-{method}"),
        ("From", f"<sip:7{name}@{HOST}:{port}>;tag={name}"),
        ("To", to or f"<sip:{HANG_UP}@{HOST}>"),
        ("Call-ID", f"{name}@{HOST}"),
        ("CSeq", f"{number} {method}"),
        ("Contact", f"<sip:7{name}@{HOST}:{port}>"),
        ("Max-Forwards", "70"),
    ]
    return sip.compose(f"{method} sip:{HANG_UP}@{HOST} SIP/2.0", headers, body)


def _sink() -> socket.socket:
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind((HOST, 0))
    sink.setblocking(False)
    return sink


def _raise(_event: Event, error: BaseException) -> None:
    raise error


if __name__ == "__main__":
    sys.exit(main())
