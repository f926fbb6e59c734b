"""Two calls becoming one: what transfer, conference and replacement have in common."""

from dataclasses import replace

from cti.call.events import CallEvent, Delivered, Established, Failed, Held, Muted
from cti.call.events import ConnectionCleared as Cleared
from cti.call.live import LiveCall, Member
from cti.call.model import Cause, ConnectionState, Direction, Party, UserData
from cti.call.recording import Recordings
from cti.call.switch import Switch
from cti.kernel.clock import utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import ConnectionId


class Merging:
    """Moves connections between calls whose legs can hear each other."""

    def __init__(self, switch: Switch, recordings: Recordings) -> None:
        self._switch, self._recordings = switch, recordings

    def move(self, member: Member, call: LiveCall, cause: Cause) -> list[CallEvent]:
        """The device is in that call in place of its own: a new connection on the same legs.

        Gives what to tell: the end of the old connection, then the new one's life so far.
        """
        switch = self._switch
        told: list[CallEvent] = [self._ended(member, cause)]
        name = ConnectionId(f"{call.id}.{next(call.numbers)}")
        del switch.call_of(member).members[member.id]
        del switch.members[member.id]
        member.connection = replace(
            member.connection, id=name, call_id=call.id, since=utc(switch.clock)
        )
        call.members[name] = switch.members[name] = member
        told += self._life(member)
        for leg in member.legs:
            if leg.session is not None:
                switch.carried(member.connection, leg.session)
            told += self._recordings.moved(leg, member)
        return told

    def exchange_legs(self, staying: Member, active: Member) -> list[CallEvent]:
        """A device goes on by the leg it talks on, when it has two: gives what to tell."""
        kept, talking = staying.leg, active.leg
        if kept is talking or talking is None or kept is None:
            return []
        for member, old, new in ((staying, kept, talking), (active, talking, kept)):
            old.members.remove(member)
            new.members.append(member)
            member.legs, new.current = [new], member
        return [
            *self._recordings.moved(talking, staying),
            *self._recordings.moved(kept, active),
        ]

    def _ended(self, member: Member, cause: Cause) -> Cleared | Failed:
        about = self._switch.about(member)
        if member.answered or any(leg.came for leg in member.legs):
            return Cleared(**about, cause=cause, cleared_by=Party.SYSTEM)
        return Failed(**about, cause=cause)

    def _life(self, member: Member) -> list[CallEvent]:
        about = self._switch.about(member)
        muted: list[CallEvent] = [Muted(**about)] if member.connection.muted else []
        match member.state:
            case ConnectionState.CONNECTED:
                return [Established(**about), *muted]
            case ConnectionState.HOLD:
                return [Established(**about), Held(**about), *muted]
            case ConnectionState.ALERTING:
                return [Delivered(**about)]
        return []


def survivor(one: LiveCall, other: LiveCall) -> tuple[LiveCall, LiveCall]:
    """The call that goes on and the one that goes up in it: a caller's call keeps its id."""

    def rank(call: LiveCall) -> tuple[bool, bool]:
        return call.direction is Direction.INBOUND, call.direction is not Direction.INTERNAL

    if rank(other) > rank(one) or (rank(other) == rank(one) and other.started < one.started):
        return other, one
    return one, other


def merged(kept: UserData, other: UserData) -> UserData:
    """What is known of the caller, completed from the other call's where nothing was known.

    That somebody has proved who they are is never taken over: it was somebody else.
    """
    known = {
        name: getattr(other, name)
        for name in ("customer_id", "customer_name", "queue_id")
        if not getattr(kept, name)
    }
    if kept.customer_id is None and other.customer_id is not None:
        for name in ("service_level", "language", "path"):
            known[name] = getattr(other, name)
    return replace(kept, **known, entered={**other.entered, **kept.entered})


def require_together(*members: Member) -> None:
    """Refused ``call.apart`` when the members' sound is in different places."""
    if len({leg.group for member in members for leg in member.legs}) > 1:
        raise Refused("call.apart")
