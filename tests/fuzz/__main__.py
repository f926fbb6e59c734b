"""`python -m tests.fuzz [TARGET] --seconds N`: one target or all of them, for so long each.

Whatever makes a target raise, or takes it longer than a second, is kept in ``var/fuzz/`` and ends
the run with status 1.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from random import Random
from subprocess import run
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from traceback import print_exc

from tests.fuzz.mutation import LARGEST, by_chance
from tests.fuzz.target import Target

KEPT = Path("var/fuzz")
SLOW = 1.0
"""Seconds of processor time one input may take."""
say = sys.stdout.write


class TooSlowError(AssertionError):
    """An input took longer than it may."""


def main() -> int:
    """Run what the command line says; the number of targets that failed."""
    options = _options()
    by_coverage = find_spec("atheris") is not None and not (options.chance or options.replay)
    known = _instrumented() if by_coverage and options.target else _plain()
    targets = [known[options.target]] if options.target else list(known.values())
    if options.replay:
        for each in targets:
            each.run(options.replay.read_bytes())
        return 0
    if by_coverage and options.target:
        return _by_coverage(targets[0], options.seconds)
    if by_coverage:
        return sum(_in_a_process_of_its_own(each, options.seconds) for each in targets)
    return sum(_by_chance(each, options.seconds, Random(options.seed)) for each in targets)


def _plain() -> Mapping[str, Target]:
    from tests.fuzz.targets import TARGETS

    return TARGETS


def _instrumented() -> Mapping[str, Target]:
    """The targets, what they reach counting its branches: it must not be imported before."""
    import atheris

    with atheris.instrument_imports(include=["cti", "sipmessage", "wsproto"]):
        return _plain()


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", nargs="?", help="one of tests/fuzz/targets.py; all without")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--chance", action="store_true", help="without atheris")
    parser.add_argument("--seed", type=int, default=0, help="of chance")
    parser.add_argument("--replay", type=Path, help="a file that was kept")
    return parser.parse_args()


def _by_chance(target: Target, seconds: float, random: Random) -> int:
    """Feed mutations until the time is over; whether one failed."""
    seeds, count, end = target.seeds(), 0, perf_counter() + seconds
    while perf_counter() < end:
        data = by_chance(random, seeds)
        count += 1
        try:
            _timed(target, data)
        except Exception:  # noqa: BLE001  (anything is what we look for)
            print_exc()
            say(f"{target.name}: {_keep(target, data)}\n")
            return 1
    say(f"{target.name}: {count} inputs by chance, nothing found\n")
    return 0


def _by_coverage(target: Target, seconds: float) -> int:
    """Let atheris search, from the seeds; it ends the process itself."""
    import atheris

    def feed(data: bytes) -> None:
        try:
            _timed(target, data)
        except Exception:
            say(f"{target.name}: {_keep(target, data)}\n")
            raise

    with TemporaryDirectory() as corpus:
        for place, seed in enumerate(target.seeds()):
            (Path(corpus) / f"{place:04}").write_bytes(seed)
        limits = (f"-max_total_time={int(seconds)}", f"-max_len={LARGEST}", "-timeout=20")
        quiet = ("-verbosity=0", "-print_final_stats=1", "-rss_limit_mb=1024")
        atheris.Setup([sys.argv[0], *limits, *quiet, corpus], feed)
        atheris.Fuzz()
    return 0


def _in_a_process_of_its_own(target: Target, seconds: float) -> int:
    command = [sys.executable, "-m", "tests.fuzz", target.name, "--seconds", str(seconds)]
    say(f"{target.name}\n")
    return int(run(command, check=False).returncode != 0)


def _timed(target: Target, data: bytes, clock: Callable[[], float] = process_time) -> None:
    took = SLOW
    for _ in range(2):
        begin = clock()
        target.run(data)
        took = clock() - begin
        if took < SLOW:
            return
    raise TooSlowError(f"{took:.1f} s for {len(data)} octets, not for the first time")


def _keep(target: Target, data: bytes) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{target.name}-{sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
