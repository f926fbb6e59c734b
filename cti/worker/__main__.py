"""`python -m cti.worker`: one media worker; the server starts it."""

import sys
from time import monotonic  # noqa: TID251  (the entry point of a process of its own)

from cti.worker.process import run

if __name__ == "__main__":
    from twisted.internet import reactor  # noqa: TID251  (likewise)

    # Seconds since the epoch that no setting of the machine's clock moves: by a step forward every
    # call would seem silent for too long, and by a step back the recordings would stand still.
    began = reactor.seconds() - monotonic()
    reactor.seconds = lambda: began + monotonic()  # type: ignore[method-assign]  # for all of it

    run(reactor, sys.argv[1:])
