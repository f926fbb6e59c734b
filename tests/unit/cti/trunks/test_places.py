"""Where callers' numbers are at home."""

import phonenumbers
import pytest

from cti.trunks.places import AREAS, Place, place_of


@pytest.mark.parametrize(
    ("number", "chinese", "english"),
    [
        ("+861088880001", "北京市", "Beijing"),
        ("+862012345678", "广东省广州市", "Guangzhou, Guangdong"),
        ("+8675512345678", "广东省深圳市", "Shenzhen, Guangdong"),
        ("+863351234567", "河北省秦皇岛市", "Qinhuangdao, Hebei"),
        ("+85221234567", "中国香港特别行政区", "Hong Kong SAR China"),
        ("+442071234567", "英国", "United Kingdom"),
        ("+14165550123", "加拿大", "Canada"),
    ],
)
def test_a_fixed_line_stands_in_its_area_or_its_territory(
    number: str, chinese: str, english: str
) -> None:
    assert place_of(number) == Place({"zh": chinese, "en": english})


def test_of_a_mobile_number_no_area_is_told() -> None:
    assert place_of("+8613700137000") == Place({}, mobile=True)
    assert place_of("+4915123456789") == Place({"zh": "德国", "en": "Germany"}, mobile=True)


@pytest.mark.parametrize(
    "number",
    ["", "1001", "95588", "+", "+99999999999", "+864001234567", "+8003456789", "anonymous", "+x"],
)
def test_who_is_at_home_nowhere_has_no_place(number: str) -> None:
    assert place_of(number) is None


def test_every_line_of_the_table_is_an_area_code_of_the_plan() -> None:
    lines = [line.split("\t") for line in AREAS.read_text("utf-8").splitlines()]
    assert len({code for code, _, _ in lines}) == len(lines) == 320
    for code, chinese, english in lines:
        assert chinese
        assert english.isascii()
        subscriber = phonenumbers.PhoneNumber(86, int(f"{code}12345678"[:11]))
        shorter = phonenumbers.PhoneNumber(86, int(f"{code}1234567"))
        lengths = map(phonenumbers.length_of_geographical_area_code, (subscriber, shorter))
        assert len(code) in lengths, code
