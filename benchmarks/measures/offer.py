"""From a free agent to the INVITE on their phone, in each of the ways an agent gets free."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks import rtp, wire
from benchmarks.bench import Bench
from benchmarks.figures import Figure, spread
from benchmarks.phones import Exchange, Telephone
from benchmarks.server import MENU, PASSWORD, QUEUE, Desk, agent
from benchmarks.sip import Message

AIM = 20.0
AGENTS, WAITING = 8, 16
TALKS = 0.2, 0.02
"""Seconds of the first agent's talks, and how much longer each next one's are."""
GAP, REST, KEY_SECONDS = 0.02, 0.03, 0.15
LONGEST = 60.0
MILLISECONDS = 1e-6
SSRC, KEY = 0x0B0E, 0


def measure(bench: Bench) -> list[Figure]:
    """Three spreads: by the last call's end, by the console's button, by a caller's key."""
    figures = []
    for what, samples in (
        (f"BYE to next INVITE, {AGENTS} agents, callers waiting", _by_hanging_up(bench)),
        ("POST ready to INVITE, callers waiting", _by_getting_ready(bench)),
        ("caller's key to INVITE, agent idle", _by_key(bench)),
    ):
        figures += spread(samples).figures("offer", what, "ms", AIM, MILLISECONDS)
    return figures


@contextmanager
def staffed(
    bench: Bench, exchange: Exchange, number: int, *, ready: bool
) -> Iterator[tuple[list[Telephone], list[Desk]]]:
    """Agents with registered phones, signed in; all go home at the end."""
    with ExitStack() as leaving:
        phones, desks = [], []
        for each in range(number):
            phone = Telephone(exchange, bench.server.address, agent(each))
            leaving.callback(phone.close)
            phone.register(PASSWORD)
            exchange.run_until(partial(getattr, phone, "registered"), "the phone registers")
            desk = Desk(bench.server, agent(each))
            leaving.callback(desk.close)
            desk.state("not_ready")
            leaving.callback(desk.state, "logged_off")
            phones.append(phone)
            desks.append(desk)
        if ready:
            for desk in desks:
                desk.state("ready")
        yield phones, desks


@contextmanager
def waiting(bench: Bench, exchange: Exchange, number: int) -> Iterator[list[Telephone]]:
    """Callers in the queue, each of whom calls again when hung up on."""
    leaving = False

    def again(phone: Telephone) -> None:
        if not leaving:
            phone.dial(QUEUE)

    callers = [
        Telephone(exchange, bench.server.address, f"7{each}", on_end=again)
        for each in range(number)
    ]
    try:
        for caller in callers:
            caller.dial(QUEUE)
        exchange.run_until(lambda: all(c.call and c.call.answered for c in callers), "callers wait")
        exchange.run_for(REST)
        yield callers
    finally:
        leaving = True
        for caller in callers:
            if caller.call is not None and caller.call.answered:
                caller.hang_up()
        exchange.run_for(5 * REST)
        for caller in callers:
            caller.close()


def _by_hanging_up(bench: Bench) -> list[float]:
    exchange, samples = Exchange(), list[float]()
    freed: dict[str, int] = {}

    def offered(phone: Telephone, request: Message, at: int) -> None:
        if since := freed.pop(phone.number, 0):
            samples.append(float(at - since))
        phone.answer(request, at)
        exchange.later(TALKS[0] + TALKS[1] * (int(phone.number) % AGENTS), lambda: leave(phone))

    def leave(phone: Telephone) -> None:
        if phone.call is not None:
            freed[phone.number] = phone.hang_up()

    with waiting(bench, exchange, WAITING), staffed(bench, exchange, AGENTS, ready=False) as staff:
        phones, desks = staff
        for phone, desk in zip(phones, desks, strict=True):
            phone.on_offer = offered
            desk.state("ready")
        bench.say(f"offer: {bench.samples} times a phone's BYE and the next INVITE on it")
        exchange.run_until(
            lambda: len(samples) >= bench.samples, "agents are offered calls", LONGEST
        )
        for desk in desks:
            desk.state("not_ready", "break")
        exchange.run_until(lambda: all(phone.call is None for phone in phones), "talks end")
        exchange.run_for(REST)
    return samples


def _by_getting_ready(bench: Bench) -> list[float]:
    exchange, samples = Exchange(), list[float]()
    bench.say(f"offer: {bench.samples} times an agent's button and the INVITE")
    with (
        waiting(bench, exchange, WAITING),
        staffed(bench, exchange, 1, ready=False) as ((phone,), (desk,)),
    ):
        phone.on_offer = Telephone.answer
        for _ in range(bench.samples):
            pressed = desk.state("ready")
            exchange.run_until(lambda: phone.call, "the ready agent is offered a call")
            assert phone.call is not None
            samples.append(float(phone.call.offered - pressed))
            exchange.run_for(GAP)
            desk.state("not_ready", "break")
            phone.hang_up()
            exchange.run_for(REST)
    return samples


def _by_key(bench: Bench) -> list[float]:
    exchange, samples = Exchange(), list[float]()
    bench.say(f"offer: {bench.samples} times a caller's key and the INVITE")
    with staffed(bench, exchange, 1, ready=True) as ((phone,), _desks):
        phone.on_offer = Telephone.answer
        for number in range(bench.samples):
            caller = Telephone(exchange, bench.server.address, f"7{number:03}")
            samples.append(_from_key(exchange, caller, phone))
            caller.close()
    return samples


def _from_key(exchange: Exchange, caller: Telephone, phone: Telephone) -> float:
    """One call of a caller who knows the menu; ns from the key to the INVITE."""
    call = caller.dial(MENU)
    exchange.run_until(lambda: call.answered, "the caller is answered")
    exchange.run_until(lambda: wire.receive(caller.sound), "the caller hears something")
    pressed = press(exchange, caller, call.media)
    exchange.run_until(lambda: phone.call, "the idle agent is offered the call")
    assert phone.call is not None
    offered = phone.call.offered
    exchange.run_for(KEY_SECONDS)
    phone.hang_up()
    exchange.run_until(lambda: call.ended, "the caller is hung up on")
    exchange.run_for(REST)
    return float(offered - pressed)


def press(exchange: Exchange, caller: Telephone, media: wire.Address) -> int:
    """Press the key; when its first packet was sent."""
    first, *rest = rtp.key_press(KEY, 1, SSRC)
    for place, packet in enumerate(rest, 1):
        exchange.later(place * GAP, partial(caller.sound.sendto, packet, media))
    at = wire.now()
    caller.sound.sendto(first, media)
    return at
