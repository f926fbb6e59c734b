"""What keeping a call through a restart costs, per change of a call between two telephones.

`python -m benchmarks.keeping [CHANGES]`
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.defer import Deferred

from cti.call.events import Held
from cti.call.kept import KeptCall
from cti.database import Base, connect
from cti.keeping.keeper import Keeper
from cti.keeping.repository import Batch, write_txn
from cti.kernel.clock import utc
from cti.kernel.identifiers import CallId
from tests.support.conversations import talking
from tests.support.databases import DirectDatabase
from tests.support.deferred import result_of
from tests.support.worlds import RealWorld

BATCH = 20
"""Calls in one transaction."""


class Deaf(DirectDatabase):
    """Takes a transaction and never says what came of it."""

    def run(self, *_what: object, **_given: object) -> Deferred[None]:  # type: ignore[override]  # no answer fits all
        return Deferred()


def microseconds(count: int, work: Callable[[], object]) -> float:
    """Of CPU time, each."""
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count * 1e6


def main(changes: int, folder: Path) -> None:
    """Print what each part costs."""
    world = RealWorld()
    world.register("1001")
    call_id, _, agent = talking(world)
    kept = world.services.keep(call_id)
    assert kept is not None
    keeper = Keeper(Deaf(), world.clock, world.services.keep, lambda _: None)
    held = Held(**world.switch.about(world.switch.members[agent]))
    keeper.listen(world.bus)
    noted = microseconds(changes, lambda: world.bus.publish(held))
    asked = microseconds(changes, lambda: world.services.keep(call_id) == kept)
    url = f"sqlite:///{folder / 'kept.sqlite'}"
    Base.metadata.create_all(connect(url))
    database = DirectDatabase(url)
    written = microseconds(changes // BATCH, lambda: write(database, kept, world)) / BATCH
    print(f"per change: {noted:.1f} us to note it, {asked:.1f} us to take the call's state,")
    print(f"{written:.0f} us of a database thread to write it, {BATCH} calls at a time")


def write(database: DirectDatabase, kept: KeptCall, world: RealWorld) -> None:
    """One transaction."""
    calls = {CallId(f"{kept.id}-{n}"): replace(kept, files=n) for n in range(BATCH)}
    result_of(database.run(write_txn, Batch(calls, {}), utc(world.clock)))


if __name__ == "__main__":
    CHANGES = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with TemporaryDirectory() as TEMPORARY:
        main(CHANGES, Path(TEMPORARY))
