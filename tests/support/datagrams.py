"""What became of every datagram: read, turned away, or dropped by the kernel that had no room."""

from pathlib import Path

from cti.transport.endpoint import SipEndpoint


def dropped(port: int, family: str = "udp") -> int:
    """How many datagrams to that port the kernel dropped while a socket was there (proc(5))."""
    lines = Path(f"/proc/net/{family}").read_text().splitlines()[1:]
    sockets = (line.split() for line in lines)
    return sum(int(each[-1]) for each in sockets if int(each[1].rpartition(":")[2], 16) == port)


def accounted_for(endpoint: SipEndpoint) -> int:
    """How many messages came by UDP of which it is clear what became of them.

    A new call that waits for its turn is not among them: it is read later, or refused.
    """
    agent = endpoint.user_agent
    unread = agent.door.unheard + agent.antechamber.passed.total()
    return endpoint.counters["received"] + unread + dropped(agent.settings.port)
