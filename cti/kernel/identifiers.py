"""Identifiers: opaque strings that the type checker keeps apart."""

import secrets
from collections.abc import Callable
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

Entropy = Callable[[int], str]
"""Gives a hexadecimal token of that many bytes; tests pass a counter."""


def system_entropy(size: int) -> str:
    """Unguessable hexadecimal token of `size` bytes."""
    return secrets.token_hex(size)
