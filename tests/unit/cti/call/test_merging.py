"""What a call that two became knows of its caller."""

from datetime import UTC, datetime

from cti.call.merging import merged
from cti.call.model import UserData
from cti.kernel.identifiers import CustomerId
from cti.kernel.vocabulary import Language, ServiceLevel, Verification

WANG = UserData(
    customer_id=CustomerId("C1"),
    customer_name="王芳",
    service_level=ServiceLevel.SPECIAL,
    language=Language.ENGLISH,
    verification=Verification.SIGNED_IN,
    verified=datetime(2026, 3, 2, tzinfo=UTC),
    path=("en", "loans"),
    entered={"ticket": "7"},
)


def test_what_is_known_nowhere_else_comes_with_the_other_call() -> None:
    both = merged(UserData(entered={"ticket": "8"}), WANG)
    assert (both.customer_id, both.customer_name) == ("C1", "王芳")
    assert (both.service_level, both.path) == (ServiceLevel.SPECIAL, ("en", "loans"))
    assert both.entered == {"ticket": "8"}
    assert merged(WANG, UserData()) == WANG


def test_nobody_is_verified_by_what_somebody_else_proved() -> None:
    both = merged(UserData(), WANG)
    assert (both.verification, both.verified) == (Verification.NONE, None)
