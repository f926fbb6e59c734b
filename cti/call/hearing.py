"""Who hears whom in a call: a pure function of its connections' states and roles.

    PARTICIPANT   hears participants and intruders, and who whispers to it; heard by all of them
    INTRUDER      hears participants and intruders; heard by all of them
    WHISPERER     hears participants and intruders; heard by the one it whispers to
    LISTENER      hears participants and intruders; heard by nobody

Who holds the call neither hears nor is heard in it. Who waits, because everybody else holds or is
still being rung for them, hears music; who called somebody that rings and is alone hears it ring.
A masked party is heard by nobody, nor is one that has muted itself. A secluded one, besides, hears
nobody: the others talk as if it were not there, hear music when they are alone, and who listens in
hears nothing at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from cti.call.model import Role
from cti.kernel.identifiers import ConnectionId


class Stance(Enum):
    """How a connection stands in its call, as far as sound is concerned."""

    ABSENT = "absent"
    """Not answered, and nothing to be heard of it."""
    RINGING = "ringing"
    """Not answered; who called it is to hear it ring."""
    EARLY = "early"
    """Not answered, but the network already speaks (RFC 3960)."""
    TALKING = "talking"
    HOLDING = "holding"


@dataclass(frozen=True, slots=True)
class Voice:
    """One connection of a call, with the leg that carries it."""

    leg: ConnectionId
    stance: Stance
    role: Role = Role.PARTICIPANT
    whispers_to: ConnectionId | None = None
    """The leg that hears a WHISPERER."""
    masked: bool = False
    muted: bool = False

    @property
    def silent(self) -> bool:
        """Whether it is there, and heard by nobody."""
        return self.masked or self.muted


@dataclass(frozen=True, slots=True)
class Heard:
    """What a leg hears: these legs, or music; neither means silence or what is played to it.

    `ringing` fills the silence with the ringing tone, and gives way to all that is played.
    """

    sources: tuple[ConnectionId, ...] = ()
    music: bool = False
    ringing: bool = False


SILENCE = Heard()
_SPEAKS_TO_ALL = frozenset({Role.PARTICIPANT, Role.INTRUDER})


def hearing(
    voices: Sequence[Voice], *, waiting: bool = False, secluded: ConnectionId | None = None
) -> dict[ConnectionId, Heard]:
    """What each leg of one call hears of it, those that hold or are absent left out.

    `waiting` says that who is alone is being connected with somebody, and hears music until then;
    `secluded` is the leg that is alone with what is played to it.
    """
    if secluded is not None:
        return _beside(voices, secluded)
    music = waiting or any(_participates(each, Stance.HOLDING) for each in voices)
    return {
        each.leg: _heard(each, voices, music=music)
        for each in voices
        if each.stance in (Stance.TALKING, Stance.EARLY)
    }


def _beside(voices: Sequence[Voice], secluded: ConnectionId) -> dict[ConnectionId, Heard]:
    """What is heard while one leg is secluded."""
    others = [each for each in voices if each.leg != secluded and each.role is Role.PARTICIPANT]
    heard = hearing(others, waiting=True)
    return {
        each.leg: heard.get(each.leg, SILENCE)
        for each in voices
        if each.stance in (Stance.TALKING, Stance.EARLY)
    }


def _heard(ear: Voice, voices: Sequence[Voice], *, music: bool) -> Heard:
    company = [each for each in _speaking(voices, ear) if each.leg != ear.leg]
    if company:
        return Heard(tuple(each.leg for each in company if not each.silent))
    alone = _participates(ear, Stance.TALKING)
    ringing = any(each.stance is Stance.RINGING for each in voices)
    return Heard(music=music and alone, ringing=ringing and alone and not music)


def _speaking(voices: Iterable[Voice], ear: Voice) -> list[Voice]:
    """Everybody the ear could hear, the early ones only while nobody talks."""
    talking = [each for each in voices if each.stance is Stance.TALKING and _reaches(each, ear)]
    if any(each.leg != ear.leg for each in talking):
        return talking
    return [*talking, *(each for each in voices if each.stance is Stance.EARLY)]


def _reaches(voice: Voice, ear: Voice) -> bool:
    if voice.role is Role.WHISPERER:
        return voice.whispers_to == ear.leg
    return voice.role in _SPEAKS_TO_ALL


def _participates(voice: Voice, stance: Stance) -> bool:
    return voice.role is Role.PARTICIPANT and voice.stance is stance
