from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from cti.kernel.money import Money
from cti.kernel.vocabulary import Language
from prompts.announcer import KEPT, LIMIT, MOST_PUBLIC, WHOLE, Announcer
from prompts.catalogue import Announcement, load_catalogue
from prompts.lexicon import Lexicon
from prompts.store import PromptStore
from tests.support.deferred import result_of
from tests.support.fake_speech import FakeSynthesizer

BALANCE = Announcement("balance", {"amount": Money(Decimal("9731.25"))})
WORDS = "九千七百三十一元二角五分"


class Desk:
    """An announcer over a prepared store, a fake voice and a clock moved by hand."""

    def __init__(self, folder: Path) -> None:
        zh = "hello: 您好\nbalance: 余额{amount:money}，请还款\nrate: 年利率{percent:percent}\n"
        (folder / "zh.yaml").write_text(zh, encoding="utf-8")
        en = "hello: Hello\nbalance: '{amount:money} left, please repay'\n"
        en += "rate: '{percent:percent} a year'\n"
        (folder / "en.yaml").write_text(en, encoding="utf-8")
        self.clock, self.voice = Clock(), FakeSynthesizer()
        catalogue = load_catalogue(folder)
        self.store = PromptStore(
            folder / "kept", catalogue, Lexicon({"还款": "环款"}), self.voice, folder / "none"
        )
        result_of(self.store.prepare())
        self.spool = folder / "spool"
        self.announcer = Announcer(catalogue, self.store, self.voice, self.spool, self.clock)
        self.announcer.start()

    def spooled(self) -> list[Path]:
        return sorted(self.spool.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def log() -> Iterator[list[LogEvent]]:
    events: list[LogEvent] = []

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        events.append(event)

    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def test_static_ones_come_from_the_store(desk: Desk) -> None:
    sounds = result_of(desk.announcer.sounds([Announcement("hello")], Language.CHINESE))
    assert sounds == [desk.store.path("hello", Language.CHINESE)]
    desk.announcer.release(sounds)
    assert sounds[0].exists()


def test_sentences_with_blanks_are_spoken_in_order_and_deleted(desk: Desk) -> None:
    asked = [BALANCE, Announcement("hello"), BALANCE]
    sounds = result_of(desk.announcer.sounds(asked, Language.CHINESE))
    assert len(sounds) == 3
    assert sounds[1] == desk.store.path("hello", Language.CHINESE)
    assert sounds[0] != sounds[2]
    assert desk.voice.spoken[-1] == (f"余额{WORDS}，请环款", Language.CHINESE)
    desk.announcer.release(sounds)
    assert not desk.spooled()
    assert not desk.clock.getDelayedCalls()


RATE = Announcement("rate", {"percent": Decimal("0.95")}, public=True)


def test_public_ones_are_spoken_once_and_kept_till_the_end(desk: Desk) -> None:
    first, again = (
        result_of(desk.announcer.sounds([RATE, RATE], Language.CHINESE)) for _ in range(2)
    )
    assert first == again
    assert first[0] == first[1]
    assert len(desk.voice.spoken) == len(set(desk.voice.spoken))
    desk.announcer.release(first)
    assert desk.spooled() == [first[0]]
    assert not desk.clock.getDelayedCalls()
    desk.announcer.stop()
    assert not desk.spooled()


def test_a_public_one_that_failed_is_tried_again(desk: Desk) -> None:
    desk.voice.mute = True
    assert result_of(desk.announcer.sounds([RATE], Language.CHINESE)) == []
    desk.voice.mute = False
    assert len(result_of(desk.announcer.sounds([RATE], Language.CHINESE))) == 1


def test_callers_who_ask_meanwhile_get_the_same_public_one(desk: Desk) -> None:
    desk.voice.hanging = True
    both = [desk.announcer.sounds([RATE], Language.CHINESE) for _ in range(2)]
    desk.clock.advance(LIMIT)
    assert [result_of(each) for each in both] == [[], []]


def test_only_so_many_public_ones_are_kept(desk: Desk) -> None:
    for number in range(MOST_PUBLIC + 1):
        rate = Announcement("rate", {"percent": Decimal(number)}, public=True)
        result_of(desk.announcer.sounds([rate], Language.CHINESE))
    assert len(desk.spooled()) == MOST_PUBLIC + 1, "the oldest may still be playing"
    desk.clock.advance(KEPT)
    assert len(desk.spooled()) == MOST_PUBLIC


def test_spool_is_for_our_eyes_only(desk: Desk) -> None:
    assert desk.spool.stat().st_mode & 0o077 == 0


def test_files_nobody_released_are_deleted(desk: Desk) -> None:
    result_of(desk.announcer.sounds([BALANCE], Language.CHINESE))
    desk.clock.advance(KEPT - 1)
    assert desk.spooled()
    desk.clock.advance(1)
    assert not desk.spooled()


def test_what_cannot_be_spoken_is_left_out_and_its_words_not_logged(
    desk: Desk, log: list[LogEvent]
) -> None:
    desk.voice.mute = True
    asked = [Announcement("hello"), BALANCE]
    sounds = result_of(desk.announcer.sounds(asked, Language.CHINESE))
    assert sounds == [desk.store.path("hello", Language.CHINESE)]
    assert any(event.get("id") == "balance" for event in log)
    assert not any("9731" in str(event) or WORDS in str(event) for event in log)


def test_callers_never_wait_longer_than_the_limit(desk: Desk) -> None:
    desk.voice.hanging = True
    waiting = desk.announcer.sounds([BALANCE, Announcement("hello")], Language.CHINESE)
    desk.clock.advance(LIMIT)
    assert result_of(waiting) == [desk.store.path("hello", Language.CHINESE)]
    assert not desk.clock.getDelayedCalls()


def test_what_may_not_be_left_out_is_waited_for_longer(desk: Desk) -> None:
    desk.voice.hanging = True
    waiting = desk.announcer.sounds([BALANCE], Language.CHINESE, WHOLE)
    desk.clock.advance(WHOLE - 1)
    assert not waiting.called
    desk.clock.advance(1)
    assert result_of(waiting) == []


@pytest.mark.parametrize("wrong", [Announcement("nowhere"), Announcement("balance")])
def test_wrong_announcement_is_left_out(
    desk: Desk, log: list[LogEvent], wrong: Announcement
) -> None:
    asked = [wrong, Announcement("hello")]
    assert len(result_of(desk.announcer.sounds(asked, Language.ENGLISH))) == 1
    assert log


def test_static_one_missing_from_the_store_is_spoken(desk: Desk) -> None:
    fresh = PromptStore(
        desk.spool / "..", load_catalogue(desk.spool.parent), Lexicon({}), desk.voice, desk.spool
    )
    announcer = Announcer(
        load_catalogue(desk.spool.parent), fresh, desk.voice, desk.spool, desk.clock
    )
    (sound,) = result_of(announcer.sounds([Announcement("hello")], Language.CHINESE))
    assert sound.parent == desk.spool


def test_start_and_stop_leave_the_spool_empty(desk: Desk) -> None:
    for name in ("00000007.wav", "00000008.wav.part", "not ours.wav"):
        (desk.spool / name).write_bytes(b"balance")
    desk.announcer.start()
    (other,) = desk.spooled()
    assert other.name == "not ours.wav"
    other.unlink()
    result_of(desk.announcer.sounds([BALANCE], Language.CHINESE))
    desk.announcer.stop()
    assert not desk.spooled()
    assert not desk.clock.getDelayedCalls()


def test_music(desk: Desk) -> None:
    assert desk.announcer.music().exists()
