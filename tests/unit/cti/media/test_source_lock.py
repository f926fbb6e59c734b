"""Whom a session listens to, whoever else sends."""

from hypothesis import given
from hypothesis import strategies as st

from cti.media.source_lock import (
    MOST_CANDIDATES,
    PRECEDENCE_SECONDS,
    PROVING_PACKETS,
    Source,
    SourceLock,
)

ANNOUNCED, NAT, STRANGER = ("10.0.0.7", 4000), ("192.0.2.1", 6000), ("198.51.100.9", 6000)


def _lock() -> SourceLock:
    lock = SourceLock()
    lock.expect(ANNOUNCED)
    return lock


def _take(lock: SourceLock, source: Source, sequence: int, now: float, ssrc: int = 1) -> bool:
    return not lock.excludes(source, now) and lock.admits(source, ssrc, sequence % 2**16, now)


def _learn(lock: SourceLock, source: Source, now: float = 0.0) -> None:
    for number in range(PROVING_PACKETS):
        _take(lock, source, 65_534 + number, now + number * 0.02)


def test_the_announced_address_needs_no_proof() -> None:
    lock = _lock()
    assert _take(lock, ANNOUNCED, 7, 0.0)
    assert lock.closed(0.0)
    assert not _take(lock, STRANGER, 7, 0.0)
    assert lock.strangers == 1


def test_another_source_proves_itself_across_the_wrap() -> None:
    lock = _lock()
    _learn(lock, NAT)
    assert lock.source == NAT
    assert not lock.closed(0.1)


def test_a_burst_proves_nothing() -> None:
    lock = _lock()
    assert not any(_take(lock, STRANGER, number, 0.001 * number) for number in range(40))


def test_what_does_not_follow_begins_the_proof_anew() -> None:
    lock = _lock()
    assert not any(_take(lock, STRANGER, 2 * number, 0.02 * number) for number in range(40))
    assert not any(_take(lock, NAT, n, 0.02 * n, ssrc=n) for n in range(40))


def test_a_learned_source_gives_way_to_the_announced_one_for_a_while() -> None:
    lock = _lock()
    _learn(lock, STRANGER)
    assert _take(lock, ANNOUNCED, 1, 1.0)
    assert not _take(lock, STRANGER, 65_538, 1.02)
    late = _lock()
    _learn(late, NAT)
    assert not _take(late, ANNOUNCED, 1, 1.0 + PRECEDENCE_SECONDS)
    assert late.source == NAT


def test_only_another_address_opens_it() -> None:
    lock = _lock()
    _learn(lock, NAT)
    assert not lock.expect(ANNOUNCED)
    assert lock.source == NAT
    assert lock.expect(("10.0.0.7", 4002))
    assert lock.source is None
    assert _take(lock, ("10.0.0.7", 4002), 1, 1.0)


def test_who_was_left_by_signalling_is_not_taken_back_for_its_last_packets() -> None:
    lock, moved = _lock(), ("10.0.0.8", 4000)
    assert _take(lock, ANNOUNCED, 0, 0.0)
    assert lock.expect(moved)
    assert not any(_take(lock, ANNOUNCED, 1 + n, 0.02 + n * 0.02) for n in range(40))
    assert _take(lock, moved, 1, 6.0)


def test_who_goes_on_though_signalling_left_it_is_heard_again() -> None:
    lock = _lock()
    _learn(lock, NAT)
    assert lock.expect(("10.0.0.7", 4002))
    assert any(_take(lock, NAT, n, 1 + n * 0.02) for n in range(60))


def test_strangers_in_any_number_take_no_memory() -> None:
    lock = _lock()
    for port in range(1000):
        _take(lock, ("198.51.100.9", port), 1, 0.0)
    assert len(lock._candidates) == MOST_CANDIDATES


SOURCES = (ANNOUNCED, NAT, STRANGER)


@given(st.lists(st.tuples(st.sampled_from(SOURCES), st.integers(0, 6), st.floats(0, 0.1))))
def test_without_signalling_it_changes_once_at_most_and_then_to_the_announced(
    packets: list[tuple[Source, int, float]],
) -> None:
    lock, now = _lock(), 0.0
    held: list[Source] = []
    for source, sequence, passed in packets:
        now += passed
        taken = _take(lock, source, sequence, now)
        assert not taken or lock.source == source
        if lock.source is not None and [lock.source] != held[-1:]:
            held.append(lock.source)
    assert len(held) <= 1 or (len(held) == 2 and held[1] == ANNOUNCED)
