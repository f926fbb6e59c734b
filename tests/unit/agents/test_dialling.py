"""Who may dial what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.dialling import RIGHTS, check_right, may_call_back, rights_from
from cti.kernel.errors import Refused
from cti.trunks.numbers import Numbers, NumberSettings, Reach

NUMBERS = Numbers(NumberSettings(country="CN", area="10"))


def test_each_kind_of_number_needs_its_own_right() -> None:
    numbers = {
        "1002": Reach.INTERNAL,
        "95588": Reach.SERVICE,
        "8008208820": Reach.FREE,
        "88880001": Reach.LOCAL,
        "02188880001": Reach.NATIONAL,
        "13800138000": Reach.MOBILE,
        "00442079460123": Reach.INTERNATIONAL,
    }
    for number, reach in numbers.items():
        assert check_right(number, frozenset({reach}), NUMBERS) is reach
        with pytest.raises(Refused) as refused:
            check_right(number, frozenset(RIGHTS) - {reach}, NUMBERS)
        assert refused.value.error_id == "dial.not_allowed"


def test_help_may_always_be_called_and_premium_numbers_never() -> None:
    assert check_right("110", frozenset(), NUMBERS) is Reach.EMERGENCY
    for number in ("+41901000000", "nobody", "16812345", "01016812345"):
        with pytest.raises(Refused):
            check_right(number, frozenset(RIGHTS), NUMBERS)


@pytest.mark.parametrize(
    "beside", ["13800138000@<b>", "13800138000;x=1", "tel:13800138000", "13800138000\n", "\u2460"]
)
def test_a_number_brings_nothing_else_with_it(beside: str) -> None:
    with pytest.raises(Refused) as refused:
        check_right(beside, frozenset(RIGHTS), NUMBERS)
    assert str(refused.value).isprintable()


def test_customers_are_called_where_customers_are() -> None:
    for number in ("13800138000", "01066668888", "02188880001"):
        assert may_call_back(number, NUMBERS)
    for number in ("01016812345", "16812345", "110", "95588", "1001", "0755160123456", ""):
        assert not may_call_back(number, NUMBERS)


@given(st.text(max_size=40), st.frozensets(st.sampled_from(RIGHTS)))
def test_whatever_is_dialled_is_within_the_rights_or_refused(
    number: str, rights: frozenset[Reach]
) -> None:
    reach = NUMBERS.reach(NUMBERS.dialled(number))
    allowed = reach is Reach.EMERGENCY or reach in rights
    if allowed and set(number) <= set("+-0123456789*#.() "):
        assert check_right(number, rights, NUMBERS) is reach
        return
    with pytest.raises(Refused):
        check_right(number, rights, NUMBERS)


def test_rights_are_read_by_name_and_a_wrong_one_is_told() -> None:
    assert rights_from(["mobile", "internal"]) == {Reach.MOBILE, Reach.INTERNAL}
    with pytest.raises(Refused) as refused:
        rights_from(["premium"])
    assert refused.value.error_id == "dial.right_unknown"
