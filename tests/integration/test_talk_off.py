"""What the voice of the prompts says presses no key, in either language."""

import json
import subprocess
import sys
from pathlib import Path

from cti.media.g711 import FRAME_SAMPLES
from cti.media.tone_detector import ToneDetector
from tests.support.audio import read_wave

SENTENCES = {
    "sit/cmn": (
        "您好，欢迎致电银行客户服务中心。普通话请按一，英语请按二。",
        "您的账户余额是人民币一万二千三百四十五元六角七分，可用余额是九千八百元整。",
        "请输入您的六位查询密码，以井号键结束。返回上一级请按星号键。",
        "坐席全忙，请稍候。您前面还有三位客户，预计等待时间两分三十秒。",
    ),
    "gmw/en-us": (
        "Welcome. For account balances press one, for lost cards press two, for us press 0.",
        "Your balance is twelve thousand and five dollars and sixty-seven cents.",
        "Please enter your six digit code and press the hash key. Nine, eight, seven, six, five.",
        "Who was it that owed you those wool mittens? Mama, why do you lie in the yellow room?",
    ),
}
RATES = (140, 200)


def test_prompts_press_no_key(tmp_path: Path) -> None:
    paths: list[Path] = []
    requests: list[str] = []
    for voice, sentences in SENTENCES.items():
        for number, text in enumerate(sentences):
            for rate in RATES:
                path = tmp_path / f"{len(paths)}-{number}.wav"
                paths.append(path)
                spoken = {"do": "speak", "text": text, "voice": voice, "rate": rate}
                requests.append(json.dumps(spoken | {"path": str(path)}))
    worker = [sys.executable, "-m", "prompts.speech_worker"]
    said = subprocess.run(
        worker, input="\n".join(requests), capture_output=True, text=True, timeout=60, check=True
    )
    ready, *answers = [json.loads(line) for line in said.stdout.splitlines()]
    assert ready == {"ready": True}
    assert sum(answer["seconds"] for answer in answers) > 60
    assert [_keys(path) for path in paths] == [""] * len(requests)


def _keys(path: Path) -> str:
    sound = read_wave(path)
    keys = []
    for shift in range(0, FRAME_SAMPLES, 40):
        detector = ToneDetector()
        frames = range(shift, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
        keys += [detector.hear(sound[at : at + FRAME_SAMPLES]) for at in frames]
    return "".join(filter(None, keys))
