"""From the 200 OK on the wire to the first RTP packet of the prompt at the caller."""

from benchmarks import rtp
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.phones import Exchange, Telephone
from benchmarks.server import PROMPT

AIM = 100.0
MILLISECONDS = 1e-6
REST = 0.01


def measure(bench: Bench) -> list[Figure]:
    """The spread over calls placed one after the other."""
    exchange, setups, samples = Exchange(), list[float](), list[float]()
    bench.say(f"prompt: {bench.samples} callers listen to an announcement")
    for number in range(bench.samples):
        setup, sound = _listen(exchange, Telephone(exchange, bench.server.address, f"7{number:03}"))
        setups.append(setup)
        samples.append(sound)
    return [
        *spread(setups).figures("prompt", "INVITE to 200 OK", "ms", None, MILLISECONDS),
        *spread(samples).figures(
            "prompt", "200 OK to first packet of the prompt", "ms", AIM, MILLISECONDS
        ),
    ]


def _listen(exchange: Exchange, caller: Telephone) -> tuple[float, float]:
    """One call: nanoseconds from INVITE to 200, and from there to the first packet of sound."""
    heard: list[int] = []

    def take(data: bytes, at: int) -> None:
        if rtp.is_audio(data):
            heard.append(at)

    exchange.add(caller.sound, take)
    call = caller.dial(PROMPT)
    exchange.run_until(lambda: call.answered and heard, "the caller hears the prompt")
    caller.hang_up()
    exchange.run_for(REST)
    exchange.remove(caller.sound)
    caller.close()
    return float(call.answered - call.offered), float(heard[0] - call.answered)
