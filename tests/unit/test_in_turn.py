"""Houses are spread among the rest, and what comes last is small."""

from itertools import pairwise
from pathlib import Path

from tests.support.in_turn import DEAR, file_of, in_turn

HOUSE, PURE = "tests/integration/test_{}.py", "tests/unit/test_{}.py"


def every(file: str, count: int) -> list[str]:
    return [f"{file}::test_{number}[a::b]" for number in range(count)]


def test_every_file_comes_once() -> None:
    files = [form.format(each) for form in (HOUSE, PURE) for each in "abcde"]
    tests = [test for file in files for test in every(file, 3)]
    assert sorted(in_turn(tests)) == sorted(files)
    assert {file_of(test) for test in tests} == set(files)


def test_houses_are_spread_and_end_before_the_rest() -> None:
    houses = [HOUSE.format(number) for number in range(10)]
    rest = [PURE.format(number) for number in range(100)]
    order = in_turn(test for file in houses + rest for test in every(file, 2))
    places = [place for place, file in enumerate(order) if file in houses]
    assert places[0] == 0
    assert {after - before for before, after in pairwise(places)} <= {9, 10}
    assert places[-1] < 90


def test_machines_come_first_and_small_files_last() -> None:
    machine, many, few = PURE.format("machine"), PURE.format("many"), PURE.format("few")
    tests = [*every(few, 1), *every(many, 30), f"{machine}::TestLife::runTest"]
    assert in_turn(tests) == [machine, many, few]


def test_what_is_dear_comes_before_what_is_many_and_is_there() -> None:
    for dear in DEAR:
        assert in_turn([*every(PURE.format("many"), 30), *every(dear, 1)])[0] == dear
        assert (Path(__file__).parents[2] / dear).is_file()


def test_a_part_of_the_tests_may_have_only_one_kind() -> None:
    for form in (HOUSE, PURE):
        assert in_turn(every(form.format("a"), 2)) == [form.format("a")]
    assert in_turn([]) == []
