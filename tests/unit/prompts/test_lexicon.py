from pathlib import Path

import pytest

from cti.kernel.errors import ConfigurationError
from prompts.lexicon import Lexicon, load_lexicon


def test_longest_phrase_wins_and_is_not_looked_at_again() -> None:
    lexicon = Lexicon({"还款": "环款", "还款日": "环款日", "环": "X"})
    assert lexicon.respell("还款日前还款") == "环款日前环款"


def test_empty_lexicon_changes_nothing() -> None:
    assert Lexicon({}).respell("还款") == "还款"


def test_shipped_lexicon() -> None:
    assert load_lexicon().respell("贷款还款请按一，重听请按九") == "贷款环款请按一，虫听请按九"


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [("还款: 环款\n还款: x\n", 2, "还款"), ("还款: [环]\n", 1, "还款"), ("- 还款\n", 1, "")],
)
def test_errors_say_where(tmp_path: Path, text: str, line: int, key: str) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_lexicon(path)
    assert (raised.value.line, raised.value.key) == (line, key)
