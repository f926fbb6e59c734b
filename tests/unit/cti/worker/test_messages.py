"""Every message comes out as it went in, however the stream is cut; nothing else does."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.media.model import (
    BrowserKeys,
    Codec,
    LegStatistics,
    MediaAddress,
    MediaTarget,
    PlayOutcome,
    SdesKey,
    Security,
    Tracks,
)
from cti.worker import messages as m
from cti.worker.packing import packing, shape

text = st.text(max_size=20)
whole = st.integers(0, 2**31)
paths = st.from_regex(r"/[a-z]{1,8}/[a-z]{1,8}", fullmatch=True).map(Path)
keys = st.builds(SdesKey, whole, text, text)
browsers = st.builds(BrowserKeys, text, text, text, st.booleans())
addresses = st.builds(
    MediaAddress,
    text,
    whole,
    st.none() | st.lists(keys).map(tuple) | browsers,
    st.lists(st.sampled_from(Codec)).map(tuple),
)
targets = st.builds(
    MediaTarget,
    text,
    whole,
    st.sampled_from(Codec),
    st.none() | whole,
    st.booleans(),
    st.none() | keys | browsers,
    st.booleans(),
)
OF_FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    MediaAddress: addresses,
    MediaTarget: targets,
    LegStatistics: st.builds(LegStatistics, whole, whole, whole, st.floats(0, 100)),
}
FIELDS = {
    "version": text,
    "settings": st.lists(text).map(tuple),
    "request": whole,
    "leg": text,
    "group": text,
    "security": st.sampled_from(Security),
    "target": targets,
    "play": whole,
    "files": st.lists(paths).map(tuple),
    "repeat": st.booleans(),
    "barge_in": st.booleans(),
    "sources": st.lists(text).map(tuple),
    "hears": st.lists(text).map(tuple),
    "path": paths,
    "tracks": st.sampled_from(Tracks),
    "masked": st.booleans(),
    "paused": st.booleans(),
    "label": text,
    "keys": text,
    "heard": whole,
    "pid": whole,
    "alone": st.floats(0, 1e6),
    "address": addresses,
    "recording": st.none() | paths,
    "reason": text,
    "seen": OF_FIELDS[LegStatistics],
    "level": text,
    "text": text,
    "key": text,
    "outcome": st.sampled_from(PlayOutcome),
    "seconds": st.floats(0, 1e6),
    "digest": text,
}


def _of(kind: Any) -> st.SearchStrategy[Any]:
    names = {name: FIELDS[name] for name in kind.__dataclass_fields__ if name != "legs"}
    if kind is m.Welcome:
        return st.builds(kind, legs=st.lists(_of(m.HeldLeg)).map(tuple), **names)
    if kind is m.LegsLost:
        return st.builds(kind, st.lists(text).map(tuple))
    return st.builds(kind, **names)


any_message = st.sampled_from(sorted(m.KINDS)).flatmap(lambda name: _of(m.KINDS[name]))


@given(
    st.lists(st.lists(any_message, min_size=1, max_size=4), max_size=4),
    st.lists(st.integers(0, 4000), max_size=6),
)
def test_messages_come_out_as_they_went_in(turns: list[list[Any]], cuts: list[int]) -> None:
    stream = b"".join(m.frame(turn) for turn in turns)
    places = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    frames = m.Frames()
    out: list[Any] = []
    for start, end in pairwise(places):
        out += frames.feed(stream[start:end])
    assert out == [message for turn in turns for message in turn]


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'[["Nothing"]]', b'[["Stop"]]', b'[["Record","a","/b","c"]]', b'"x"']
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(m.FrameError):
        list(m.Frames().feed(m.LENGTH.pack(len(body)) + body))


def test_a_frame_that_would_never_end_is_refused() -> None:
    with pytest.raises(m.FrameError):
        list(m.Frames().feed(b"GET / HTTP/1.1\r\n"))


def test_no_key_is_shown() -> None:
    said = m.Configure(
        FIELDS_LEG, MediaTarget("h", 1, Codec.PCMA, None, True, SdesKey(1, "s", "k3y"))
    )
    assert "k3y" not in repr(said)
    assert b"k3y" in m.frame([said])


FIELDS_LEG: Any = "leg"


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Before:
    colour: Colour
    size: int | None


def test_the_shape_names_every_field_down_to_enumerations() -> None:
    assert shape(Before).startswith("Before(colour: Colour['red'], size: ")
    assert len({shape(kind) for kind in m.KINDS.values()}) == len(m.KINDS)


def test_what_cannot_be_packed_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="cannot be packed"):
        packing(dict[str, str])
