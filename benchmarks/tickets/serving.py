"""`hotline` at the time of the tickets: its clock goes from the instant as of which they are."""

import sys

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import installReactor

from benchmarks.tickets.clones import NOW


class ReactorThen(EPollReactor):
    """A reactor whose time began with the tickets' present."""

    def __init__(self) -> None:
        self._began = EPollReactor.seconds()
        super().__init__()

    def seconds(self) -> float:
        return NOW.timestamp() + EPollReactor.seconds() - self._began


def main() -> int:
    """Do what `hotline` would."""
    installReactor(ReactorThen())
    from config.main import main as hotline

    return hotline()


if __name__ == "__main__":
    sys.exit(main())
