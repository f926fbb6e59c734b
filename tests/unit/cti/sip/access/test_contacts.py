"""Contact values as telephones write them, and as nobody should (RFC 3261, 20.10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip.access.contacts import Contact

INSTANCE = '"<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"'


@pytest.mark.parametrize(
    ("value", "uri", "expires", "quality", "instance", "flow_number"),
    [
        ("<sip:a@192.0.2.1;transport=tcp>", "sip:a@192.0.2.1;transport=tcp", None, 1.0, "", 0),
        ("sip:a@192.0.2.1;expires=60", "sip:a@192.0.2.1", 60, 1.0, "", 0),
        ('"a;expires=1 <b>" <sip:a@h>; Expires = 60 ;q=0.25', "sip:a@h", 60, 0.25, "", 0),
        (f"<sip:a@h>;expires=60;+sip.instance={INSTANCE}", "sip:a@h", 60, 1.0, INSTANCE, 0),
        (f"<sip:a@h>;+sip.instance={INSTANCE};reg-id=2;q=1.000", "sip:a@h", None, 1.0, INSTANCE, 2),
        (f"sip:a@h;+sip.instance={INSTANCE};expires=9", "sip:a@h", 9, 1.0, INSTANCE, 0),
        ("<sip:a@h>;reg-id=2;q=7;expires=soon", "sip:a@h", None, 1.0, "", 0),
        (f"<sip:a@h>;+sip.instance={INSTANCE};reg-id=-1", "sip:a@h", None, 1.0, INSTANCE, 0),
    ],
)
def test_parameters_of_the_header_are_told_from_the_uris(
    value: str, uri: str, expires: int | None, quality: float, instance: str, flow_number: int
) -> None:
    contact = Contact.parse(value)
    assert contact.uri == uri
    assert contact.expires == expires
    assert contact.quality == quality
    assert contact.instance == instance
    assert contact.flow_number == flow_number


@pytest.mark.parametrize("value", ["", "<sip:a@h", "a b", "<sip:a@h> nonsense", '"'])
def test_what_is_no_contact(value: str) -> None:
    with pytest.raises(ValueError, match="Contact"):
        Contact.parse(value)


@given(st.text(alphabet='<>";=,:@sip a0\\', max_size=40))
def test_anything_is_read_or_refused(value: str) -> None:
    try:
        contact = Contact.parse(value)
    except ValueError:
        return
    assert 0.0 <= contact.quality <= 1.0
