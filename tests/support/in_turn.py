"""In which order the test files of a parallel run are given out: houses spread among the rest.

A house waits for telephones and leaves the processors alone; what is judged without one does the
opposite. Spread so, they share a machine best; and as small files come last, no process ends long
after the others.
"""

from collections.abc import Iterable

HOUSES = ("tests/integration/", "tests/scenarios/")
MACHINE = "::runTest"
"""Ends the name of a state machine's test, which takes as long as many others (Hypothesis)."""
DEAR = frozenset(
    {
        "tests/interface/test_bulk_tickets.py",
        "tests/unit/agents/acd/test_day.py",
        "tests/unit/benchmarks/test_tickets.py",
        "tests/unit/tickets/test_hostile_words.py",
        "tests/unit/tickets/test_lives_in_a_house.py",
    }
)
"""Files of few tests that take as long as many others, and so would be alone at the end."""
LAST = 0.15
"""How much of the rest comes after the last house."""


def in_turn(tests: Iterable[str]) -> list[str]:
    """The files of these tests (node ids of pytest) in their order."""
    files: dict[str, list[str]] = {}
    for test in tests:
        files.setdefault(file_of(test), []).append(test)
    ranked = sorted(files, key=lambda file: _rank(files[file]))
    houses = [file for file in ranked if file.startswith(HOUSES)]
    rest = [file for file in ranked if not file.startswith(HOUSES)]
    places = {file: (1 - LAST) * place / len(houses) for place, file in enumerate(houses)}
    places |= {file: place / len(rest) for place, file in enumerate(rest)}
    return sorted(ranked, key=places.__getitem__)


def file_of(test: str) -> str:
    """The file of such a node id."""
    return test.partition("::")[0]


def _rank(tests: list[str]) -> tuple[bool, int]:
    """Machines and what is dear first, then as many tests as there are."""
    dear = file_of(tests[0]) in DEAR or any(test.endswith(MACHINE) for test in tests)
    return not dear, -len(tests)
