import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request

from cti.call.lines import Identity
from cti.kernel.secret import Secret
from cti.trunks.identity import (
    WITHHELD,
    Shown,
    identity_of_telephone,
    identity_of_trunk,
    shown_to,
)
from cti.trunks.numbers import Form, Numbers, NumberSettings
from cti.trunks.settings import Account, Dnis, Prefixes, Show, Trunk

NUMBERS = Numbers(NumberSettings(), ("95588", "01066668888"))
TRUNK = Trunk("carrier")
FROM = "From: <sip:13800138000@carrier.example>;tag=1"
MOBILE = "+8613800138000"


def request(*headers: str, uri: str = "sip:95588@192.0.2.1", sender: str = FROM) -> Request:
    lines = (
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1",
        sender,
        "To: <sip:01066668888@192.0.2.1>",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        *headers,
    )
    parsed = Request.parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(parsed, Request)
    return parsed


def seen(*headers: str, trunk: Trunk = TRUNK, sender: str = FROM) -> Identity:
    return identity_of_trunk(request(*headers, sender=sender), trunk, NUMBERS)


def test_from_and_the_number_dialled() -> None:
    assert seen() == Identity(MOBILE, "95588")
    assert seen(sender='From: "王芳" <sip:01088880001@c>;tag=1').name == "王芳"


def test_an_asserted_identity_goes_before_from_where_it_is_believed() -> None:
    asserted = 'P-Asserted-Identity: "Bob" <sip:bob@c>, <tel:+442079460000>'
    assert seen(asserted).number == "+442079460000"
    assert seen(asserted, trunk=Trunk("pbx", believed=False)).number == MOBILE


@pytest.mark.parametrize(
    "headers",
    [
        ("P-Asserted-Identity: <sip:+8613900139000@c>", "Privacy: id"),
        ("P-Asserted-Identity: <sip:+8613900139000@c>", "Privacy: header;user;critical"),
        ("Privacy: user",),
    ],
)
def test_who_asks_for_privacy_is_withheld(headers: tuple[str, ...]) -> None:
    identity = seen(*headers)
    assert (identity.number, identity.name, identity.withheld) == ("", "", True)


@pytest.mark.parametrize(
    "sender",
    [
        'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        "From: <sip:Anonymous@carrier.example>;tag=1",
        "From: <sip:Restricted@carrier.example>;tag=1",
        "From: <sip:13800138000@anonymous.invalid>;tag=1",
    ],
)
def test_an_anonymous_from_is_withheld_whatever_is_asserted(sender: str) -> None:
    for headers in ((), ("P-Asserted-Identity: <sip:+8613900139000@c>",)):
        identity = seen(*headers, sender=sender)
        assert (identity.number, identity.withheld) == ("", True)


def test_privacy_of_a_trunk_that_is_not_believed_says_nothing() -> None:
    assert not seen("Privacy: id", trunk=Trunk("pbx", believed=False)).withheld


def test_remote_party_id_where_the_trunk_is_told_so() -> None:
    shown = "Remote-Party-ID: <sip:01088880001@c>;party=calling;privacy=off"
    hidden = "Remote-Party-ID: <sip:01088880001@c>;privacy=full"
    reads = Trunk("old", reads_rpid=True)
    assert seen(shown).number == MOBILE
    assert seen(shown, trunk=reads).number == "+861088880001"
    assert seen(hidden, trunk=reads).withheld
    both = seen(shown, "P-Asserted-Identity: <sip:+8613900139000@c>", trunk=reads)
    assert both.number == "+8613900139000"


def test_the_first_of_several_diversions_and_its_reason() -> None:
    identity = seen(
        'Diversion: <sip:95588@c>;reason=user-busy, <sip:01088880001@c>;reason="no-answer"'
    )
    assert (identity.diverted_from, identity.diverted_why) == ("+861088880001", "no-answer")
    for hidden in ("full", "uri", '"full"'):
        assert seen(f"Diversion: <sip:01088880001@c>;privacy={hidden}").diverted_from == ""
    assert seen("Diversion: <sip:01088880001@c>;privacy=name").diverted_from == "+861088880001"


def test_history_info() -> None:
    identity = seen(
        "History-Info: <sip:+861088880001@c>;index=1, "
        "<sip:95588@192.0.2.1;cause=486>;index=1.1;mp=1"
    )
    assert (identity.diverted_from, identity.diverted_why) == ("+861088880001", "user-busy")
    assert seen("History-Info: <sip:95588@192.0.2.1>;index=1").diverted_from == ""


FOLLOWING = "<sip:95588@192.0.2.1>;index=1.1"


def test_history_info_as_rfc_4244_had_it() -> None:
    reason = "Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22"
    identity = seen(f"History-Info: <sip:+861088880001@c?{reason}>;index=1, {FOLLOWING}")
    assert (identity.diverted_from, identity.diverted_why) == ("+861088880001", "unconditional")


@pytest.mark.parametrize(
    "headers",
    [
        (f"History-Info: <sip:+861088880001@c?Privacy=history>;index=1, {FOLLOWING}",),
        (
            "History-Info: <sip:+861088880001@c?Reason=SIP%3Bcause%3D302&Privacy=history>;index=1",
            f"History-Info: {FOLLOWING}",
        ),
        (f"History-Info: <sip:+861088880001@c>;index=1, {FOLLOWING}", "Privacy: history"),
        (f"History-Info: <sip:+861088880001@c>;index=1, {FOLLOWING}", "Privacy: id;session"),
    ],
)
def test_a_history_that_is_private_is_not_read(headers: tuple[str, ...]) -> None:
    assert seen(*headers).diverted_from == ""
    open_to_all = (each.replace("history", "none").replace("session", "none") for each in headers)
    assert seen(*open_to_all).diverted_from == "+861088880001"


def test_the_number_dialled_stands_where_the_trunk_says() -> None:
    assert seen(trunk=Trunk("to", dnis=Dnis.TO)).called == "01066668888"
    party = Trunk("p", dnis=Dnis.P_CALLED_PARTY_ID)
    assert seen("P-Called-Party-ID: <sip:+861066668888@c>", trunk=party).called == "01066668888"
    assert seen(trunk=party).called == "95588"


def test_prefixes_are_taken_away() -> None:
    trunk = Trunk("prefixed", prefixes=Prefixes(remove="7"))
    sender = "From: <sip:713800138000@c>;tag=1"
    assert identity_of_trunk(request(sender=sender, uri="sip:795588@c"), trunk, NUMBERS) == (
        Identity(MOBILE, "95588")
    )


def test_a_telephone_is_its_account_and_dials_like_one() -> None:
    sender = 'From: "Li" <sip:4444@192.0.2.1>;tag=1'
    dialled = request(sender=sender, uri="sip:13800138000@192.0.2.1")
    identity = identity_of_telephone(dialled, "1001", NUMBERS)
    assert identity == Identity("1001", MOBILE, "Li")
    inside = request(sender=sender, uri="sip:1002@192.0.2.1")
    assert identity_of_telephone(inside, "1001", NUMBERS).called == "1002"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P-Asserted-Identity", "Privacy", "Diversion", "History-Info",
                             "Remote-Party-ID", "P-Called-Party-ID"]),
            st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
        )
    )
)  # fmt: skip
def test_no_header_raises(headers: list[tuple[str, str]]) -> None:
    given_request = request()
    for name, value in headers:
        given_request.headers.add(name, value)
    trunk = Trunk("any", reads_rpid=True, dnis=Dnis.P_CALLED_PARTY_ID)
    identity = identity_of_trunk(given_request, trunk, NUMBERS)
    assert identity.number == "" or not identity.withheld


# --- out ----------------------------------------------------------------------------------------

OURS = ("01066668888", "010666600XX")
PAI = Trunk("carrier", presented=OURS)


def test_our_number_is_asserted() -> None:
    assert shown_to(PAI, "", NUMBERS, "192.0.2.1") == Shown(
        "+861066668888",
        "192.0.2.1",
        (("P-Asserted-Identity", "<sip:+861066668888@192.0.2.1>"),),
    )


def test_only_numbers_of_ours_are_shown() -> None:
    assert shown_to(PAI, "01066660012", NUMBERS, "h").user == "+861066660012"
    assert shown_to(PAI, "66660012", NUMBERS, "h").user == "+861066660012"
    assert shown_to(PAI, "13800138000", NUMBERS, "h").user == "+861066668888"


def test_a_withheld_number_goes_to_the_trunk_alone() -> None:
    assert shown_to(PAI, WITHHELD, NUMBERS, "h") == Shown(
        "anonymous",
        "anonymous.invalid",
        (("P-Asserted-Identity", "<sip:+861066668888@h>"), ("Privacy", "id")),
    )
    old = Trunk("old", presented=OURS, show=Show.RPID)
    headers = dict(shown_to(old, WITHHELD, NUMBERS, "h").headers)
    assert headers["Remote-Party-ID"].endswith("privacy=full")


def test_from_alone_in_the_trunks_own_form() -> None:
    trunk = Trunk("f", presented=OURS, show=Show.FROM, form=Form.NATIONAL, domain="bank.example")
    assert shown_to(trunk, "", NUMBERS, "h") == Shown("01066668888", "bank.example")


def test_a_registered_trunk_calls_as_its_account_and_asserts_the_number() -> None:
    account = Account("sip:c.example", "c.example", "8610", Secret("s"))
    shown = shown_to(Trunk("r", presented=OURS, account=account), "", NUMBERS, "h")
    assert (shown.user, shown.host) == ("8610", "c.example")
    assert shown.headers == (("P-Asserted-Identity", "<sip:+861066668888@c.example>"),)
