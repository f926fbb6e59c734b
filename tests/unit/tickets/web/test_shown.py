"""How pages write names, instants and lengths of time."""

from datetime import timedelta
from functools import partial

import pytest

from cti.kernel.vocabulary import Language
from tests.support.catalogues import all_texts
from tests.support.tickets import SHANGHAI
from tickets.web.shown import Words


@pytest.mark.parametrize(
    ("time", "chinese", "english"),
    [
        (timedelta(0), "不到 1 分", "under 1 min"),
        (timedelta(seconds=59), "不到 1 分", "under 1 min"),
        (timedelta(minutes=1), "1 分", "1 min"),
        (timedelta(hours=47, minutes=59), "47 小时 59 分", "47 h 59 min"),
        (timedelta(hours=49), "2 天 1 小时", "2 d 1 h"),
    ],
)
def test_a_length_of_time_is_never_told_as_nothing(
    time: timedelta, chinese: str, english: str
) -> None:
    for language, said in ((Language.CHINESE, chinese), (Language.ENGLISH, english)):
        assert words_in(language).duration(time) == said


def words_in(language: Language) -> Words:
    return Words(partial(all_texts().text, language), language, SHANGHAI, {})
