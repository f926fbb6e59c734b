"""A floor of agents in two queues, and callers who keep waiting for one of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks import wire
from benchmarks.phones import Call, Exchange, Telephone
from benchmarks.server import PASSWORD, Desk, Server
from benchmarks.switchboard import Switchboard
from benchmarks.target import Target

GAP, REST, SETTLE = 0.05, 0.2, 3.0
TALK_LEAST, TALK_SPAN = 4.0, 2.0
"""Seconds an agent talks."""
GOLDEN = 0.6180339887
"""Steps of this lie as evenly in a span as any, and never repeat."""
ROUNDS = 20
"""How often they try to leave; who cannot is left behind."""
NEARLY = 0.8
"""A sample counts while at least so much of the wanted number waits."""
BUSY = 60
"""Agents that a peer's queue has."""


class Floor:
    """Agents who are there: signed in and ready where we know how, else called as they are."""

    def __init__(self, target: Target, server: Server | None, leaving: ExitStack) -> None:
        self.target, self.exchange = target, Exchange()
        self.ear, control = wire.sound_sockets()
        leaving.callback(self.ear.close)
        leaving.callback(control.close)
        ports = target.agents_port, target.others_port
        self.queue, self.other = (self._board(port, leaving) for port in ports)
        self.agents = server.house.agents if server else BUSY
        if server:
            for board, users in ((self.queue, server.agents), (self.other, server.others)):
                self._sign_in(server, board, users, leaving)

    def caller(self, number: int) -> Telephone:
        """Somebody of that number who may call; their sound goes where nobody listens."""
        return Telephone(self.exchange, self.target.address, f"7{number:04}", shared=self.ear)

    def _board(self, port: int, leaving: ExitStack) -> Switchboard:
        board = Switchboard(self.exchange, self.target.address, self.ear, port)
        leaving.callback(board.close)
        return board

    def _sign_in(
        self, server: Server, board: Switchboard, users: list[str], leaving: ExitStack
    ) -> None:
        for user in users:
            board.register(user, PASSWORD)
            there = partial(board.registered.__contains__, user)
            self.exchange.run_until(there, "the phone registers")
            desk = Desk(server, user)
            leaving.callback(desk.close)
            desk.state("ready")


class Rush:
    """More callers than agents: so many wait, and each of them calls again when hung up on.

    `samples` are the nanoseconds from an agent's BYE to the next INVITE to the same agent.
    """

    def __init__(self, floor: Floor, waiting: int) -> None:
        self._floor, self._wanted = floor, waiting
        self._callers = [floor.caller(each) for each in range(floor.agents + waiting)]
        self._freed: dict[str, int] = {}
        self._talks = 0
        self._over = False
        self.samples: list[float] = []

    @property
    def waiting(self) -> int:
        """How many are in the queue now."""
        there = sum(each.call is not None for each in self._callers)
        return there - len(self._floor.queue.calls)

    def has(self, samples: int) -> bool:
        """Whether so many have been taken."""
        return len(self.samples) >= samples

    @contextmanager
    def on(self) -> Iterator[None]:
        """While callers call and agents talk; nothing counts of the time in which they came."""
        floor = self._floor
        floor.queue.on_offer = self._offered
        try:
            for caller in self._callers:
                caller.on_end = self._again
                caller.dial(floor.target.numbers.queue)
                floor.exchange.run_for(GAP)
            there = partial(self._there, len(self._callers))
            floor.exchange.run_until(there, "all callers are answered")
            floor.exchange.run_for(SETTLE)
            self._freed.clear()
            self.samples.clear()
            yield
        finally:
            self._end()

    def _there(self, callers: int) -> bool:
        answered = sum(bool(each.call and each.call.answered) for each in self._callers)
        return answered >= NEARLY * callers and self.waiting >= NEARLY * self._wanted

    def _again(self, caller: Telephone) -> None:
        if not self._over:
            caller.dial(self._floor.target.numbers.queue)

    def _offered(self, user: str, call: Call) -> None:
        if since := self._freed.pop(user, 0):
            self.samples.append(float(call.offered - since))
        self._talks += 1
        lasts = TALK_LEAST + TALK_SPAN * (GOLDEN * self._talks % 1)
        self._floor.exchange.later(lasts, partial(self._leave, user, call))

    def _leave(self, user: str, call: Call) -> None:
        board = self._floor.queue
        if self._over or call.call_id not in board.calls:
            return
        counts = self.waiting >= NEARLY * self._wanted
        at = board.hang_up(call)
        if counts:
            self._freed[user] = at

    def _end(self) -> None:
        """Everybody hangs up; who is answered only now, then."""
        self._over = True
        exchange, board = self._floor.exchange, self._floor.queue
        for _ in range(ROUNDS):
            for caller in self._callers:
                if caller.call is not None and caller.call.answered:
                    caller.hang_up()
                    exchange.run_for(GAP / 4)
            exchange.run_for(REST)
            if not board.calls and not any(each.call for each in self._callers):
                break
        for caller in self._callers:
            caller.close()
