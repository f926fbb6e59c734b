"""`python -m cti.worker`: one media worker; the server starts it."""

import sys

from cti.worker.process import run

if __name__ == "__main__":
    from twisted.internet import reactor  # noqa: TID251  (the entry point of a process of its own)

    run(reactor, sys.argv[1:])
