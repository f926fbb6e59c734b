"""The site of tickets after strangers wrote into it, for a browser: ``python -m`` this.

Its argument is a folder for files. Prints where it is, the paths of its pages and the session of
each person, and ends when standard input does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor  # noqa: TID251  (a program of its own)
from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO

from cti.web.frame import SESSION_COOKIE
from tests.support.inert import MARKUP, OPERATORS
from tests.support.strangers import Strangers


class Listener(Protocol):
    """Stops the server when nobody is at the other end any more."""

    def connectionLost(self, reason: Any = None) -> None:
        del reason
        global_reactor.stop()


def main() -> None:
    reactor: Any = global_reactor
    strangers = Strangers(Path(sys.argv[1]), lambda _name: f"{MARKUP} {OPERATORS}")
    strangers.write_from_outside()
    strangers.fill_in_everything()
    port = reactor.listenTCP(0, strangers.site.site, interface="127.0.0.1")
    told = {
        "address": f"http://127.0.0.1:{port.getHost().port}",
        "paths": [*strangers.pages(), *strangers.opened],
        "people": {
            name: browser.cookies[SESSION_COOKIE] for name, browser in strangers.browsers.items()
        },
        "cookie": SESSION_COOKIE,
        "customer": strangers.cookies,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    StandardIO(Listener(), reactor=reactor)
    reactor.run()


if __name__ == "__main__":
    main()
