"""What is measured: our hotline, or a peer that the environment names.

PEER=127.0.0.1:5062                       where it speaks SIP
PEER_NUMBERS="hang_up=101 music=120"      what it does when which number is called
    PEER_AGENTS=6000,6001                     ports of 127.0.0.1 where its queues call agents
PEER_PID=1234                             whose processor time counts, with its children's
"""

import os
from dataclasses import dataclass, fields

from benchmarks import machine
from benchmarks.wire import Address


@dataclass(frozen=True, slots=True)
class Numbers:
    """What to dial; empty for what is not offered.

    `hang_up` answers and hangs up at once, `music` plays without end, `direct` calls one agent's
    contact, `queue` and `other` are queues with agents of their own.
    """

    hang_up: str = ""
    music: str = ""
    direct: str = ""
    queue: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A server to load."""

    name: str
    address: Address
    numbers: Numbers
    agents_port: int
    """Where the called side of `direct` answers, and agents of the queue who need not register."""
    others_port: int = 0
    """The same of the other queue's agents; 0: any."""
    process: int = 0
    """0: its processor time is not known."""

    def cpu(self) -> float | None:
        """Processor seconds it has used, all its processes together."""
        return machine.cpu_seconds(self.process) if self.process else None


class WrongPeer(Exception):  # noqa: N818  (named for what is the matter)
    """The environment names no peer that can be called."""


def peer() -> Target | None:
    """The peer of the environment, if there is one; WrongPeer where it cannot be read."""
    named = os.environ.get("PEER")
    if not named:
        return None
    number, _, address = named.rpartition("@")
    host, _, port = address.partition(":")
    known = {field.name for field in fields(Numbers)}
    numbers = {"hang_up": number} if number else {}
    try:
        for each in os.environ.get("PEER_NUMBERS", "").split():
            what, _, dialled = each.partition("=")
            if what not in known:
                raise WrongPeer(f"PEER_NUMBERS: {what!r} is none of {', '.join(sorted(known))}")
            numbers[what] = dialled
        agents, _, others = os.environ.get("PEER_AGENTS", "6000,6001").partition(",")
        return Target(
            f"peer {address}",
            (host, int(port or 5060)),
            Numbers(**numbers),
            int(agents),
            int(others or 0),
            int(os.environ.get("PEER_PID", "0")),
        )
    except ValueError as error:
        raise WrongPeer(
            f"PEER, PEER_AGENTS and PEER_PID hold ports and a number: {error}"
        ) from error
