import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.trunks.numbers import LONGEST, Form, Kind, Numbers, NumberSettings, Reach
from cti.trunks.short_codes import Code, code_of

HOUSE = ("95588", "01066668888", "9001")
NUMBERS = Numbers(NumberSettings(), HOUSE)

BEIJING = "+861088880001"


@pytest.mark.parametrize(
    "written",
    [
        BEIJING,
        "+86 10 8888-0001",
        "00861088880001",
        "861088880001",
        "01088880001",
        "(010) 8888 0001",
        "88880001",
        "tel:+86-10-8888-0001;ext=12",
        "tel:88880001;phone-context=+8610",
        "sip:+861088880001@carrier.example;user=phone",
    ],
)
def test_one_number_however_it_is_written(written: str) -> None:
    number = NUMBERS.read(written)
    assert (number.text, number.kind) == (BEIJING, Kind.E164)


@pytest.mark.parametrize(
    "written",
    ["95588", "01095588", "+8695588", "+861095588", "008695588", "95588;phone-context=+86"],
)
def test_a_short_code_behind_its_country_or_area(written: str) -> None:
    number = NUMBERS.read(written)
    assert (number.text, number.kind) == ("95588", Kind.SHORT)
    assert NUMBERS.own(number) == "95588"


def test_the_house_knows_its_own_numbers_in_its_own_writing() -> None:
    assert NUMBERS.own(NUMBERS.read("66668888")) == "01066668888"
    assert NUMBERS.own(NUMBERS.read("+861066668888")) == "01066668888"
    assert NUMBERS.own(NUMBERS.read("9001")) == "9001"
    assert NUMBERS.own(NUMBERS.read("66668889")) is None


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("110", Code.EMERGENCY),
        ("119", Code.EMERGENCY),
        ("120", Code.EMERGENCY),
        ("122", Code.EMERGENCY),
        ("95588", Code.SERVICE),
        ("952168", Code.SERVICE),
        ("96169", Code.SERVICE),
        ("12345", Code.SERVICE),
        ("11185", Code.SERVICE),
        ("10086", Code.SERVICE),
        ("114", Code.SERVICE),
        ("1001", None),
        ("8001", None),
        ("9558", None),
        ("13800138000", None),
        ("", None),
        ("١١٠", None),
    ],
)
def test_short_codes_of_china(digits: str, code: Code | None) -> None:
    assert code_of(digits, "CN") is code


def test_short_codes_of_elsewhere() -> None:
    assert code_of("911", "US") is Code.EMERGENCY
    assert code_of("112", "DE") is Code.EMERGENCY
    assert code_of("95588", "DE") is None


@pytest.mark.parametrize(
    ("written", "reach"),
    [
        ("88880001", Reach.LOCAL),
        ("02188880001", Reach.NATIONAL),
        ("13800138000", Reach.MOBILE),
        ("4008123456", Reach.NATIONAL),
        ("8008201234", Reach.FREE),
        ("+442079460000", Reach.INTERNATIONAL),
        ("00442079460000", Reach.INTERNATIONAL),
        ("+449098790000", Reach.PREMIUM),
        ("110", Reach.EMERGENCY),
        ("95588", Reach.SERVICE),
        ("anonymous", Reach.UNKNOWN),
        ("", Reach.UNKNOWN),
    ],
)
def test_how_far_a_call_goes(written: str, reach: Reach) -> None:
    assert NUMBERS.reach(NUMBERS.read(written)) is reach


def test_what_a_telephone_dials() -> None:
    plain = Numbers(NumberSettings(extensions=("1XXX",)), HOUSE)
    assert plain.dialled("1001").kind is Kind.EXTENSION
    assert plain.dialled("2001").kind is Kind.OTHER
    behind = Numbers(NumberSettings(outside="9", emergency=("999",)), HOUSE)
    assert behind.dialled("9110").text == "110"
    assert behind.dialled("913800138000").text == "+8613800138000"
    assert behind.dialled("95588").text == "95588"
    assert behind.dialled("995588").text == "95588"
    assert behind.reach(behind.dialled("999")) is Reach.EMERGENCY


@pytest.mark.parametrize(
    "looked_for",
    [
        "+861088880001",
        "008610 8888 0001",
        "0086 10 8888",
        "010-8888-0001",
        "(010) 8888",
        "86 10 8888",
        "8888 0001",
        "0001",
        " +86 10 ",
    ],
)
def test_what_is_looked_for_is_found_however_it_is_written(looked_for: str) -> None:
    assert any(each in BEIJING for each in NUMBERS.sought(looked_for))


@pytest.mark.parametrize("looked_for", ["021-8888-0001", "0044 10 8888", "1088880002", "x"])
def test_what_is_looked_for_is_not_just_anything(looked_for: str) -> None:
    assert not any(each in BEIJING for each in NUMBERS.sought(looked_for))


def test_nothing_is_looked_for_where_nothing_is_said() -> None:
    for nothing in ("", " ", "+", "\0"):
        assert NUMBERS.sought(nothing) == ()


def test_names_are_looked_for_as_they_are_and_other_places_have_their_own_ways() -> None:
    assert NUMBERS.sought("li.lei")[0] == "li.lei"
    assert "+442079" in Numbers(NumberSettings("US", "212")).sought("011 44 2079")


def test_another_country() -> None:
    here = Numbers(NumberSettings("US", "212"))
    assert here.read("5551234").text == "+12125551234"
    london = here.read("011442079460000")
    assert london.text == "+442079460000"
    assert here.write(london, Form.INTERNATIONAL) == "011442079460000"


def test_a_trunk_without_prefixes_means_the_world_first() -> None:
    assert NUMBERS.read("13104567890", Form.PLAIN).text == "+13104567890"
    assert NUMBERS.read("13104567890").text == "+8613104567890"


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@st.composite
def e164(draw: st.DrawFn) -> str:
    """A valid number of anywhere: a region's example with its last digits changed."""
    sort = draw(st.sampled_from(["mobile", "fixed"]))
    kinds = {
        "mobile": phonenumbers.PhoneNumberType.MOBILE,
        "fixed": phonenumbers.PhoneNumberType.FIXED_LINE,
    }
    region = draw(st.one_of(st.just("CN"), st.sampled_from(REGIONS)))
    example = phonenumbers.example_number_for_type(region, kinds[sort])
    if example is None:
        return BEIJING
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    changed = text[:-2] + draw(st.from_regex(r"[0-9]{2}", fullmatch=True))
    valid = phonenumbers.is_valid_number(phonenumbers.parse(changed, None))
    return changed if valid else text


@given(e164(), st.sampled_from(Form))
def test_what_is_written_is_read_again(text: str, form: Form) -> None:
    number = NUMBERS.read(text)
    assert number.text == text
    assert NUMBERS.read(NUMBERS.write(number, form), form) == number


@given(st.sampled_from(["110", "95588", "12345", "1001", "9001"]), st.sampled_from(Form))
def test_what_is_no_subscriber_stays_as_it_is(text: str, form: Form) -> None:
    assert NUMBERS.write(NUMBERS.dialled(text), form) == text


@given(st.one_of(st.text(), st.from_regex(r"\+?[0-9*#;=+.@ X-]{0,40}", fullmatch=True)))
def test_nothing_that_is_sent_raises(text: str) -> None:
    for number in (NUMBERS.read(text), NUMBERS.dialled(text), NUMBERS.read(text, Form.PLAIN)):
        assert len(number.text) <= LONGEST
        assert number.text.isprintable()
        NUMBERS.reach(number)
        for form in Form:
            NUMBERS.write(number, form)


@given(st.one_of(st.text(), st.from_regex(r"\+?[0-9]{1,16}", fullmatch=True)))
def test_reading_twice_changes_nothing(text: str) -> None:
    once = NUMBERS.read(text)
    if once.kind is not Kind.OTHER:
        assert NUMBERS.read(once.text) == once
