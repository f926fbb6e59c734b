"""What passes on a leg while it is recorded, as plain values that another process can be given.

A note costs the leg no more than a tuple; whoever writes the recording lets a recorder live through
the notes later, each at the time it was made. Of datagrams there is nothing in them but their
octets, so `marshal` makes a second of notes one message (measured: 100 of them 10 us).
"""

from collections.abc import Iterable
from typing import Any

from cti.media.model import Codec
from cti.media.recorder import Recorder
from cti.media.rtp import RtpPacket


class Kind:
    """What a note tells; plain integers, as `marshal` knows no others."""

    HEARD, SAID, RECEIVED, SENT, KEYED, MASKED, PAUSED, LABELLED = range(8)


Note = tuple[int, Any, int, float]
"""Which it is, what it is about, the codec's payload type (0 where there is none), and seconds."""

_CODECS = {codec.value: codec for codec in Codec}


def replay(notes: Iterable[Note], recorder: Recorder) -> None:
    """Let the recorder live through all of it."""
    heard, said = recorder.heard, recorder.said
    for kind, what, codec, now in notes:
        if kind == Kind.HEARD:
            heard(what, _CODECS[codec], now)
        elif kind == Kind.SAID:
            said(what, _CODECS[codec], now)
        else:
            _replay(recorder, kind, what, codec, now)


def _replay(recorder: Recorder, kind: int, what: Any, codec: int, now: float) -> None:
    match kind:
        case Kind.RECEIVED:
            recorder.received(RtpPacket.parse(what), _CODECS[codec], now)
        case Kind.SENT:
            recorder.sent(RtpPacket.parse(what), _CODECS[codec], now)
        case Kind.KEYED:
            recorder.keyed(RtpPacket.parse(what), now)
        case Kind.MASKED:
            recorder.mask(what, now)
        case Kind.PAUSED:
            recorder.pause(what, now)
        case _:
            recorder.mark(what, now)
