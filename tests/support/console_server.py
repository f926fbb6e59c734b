"""A console with a small call centre behind it, for a browser: ``python -m`` this.

Prints its address and the cookie of agent ``a``; then does what each line on standard input says:
``register``, ``call``, ``known`` (a call of a known customer), ``ring``, ``answer``, ``hang_up``.
"""

import json
import sys
from typing import Any

from twisted.internet import reactor as global_reactor  # noqa: TID251  (a program of its own)
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver
from twisted.web.server import Site

from cti.kernel.identifiers import CallId, CustomerId
from cti.kernel.vocabulary import ServiceLevel, Verification
from cti.web.http import HotlineRequest
from tests.support.call_centre import CallCentre
from tests.support.consoles import ConsoleHouse

SKILLS = {"a": {"general": 8, "complaints": 5}}


class Director(LineOnlyReceiver):
    """Plays what the test tells it to."""

    delimiter = b"\n"

    def __init__(self, centre: CallCentre) -> None:
        self._centre = centre
        self._calls: list[CallId] = []

    def lineReceived(self, line: bytes) -> None:
        getattr(self, f"do_{line.decode()}")()

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        global_reactor.stop()

    def do_register(self) -> None:
        self._centre.calls.register("1001")

    def do_call(self) -> None:
        self._calls.append(self._centre.call())

    def do_known(self) -> None:
        """A known customer who has signed in waits, then is offered."""
        call_id = self._centre.calls.dial(calling="13912345678")
        self._calls.append(call_id)
        self._centre.calls.attach(
            call_id,
            customer_id=CustomerId("c1"),
            customer_name="王芳",
            service_level=ServiceLevel.SPECIAL,
            verification=Verification.SIGNED_IN,
            path=("mandarin", "account", "agent"),
            entered={"ticket": "20260301001"},
        )
        self._centre.queue(call_id)

    def do_ring(self) -> None:
        self._centre.calls.phone_rings(self._centre.phone(self._calls[0]).id)

    def do_answer(self) -> None:
        self._centre.calls.phone_answers(self._centre.phone(self._calls[0]).id)

    def do_hang_up(self) -> None:
        self._centre.calls.hang_up(self._calls.pop(0))


def main() -> None:
    reactor: Any = global_reactor
    centre = CallCentre(SKILLS, clock=reactor)
    house = ConsoleHouse(centre)
    site = Site(house.root, requestFactory=HotlineRequest, reactor=reactor)
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    address = f"http://127.0.0.1:{port.getHost().port}"
    sys.stdout.write(json.dumps({"address": address, "token": house.token("a")}) + "\n")
    sys.stdout.flush()
    StandardIO(Director(centre), reactor=reactor)
    reactor.run()
    sys.exit(1 if centre.errors else 0)


if __name__ == "__main__":
    main()
