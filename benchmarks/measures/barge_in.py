"""From the first packet of a key press to the silence of the prompt it interrupts."""

from benchmarks import rtp
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.measures.offer import KEY_SECONDS, press
from benchmarks.phones import Exchange, Telephone
from benchmarks.server import ONE_KEY

AIM = 60.0
MILLISECONDS = 1e-6
LISTEN = 0.4
"""Seconds of the prompt that are heard first: it is in the middle of a word then."""


def measure(bench: Bench) -> list[Figure]:
    """The spread over calls placed one after the other; the 20 ms the last packet lasts count."""
    exchange, samples = Exchange(), list[float]()
    bench.say(f"barge-in: {bench.samples} callers press a key in the middle of an announcement")
    for number in range(bench.samples):
        caller = Telephone(exchange, bench.server.address, f"7{number:03}")
        samples.append(_interrupt(exchange, caller))
        caller.close()
    return spread(samples).figures(
        "barge-in", "key to silence of the prompt", "ms", AIM, MILLISECONDS
    )


def _interrupt(exchange: Exchange, caller: Telephone) -> float:
    """One call; ns from the key's first packet to the end of the last that is no silence."""
    heard: list[int] = []

    def take(data: bytes, at: int) -> None:
        if rtp.is_audio(data) and not rtp.is_silent(data):
            heard.append(at)

    exchange.add(caller.sound, take)
    call = caller.dial(ONE_KEY)
    exchange.run_until(lambda: call.answered and heard, "the caller hears the prompt")
    exchange.run_for(LISTEN)
    pressed = press(exchange, caller, call.media)
    exchange.run_until(lambda: call.ended, "the caller is hung up on")
    exchange.run_for(KEY_SECONDS)
    exchange.remove(caller.sound)
    return float(max(0, heard[-1] + rtp.FRAME_NS - pressed))
