"""Place a real call through the running hotline: key, listen, and keep what was heard."""

from __future__ import annotations

import argparse
import math
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti.telephone import PhoneCall

EPILOG = """\
examples:
  hotline call 95588                                 listen to the greeting for 20 seconds
  hotline call 95588 --keys "1 1" --save rates.wav   Mandarin, rates; keep what was said
  hotline call 95588 --keys "2 0" --talk-for 60      English, a person; talk for a minute

keys: words of 0-9 * # A-D, keyed one after the other; w5 waits five seconds more."""

NEVER_ANSWERED, INTERRUPTED = 1, 130
SILENCE = 0.003
"""Samples below this share of full scale do not count as sound."""
QUIETEST = -96.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own words."""
    from config.cli.telephones import add_server_arguments, add_transport_argument

    parser.epilog = EPILOG
    add = parser.add_argument
    add("number", help="what to dial, for example 95588")
    add("--keys", default="", help='what to key, for example "1 w5 2"')
    add(
        "--pause",
        type=float,
        default=2.5,
        metavar="SECONDS",
        help="wait before each word of keys (2.5)",
    )
    add(
        "--talk-for",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="stay after the last key (20)",
    )
    add("--save", type=Path, metavar="FILE", help="keep what was heard, as WAV")
    add("--say", type=Path, metavar="FILE", help="speak this WAV (8000 Hz, mono, 16 bit)")
    add(
        "--from",
        dest="calling",
        default="13800000101",
        metavar="NUMBER",
        help="calling number (13800000101, a customer of the demo bank)",
    )
    add_server_arguments(parser)
    add_transport_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Call, and be done when the call is; 1 when it was never answered."""
    from twisted.internet.defer import CancelledError

    from config.cli.telephones import (
        open_telephone,
        react,
        servers_of,
        sound_to_play,
        trusted_of,
    )
    from config.cli.terminal import Terminal
    from cti.kernel.errors import ConfigurationError
    from cti.keying import parse_keys
    from cti.people import Caller, Dialling
    from cti.telephone import NOBODY_ANSWERS

    strokes = parse_keys(args.keys, args.pause)
    sounds = (sound_to_play(args.say, "--say"),) if args.say else ()
    if args.save and not args.save.parent.is_dir():
        raise ConfigurationError(f"there is no folder {args.save.parent}", key="--save")
    plan = Dialling(args.number, strokes, args.talk_for, args.save, sounds)
    (server, _), trusted = servers_of(args), trusted_of(args)

    async def call(reactor: Any) -> int:
        terminal = Terminal(reactor)
        caller = Caller(reactor, terminal.say)
        async with open_telephone(
            reactor, args.calling, caller, server, trusted=trusted
        ) as telephone:
            try:
                ended = await caller.call(telephone, server, plan)
                status = 0 if caller.answered else NEVER_ANSWERED
            except CancelledError:
                ended, status = await caller.leave(), INTERRUPTED
        if ended.ending == NOBODY_ANSWERS:
            print(f"nobody answers at {server}: is the hotline running?", file=sys.stderr)
        for line in summary(ended):
            terminal.say(line)
        return status

    return react(call)


def summary(call: PhoneCall) -> Iterator[str]:
    """What the call was like, in lines."""
    figures = call.figures
    if figures.received or figures.sent:
        yield (
            f"{figures.received} packets received, {figures.lost} lost, "
            f"jitter {figures.jitter:.1f} ms, {figures.sent} sent"
        )
    if call.save is not None and call.save.exists():
        seconds, level = measure(call.save)
        yield f"heard {seconds:.1f} s at {level:.1f} dBFS, saved to {call.save}"


def measure(path: Path) -> tuple[float, float]:
    """Seconds of a 16-bit WAV file, and the level (RMS, dBFS) of what in it is not silence."""
    import numpy as np

    with wave.open(str(path), "rb") as file:
        rate, frames = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(frames, dtype="<i2") / 32768
    sound = samples[np.abs(samples) > SILENCE]
    level = 20 * math.log10(float(np.sqrt(np.mean(sound**2)))) if sound.size else QUIETEST
    return len(samples) / rate, level
