"""The tree of codes: what may be chosen, and what is wrong with a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import config
from agents.desk.codes import Need, read_codes
from cti.kernel.errors import ConfigurationError, Refused
from cti.kernel.identifiers import QueueId
from cti.kernel.vocabulary import Language
from tests.support.furnished import CODES

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
GENERAL, COMPLAINTS = QueueId("general"), QueueId("complaints")


def chosen(
    code: str, queue: QueueId | None = GENERAL, note: str = "", due: datetime | None = None
) -> str:
    return CODES.chosen(code, queue, note, due, NOW).code


def test_what_is_enough_is_chosen() -> None:
    assert chosen("card.lost") == "card.lost"
    assert chosen("card.lost", None) == "card.lost"
    assert chosen("card.dispute", note="twice") == "card.dispute"
    assert chosen("promised", due=LATER) == "promised"
    assert chosen("complaint.urged", COMPLAINTS) == "complaint.urged"


@pytest.mark.parametrize(
    ("code", "queue", "note", "due", "error"),
    [
        ("nothing", GENERAL, "", None, "desk.code_unknown"),
        ("card", GENERAL, "", None, "desk.code_too_general"),
        ("complaint.urged", GENERAL, "", None, "desk.code_unknown"),
        ("complaint.urged", None, "", None, "desk.code_unknown"),
        ("card.dispute", GENERAL, " ", None, "desk.note_needed"),
        ("promised", GENERAL, "", None, "desk.follow_up_needed"),
        ("promised", GENERAL, "", NOW, "desk.follow_up_past"),
        ("card.lost", GENERAL, "", NOW, "desk.follow_up_past"),
    ],
)
def test_what_is_missing_is_said(
    code: str, queue: QueueId | None, note: str, due: datetime | None, error: str
) -> None:
    with pytest.raises(Refused) as refused:
        chosen(code, queue, note, due)
    assert refused.value.error_id == error


def test_the_shipped_tree_is_read() -> None:
    tree = read_codes(Path(config.__file__).with_name("wrap_up.yaml"))
    codes = tree.by_code()
    assert len(codes) > 30
    assert codes["fraud.victim"].needs == {Need.NOTE, Need.FOLLOW_UP}
    assert codes["card"].names[Language.CHINESE] == "银行卡业务"
    shown = tree.roots[0].shown()
    assert set(shown) == {"code", "zh", "en", "needs", "queues", "children"}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("codes:\n- {code: a, zh: 甲}", 2, "needs `en`"),
        ("codes:\n- {code: a, zh: 甲, en: A}\n- {code: a, zh: 乙, en: B}", 3, "stands twice"),
        ("codes:\n- {code: a, zh: 甲, en: A, needs: [notes]}", 2, "must be one of note, follow_up"),
        ("codes:\n- {code: a, zh: 甲, en: A, need: [note]}", 2, "did you mean `needs`?"),
        (
            "codes:\n- {code: a, zh: 甲, en: A, needs: [note], children: [{code: b}]}",
            2,
            "is a heading",
        ),
        ("code: []", 1, "needs `codes`"),
    ],
)
def test_mistake_is_named_with_file_and_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = tmp_path / "wrap_up.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_codes(path)
    assert says in str(caught.value)
    assert f"{path}:{line}" in str(caught.value)
