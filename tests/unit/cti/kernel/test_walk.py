from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cti.kernel.walk import FEW, Walk


class WalkTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.seen: list[int] = []

    def test_a_few_have_their_turn_at_once_and_the_others_in_later_ones(self) -> None:
        walk = Walk(self.clock, range(FEW + 2), self.seen.append, lambda: self.seen.append(-1))
        walk.start()
        assert self.seen == [*range(FEW)]
        self.clock.advance(0)
        assert self.seen == [*range(FEW + 2), -1]
        assert not self.clock.getDelayedCalls()

    def test_nobody_has_a_turn_once_it_is_stopped(self) -> None:
        walk = Walk(self.clock, range(3 * FEW), self.seen.append, lambda: self.seen.append(-1))
        walk.start()
        walk.stop()
        self.clock.advance(1)
        assert self.seen == [*range(FEW)]
        assert not self.clock.getDelayedCalls()

    def test_who_goes_wrong_takes_nobody_with_them(self) -> None:
        def do(each: int) -> None:
            self.seen.append(6 // each)

        Walk(self.clock, (3, 0, 2), do).start()
        assert self.seen == [2, 3]
        assert len(self.flushLoggedErrors(ZeroDivisionError)) == 1
