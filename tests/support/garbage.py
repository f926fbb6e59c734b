"""What is left to the garbage collector, which holds up everybody while it looks for it."""

import gc
from collections import Counter
from collections.abc import Callable

ROOMS = ("agents", "cti", "customers", "ivr", "monitoring", "prompts", "tickets")


def garbage_of(work: Callable[[], object]) -> Counter[str]:
    """Objects of the house that hold each other after that work, and nobody else does, by kind."""
    gc.collect()
    gc.disable()
    before = gc.get_debug()
    try:
        work()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kinds = (type(each) for each in gc.garbage)
        return Counter(f"{each.__module__}.{each.__qualname__}" for each in kinds if _ours(each))
    finally:
        gc.set_debug(before)
        gc.garbage.clear()
        gc.enable()


def _ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ROOMS
