"""The real voice: what it says is measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prompts.sound import PEAK_DBFS, RATE, SPEECH_DBFS, Samples, amplitude, level, read_wav

Answers = dict[str, dict[str, Any]]

CHINESE: dict[str, object] = {
    "do": "speak",
    "text": "您好，欢迎致电客户服务热线。",
    "voice": "sit/cmn",
    "rate": 200,
}
ENGLISH: dict[str, object] = {
    "do": "speak",
    "text": "Welcome to the bank.",
    "voice": "gmw/en-us",
    "rate": 160,
}
MISREAD = {**CHINESE, "voice": "gmw/en-us"}
REQUESTS = {
    "chinese": CHINESE,
    "english": ENGLISH,
    "misread": MISREAD,
    "long": {**CHINESE, "text": "您好，欢迎致电客户服务热线。" * 3},
    "again": CHINESE,
    "returned": {**CHINESE, "text": "环款"},
    "still": {**CHINESE, "text": "还款"},
}
WRONG: dict[str, dict[str, object]] = {
    "no voice": {**CHINESE, "voice": "nobody"},
    "nothing": {**CHINESE, "text": "，。"},
    "no folder": {**CHINESE, "path": "/nowhere/at/all.wav"},
    "no such request": {"do": "sing", "path": "x.wav"},
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("spoken")
    asked = {**REQUESTS, **WRONG}
    lines = [json.dumps({"path": str(folder / f"{name}.wav"), **asked[name]}) for name in asked]
    done = subprocess.run(
        [sys.executable, "-m", "prompts.speech_worker"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ready, *answered = map(json.loads, done.stdout.splitlines())
    assert ready == {"ready": True}
    return {
        name: {**answer, "path": folder / f"{name}.wav"}
        for name, answer in zip(asked, answered, strict=True)
    }


def heard(answers: Answers, name: str) -> Samples:
    samples, rate = read_wav(Path(answers[name]["path"]))
    assert rate == RATE
    assert len(samples) / RATE == pytest.approx(answers[name]["seconds"], abs=0.001)
    return samples


@pytest.mark.parametrize("name", REQUESTS)
def test_speaks_at_one_level_without_clipping(answers: Answers, name: str) -> None:
    samples = heard(answers, name)
    assert level(samples) == pytest.approx(SPEECH_DBFS, abs=1.5)
    assert np.max(np.abs(samples)) < amplitude(PEAK_DBFS) + 0.001
    assert not samples[: round(0.03 * RATE)].any()


def test_speaks_as_fast_as_people_do(answers: Answers) -> None:
    syllables = 13
    assert 3.0 < syllables / answers["chinese"]["seconds"] < 5.5
    assert 1.0 < answers["english"]["seconds"] < 2.5
    assert answers["long"]["seconds"] > 2.5 * answers["chinese"]["seconds"]


def test_languages_sound_different(answers: Answers) -> None:
    chinese, misread = heard(answers, "chinese"), heard(answers, "misread")
    assert len(misread) > 1.5 * len(chinese)  # "Chinese letter" for every character


def test_the_lexicon_changes_the_sound(answers: Answers) -> None:
    returned, still = heard(answers, "returned"), heard(answers, "still")
    length = min(len(returned), len(still))
    assert len(returned) != len(still) or np.max(np.abs(returned[:length] - still[:length])) > 0.1


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_spoken_is_answered(answers: Answers, name: str) -> None:
    assert "error" in answers[name]
    assert not Path(answers[name]["path"]).exists()
