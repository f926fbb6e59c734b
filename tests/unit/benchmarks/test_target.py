"""The peer that the environment names."""

import pytest

from benchmarks.target import Numbers, WrongPeer, peer

VARIABLES = "PEER", "PEER_NUMBERS", "PEER_AGENTS", "PEER_PID"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in VARIABLES:
        monkeypatch.delenv(each, raising=False)


def test_without_a_name_there_is_none() -> None:
    assert peer() is None


def test_a_peer_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER", "101@127.0.0.1:5062")
    monkeypatch.setenv("PEER_NUMBERS", "music=120 queue=201")
    found = peer()
    assert found is not None
    assert found.address == ("127.0.0.1", 5062)
    assert found.numbers == Numbers(hang_up="101", music="120", queue="201")
    assert (found.agents_port, found.others_port) == (6000, 6001)
    assert found.cpu() is None, "whose process it is was not told"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PEER", "127.0.0.1:sip", "hold ports"),
        ("PEER_NUMBERS", "musik=120", "'musik' is none of"),
        ("PEER_AGENTS", "six", "hold ports"),
    ],
)
def test_a_mistake_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv("PEER", "127.0.0.1")
    monkeypatch.setenv(variable, value)
    with pytest.raises(WrongPeer, match=says):
        peer()
