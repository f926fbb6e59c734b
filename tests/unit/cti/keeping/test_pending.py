"""What is written in the end is what there is, and nothing of what was over before its time."""

from hypothesis import given
from hypothesis import strategies as st

from cti.keeping.pending import Pending

FIRST, AGAIN = 0.2, 0.05
KEYS = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, st.integers(1, 3)),
        st.tuples(st.just("end"), KEYS, st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 4)),
        st.tuples(st.just("write"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("fail"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("commit and lose the answer"), st.just(""), st.integers(1, 3)),
    ),
    max_size=40,
)


class World:
    """Things with states, and a database that is told of them by `Pending`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.there: dict[str, int] = {}
        self.database: dict[str, int] = {}
        self.pending: Pending[str, int] = Pending(self.there.get, FIRST, AGAIN)

    def step(self, what: str, key: str, number: int) -> None:
        match what:
            case "set":
                self.there[key] = number
                self.pending.changed(key, self.now)
            case "end":
                self.there.pop(key, None)
                self.pending.over(key, self.now)
            case "wait":
                self.now += number * 0.03
            case _:
                self.write(number, answered=what == "write", committed=what != "fail")

    def write(
        self, most: int, *, answered: bool = True, committed: bool = True, early: bool = False
    ) -> None:
        taken = self.pending.take(self.now, most, early=early)
        assert len(taken) <= most
        for key, state in taken.items() if committed else ():
            if state is None:
                self.database.pop(key, None)
            else:
                self.database[key] = state
        if not answered:
            self.pending.failed(list(taken), self.now)


@given(STEPS)
def test_in_the_end_the_database_has_what_there_is(steps: list[tuple[str, str, int]]) -> None:
    world = World()
    for step in steps:
        world.step(*step)
    while len(world.pending):
        world.write(2, early=True)
    assert world.database == world.there
    assert world.pending.due is None


@given(STEPS)
def test_what_is_due_is_due_when_it_says(steps: list[tuple[str, str, int]]) -> None:
    world = World()
    for step in steps:
        world.step(*step)
        due = world.pending.due
        assert (due is None) == (len(world.pending) == 0)
        if due is not None and due > world.now:
            before = len(world.pending)
            assert world.pending.take(world.now, 10) == {}
            assert len(world.pending) == before
    if world.pending.due is not None:
        world.now = max(world.now, world.pending.due)
        before = len(world.pending)
        world.write(1)
        assert len(world.pending) < before


def test_what_is_over_before_its_time_is_never_asked_for() -> None:
    asked: list[str] = []
    pending: Pending[str, int] = Pending(asked.append, FIRST, AGAIN)
    pending.changed("a", 0.0)
    pending.over("a", FIRST - 0.01)
    assert pending.due is None
    assert pending.take(10.0, 10) == {}
    assert asked == []


def test_what_is_written_is_written_again_sooner_and_only_when_it_differs() -> None:
    world = World()
    world.step("set", "a", 1)
    assert world.pending.due == FIRST
    world.now = FIRST
    world.write(10)
    world.step("set", "a", 1)
    assert world.pending.due == FIRST + AGAIN
    world.now += AGAIN
    assert world.pending.take(world.now, 10) == {}


def test_what_was_found_and_is_not_there_is_deleted() -> None:
    world = World()
    world.database["a"] = 1
    world.pending.found("a")
    world.pending.changed("a", 0.0)
    world.now = AGAIN
    world.write(10)
    assert world.database == {}
