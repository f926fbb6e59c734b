import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cti.trunks.health import Health, State
from cti.trunks.limits import Meter
from cti.trunks.registering import BASE, LONGEST, Registering, failed
from cti.trunks.routing import in_order
from cti.trunks.settings import Gateway, Limits


def test_weights_share_the_calls() -> None:
    chance = random.Random(1).random
    gateways = [(Gateway("a", weight=3), Health()), (Gateway("b", weight=1), Health())]
    firsts = Counter(in_order(gateways, chance)[0][0].host for _ in range(4000))
    assert 2800 < firsts["a"] < 3200


def test_without_weights_the_order_of_the_settings_counts() -> None:
    gateways = [(Gateway("a", weight=0), Health()), (Gateway("b", weight=0), Health())]
    assert [each.host for each, _ in in_order(gateways, lambda: 0.9)] == ["a", "b"]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.sampled_from(State)), max_size=6),
    st.randoms(use_true_random=False),
)
def test_all_are_tried_once_the_living_first(
    drawn: list[tuple[int, int, State]], lot: random.Random
) -> None:
    gateways = [
        (Gateway(str(number), priority=priority, weight=weight), Health(state))
        for number, (priority, weight, state) in enumerate(drawn)
    ]
    ordered = in_order(gateways, lot.random)
    assert sorted(each.host for each, _ in ordered) == sorted(each.host for each, _ in gateways)
    places = [(health.place, gateway.priority) for gateway, health in ordered]
    assert places == sorted(places)


@given(st.integers(0, 60), st.floats(0, 1))
def test_pauses_grow_and_stay_within_bounds(failures: int, chance: float) -> None:
    after, pause = failed(Registering(failures=failures), 503, 0.0, lambda: chance)
    assert after.failures == failures + 1
    bound = min(LONGEST, BASE * 2.0**failures)
    assert bound / 2 <= pause <= bound


@given(
    st.builds(Limits, st.integers(0, 3), st.integers(0, 3), st.integers(0, 4)),
    st.lists(st.tuples(st.booleans(), st.booleans())),
)
def test_no_limit_is_ever_passed(limits: Limits, steps: list[tuple[bool, bool]]) -> None:
    meter = Meter(limits, 0.0)
    counts = {True: 0, False: 0}
    for outgoing, arrives in steps:
        if arrives:
            counts[outgoing] += meter.admit(0.0, outgoing=outgoing)
        elif counts[outgoing]:
            counts[outgoing] -= 1
            meter.release(outgoing=outgoing)
        assert (meter.outgoing, meter.incoming) == (counts[True], counts[False])
        assert not limits.incoming or meter.incoming <= limits.incoming
        assert not limits.outgoing or meter.outgoing <= limits.outgoing
        assert not limits.total or meter.calls <= limits.total
