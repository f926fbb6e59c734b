import pytest
from hypothesis import given
from hypothesis import strategies as some
from sipmessage.message import Headers

from cti.sip.headers import HeaderTable

NAMES = some.sampled_from(["Via", "via", "VIA", "To", "to", "Call-ID", "X"])
VALUES = some.sampled_from(["a", "b", ""])
STEPS = some.lists(
    some.one_of(
        some.tuples(some.just("add"), NAMES, VALUES),
        some.tuples(some.just("set"), NAMES, VALUES),
        some.tuples(some.just("setlist"), NAMES, some.lists(VALUES, min_size=1, max_size=3)),
        some.tuples(some.just("remove"), NAMES),
    ),
    max_size=12,
)


@given(STEPS)
def test_it_is_what_the_library_has(steps: list[tuple[str, ...]]) -> None:
    ours, theirs = HeaderTable(), Headers()
    for what, *arguments in steps:
        for each in (ours, theirs):
            getattr(each, what)(*(list(a) if isinstance(a, list) else a for a in arguments))
        assert str(ours) == str(theirs)
        assert ours.keys() == theirs.keys()
        for name in ("via", "To", "CALL-ID", "x", "missing"):
            assert ours.getlist(name) == theirs.getlist(name)
            assert ours.get(name) == theirs.get(name)
            assert ours.get(name, "none") == theirs.get(name, "none")


def test_a_header_that_is_not_there() -> None:
    headers = HeaderTable()
    headers.add("From", "<sip:1001@bank.example>")
    assert headers["from"] == "<sip:1001@bank.example>"
    with pytest.raises(KeyError):
        headers["To"]
