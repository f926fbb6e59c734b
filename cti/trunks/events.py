"""What happens to the lines to the outside."""

from dataclasses import dataclass
from typing import ClassVar

from cti.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkEvent(Event):
    """Root of what happens to a trunk, by its name in the settings."""

    trunk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkDown(TrunkEvent):
    """A gateway of the trunk does not answer any more; `left` others still do."""

    kind: ClassVar[str] = "trunk.down"
    gateway: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkUp(TrunkEvent):
    """A gateway that was down answers again."""

    kind: ClassVar[str] = "trunk.up"
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRegistered(TrunkEvent):
    """The carrier knows where we are."""

    kind: ClassVar[str] = "trunk.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkUnregistered(TrunkEvent):
    """The carrier refused our registration, or did not answer (`status` 408)."""

    kind: ClassVar[str] = "trunk.unregistered"
    status: int
