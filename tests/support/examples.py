"""How many examples a property is tried on: of the dear ones half in an ordinary run.

`HYPOTHESIS_PROFILE=wide` tries them all.
"""

import os


def examples(wide: int) -> int:
    """That many in the wide profile, and half as many otherwise."""
    return wide if os.environ.get("HYPOTHESIS_PROFILE") == "wide" else -(-wide // 2)
