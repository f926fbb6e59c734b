"""The machine measured on, and what processes cost it (Linux: /proc)."""

import os
import platform
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
STATE = 3
"""Of the fields of /proc/PID/stat (proc(5), from 1 on) the first after the name in parentheses."""
PARENT, OWN_USER, ENDED_SYSTEM = 4 - STATE, 14 - STATE, 17 - STATE


def describe() -> str:
    """Name, processor, cores, load and Python of this machine in a line."""
    load = os.getloadavg()[0]
    return (
        f"{platform.node()}: {_processor()}, {os.cpu_count()} cores, load {load:.1f}, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def cpu_seconds(root: int) -> float:
    """User and system time of a process, its descendants, and those of them that ended."""
    stats = _stats()
    family, found = {root}, True
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


def children(parent: int) -> list[int]:
    """Ids of the processes that process has started."""
    return [pid for pid, fields in _stats().items() if int(fields[PARENT]) == parent]


def command_line(pid: int) -> str:
    """What the process was started with; empty when it is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


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
