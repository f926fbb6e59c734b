"""A house that cannot write down what happens takes no calls until it can again."""

from twisted.internet.task import Clock

from config.hindrances import (
    EVERY,
    LEAST_ROOM,
    LESS_BACKLOG,
    MIB,
    MORE_ROOM,
    MOST_BACKLOG,
    Hindrances,
)


def test_a_journal_that_falls_behind_has_to_catch_up_before_calls_are_taken_again() -> None:
    backlog = [0]
    hindered = Hindrances(Clock(), lambda: backlog[0], lambda: 10**12)
    seen = []
    for backlog[0] in (0, MOST_BACKLOG - 1, MOST_BACKLOG, LESS_BACKLOG, LESS_BACKLOG - 1, 2000):
        seen.append(hindered())
    assert seen == [False, False, True, True, False, False]


def test_a_full_disk_has_to_be_cleared_before_calls_are_taken_again() -> None:
    room, clock = [0], Clock()
    hindered = Hindrances(clock, lambda: 0, lambda: room[0] * MIB)
    seen = []
    for room[0] in (MORE_ROOM, LEAST_ROOM, LEAST_ROOM - 1, LEAST_ROOM, MORE_ROOM, LEAST_ROOM):
        seen.append(hindered())
        clock.advance(EVERY)
    assert seen == [False, False, True, True, False, False]


def test_the_disk_is_looked_at_once_a_second() -> None:
    looks, clock = [0], Clock()

    def room() -> int:
        looks[0] += 1
        return 10**12

    hindered = Hindrances(clock, lambda: 0, room)
    for _ in range(100):
        hindered()
        clock.advance(EVERY / 50)
    assert looks == [2]
