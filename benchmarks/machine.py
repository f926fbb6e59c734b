"""The machine measured on, who runs on which of its cores, and what processes cost it (/proc)."""

import os
import platform
import resource
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
STATE = 3
"""Of the fields of /proc/PID/stat (proc(5), from 1 on) the first after the name in parentheses."""
PARENT, OWN_USER, ENDED_SYSTEM = 4 - STATE, 14 - STATE, 17 - STATE
MARK = "HOTLINE_BENCHMARK"
"""In the environment of a server under test and of all it starts, whoever is their parent now."""
NICENESS = -15


def describe() -> str:
    """Name, processor, cores, load and Python of this machine in a line."""
    load = os.getloadavg()[0]
    return (
        f"{platform.node()}: {_processor()}, {os.cpu_count()} cores, load {load:.1f}, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def prepare() -> str:
    """Before others and with as many files as we may have; says what of it was granted.

    Server and generators alike, as children inherit both.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    except PermissionError:
        return "at everybody's priority: other programs' load shows in the figures"
    return f"server and generators at nice {NICENESS}"


def divided(servers: int) -> tuple[Set[int], Set[int]]:
    """Cores for the server, at most so many, and for the generators; the same where we have one."""
    cores = sorted(os.sched_getaffinity(0))
    return (
        (set(cores[: min(servers, len(cores) - 1)]), {cores[-1]})
        if cores[1:]
        else (
            set(cores),
            set(cores),
        )
    )


@contextmanager
def on(cores: Set[int]) -> Iterator[None]:
    """What is started meanwhile runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(root: int) -> float:
    """User and system time of a process, of its family, and of those of them that ended.

    The family are its descendants, and who carries the same `MARK` without being one any more.
    """
    stats = _stats()
    family, found = {root} | _marked(_mark(root), stats.keys()), True
    while found:
        younger = {pid for pid, fields in stats.items() if int(fields[PARENT]) in family}
        found = not younger <= family
        family |= younger
    ticks = sum(
        int(ticks)
        for pid in family & stats.keys()
        for ticks in stats[pid][OWN_USER : ENDED_SYSTEM + 1]
    )
    return ticks / TICKS


def own_seconds(pid: int) -> float:
    """User and system time of that process alone; 0 when it is gone."""
    fields = _stats().get(pid)
    return sum(map(int, fields[OWN_USER : OWN_USER + 2])) / TICKS if fields else 0.0


def memory(pid: int) -> float:
    """MiB of that process that lie in memory (proc(5)); 0 when it is gone."""
    try:
        status = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    return int((status.partition("VmRSS:")[2].split() or ["0"])[0]) / 1024


def children(parent: int) -> list[int]:
    """Ids of the processes that process has started."""
    return [pid for pid, fields in _stats().items() if int(fields[PARENT]) == parent]


def command_line(pid: int) -> str:
    """What the process was started with; empty when it is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _mark(pid: int) -> bytes:
    """The mark it carries; empty without one, or when it is another user's."""
    try:
        entries = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return b""
    return next((each for each in entries if each.startswith(MARK.encode() + b"=")), b"")


def _marked(mark: bytes, pids: Set[int]) -> set[int]:
    return {pid for pid in pids if _mark(pid) == mark} if mark else set()


def _stats() -> dict[int, list[str]]:
    """Of every process, the fields of its stat file from the state on."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


def _processor() -> str:
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
