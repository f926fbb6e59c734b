from hypothesis import given
from hypothesis import strategies as st

from cti.trunks.health import Health, State, heard, next_probe, works
from cti.trunks.settings import Probing

RULES = Probing(every=30, suspect=5, failures=3, successes=2)
SILENCE = 408


def after(*statuses: int) -> Health:
    health = Health()
    for now, status in enumerate(statuses):
        working = works(status, silent=status == SILENCE)
        health = heard(health, RULES, float(now), working=working)
    return health


def test_a_refusal_is_a_sign_of_life() -> None:
    for status in (200, 403, 404, 405, 481, 486, 500, 603):
        assert after(status).state is State.UP


def test_a_408_that_somebody_gave_is_a_sign_of_life_and_a_503_never_is() -> None:
    assert works(408, silent=False)
    assert not works(408, silent=True)
    assert not works(503, silent=False)


def test_silence_makes_suspect_then_down_and_answers_bring_it_back() -> None:
    assert after(200, 408).state is State.SUSPECT
    assert after(200, 408, 503).state is State.SUSPECT
    down = after(200, 408, 503, 408)
    assert (down.state, down.since) == (State.DOWN, 3.0)
    assert after(200, 408, 408, 408, 200).state is State.DOWN
    assert after(200, 408, 408, 408, 200, 408, 200).state is State.DOWN
    back = after(200, 408, 408, 408, 200, 200)
    assert (back.state, back.since) == (State.UP, 5.0)


def test_one_answer_ends_a_suspicion() -> None:
    assert after(200, 408, 408, 200, 408, 408).state is State.SUSPECT


def test_suspects_are_asked_more_often_and_come_later() -> None:
    assert next_probe(after(200), RULES) == 30
    assert next_probe(after(408), RULES) == 5
    assert next_probe(after(408, 408, 408), RULES) == 5
    assert after(200).place < after(408).place < after(408, 408, 408).place


@given(st.lists(st.sampled_from([200, 404, 408, 503])))
def test_it_is_down_exactly_when_the_last_words_say_so(statuses: list[int]) -> None:
    down, run_of_failures, run_of_answers = False, 0, 0
    for status in statuses:
        silent = status in (408, 503)
        run_of_failures = run_of_failures + 1 if silent else 0
        run_of_answers = 0 if silent else run_of_answers + 1
        if not down and run_of_failures >= RULES.failures:
            down = True
        elif down and run_of_answers >= RULES.successes:
            down = False
    assert (after(*statuses).state is State.DOWN) == down
