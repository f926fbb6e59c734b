"""Identifiers: opaque strings that the type checker keeps apart."""

import os
from collections.abc import Callable
from io import BytesIO
from typing import NewType

CallId = NewType("CallId", str)
ConnectionId = NewType("ConnectionId", str)
DeviceId = NewType("DeviceId", str)
"""A telephone's address inside the house: an extension such as ``1001``."""
AgentId = NewType("AgentId", str)
QueueId = NewType("QueueId", str)
OfferId = NewType("OfferId", str)
StaffId = NewType("StaffId", str)
CustomerId = NewType("CustomerId", str)
DepartmentId = NewType("DepartmentId", str)
TicketNumber = NewType("TicketNumber", str)

RESERVOIR = 2048
"""Bytes asked of the system at a time."""

Entropy = Callable[[int], str]
"""Gives a hexadecimal token of that many bytes; tests pass a counter."""


class SystemEntropy:
    """Unguessable hexadecimal tokens from the system's generator.

    It is asked for some hundred tokens at once: a call needs a dozen, and each system call costs
    many times what a token does. Any thread may ask, since a reservoir is read in one step, and no
    byte is given twice.
    """

    def __init__(self) -> None:
        self._reservoir = BytesIO()

    def __call__(self, size: int) -> str:
        """Token of `size` bytes."""
        taken = self._reservoir.read(size)
        while len(taken) < size:
            self._reservoir = reservoir = BytesIO(os.urandom(max(RESERVOIR, size)))
            taken = reservoir.read(size)
        return taken.hex()


system_entropy = SystemEntropy()
