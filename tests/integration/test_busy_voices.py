"""Many voices at once: each says what it has to, however long it waits for a processor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

VOICES = 12
GREETING = "您好，欢迎致电客户服务热线。"
RATES = (200, 140, 200, 140)
SECONDS = (3.1, 4.6, 3.1, 4.6)


def test_voices_on_a_busy_machine_say_all_of_it_at_the_rate_they_were_asked_for(
    tmp_path: Path,
) -> None:
    spoken = {"do": "speak", "text": GREETING, "voice": "sit/cmn"}
    workers = []
    for number in range(VOICES):
        command = [sys.executable, "-m", "prompts.speech_worker"]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asked = [spoken | {"rate": rate, "path": str(tmp_path / f"{number}.wav")} for rate in RATES]
        workers.append((worker, "\n".join(map(json.dumps, asked))))
    for worker, requests in workers:
        assert worker.stdin is not None
        worker.stdin.write(requests)
        worker.stdin.close()
    said = []
    for worker, _ in workers:
        with worker:
            assert worker.stdout is not None
            said.append([json.loads(line) for line in worker.stdout])
    assert [ready for ready, *_ in said] == [{"ready": True}] * VOICES
    assert [len(answers) for _, *answers in said] == [len(RATES)] * VOICES
    for _, *answers in said:
        lengths = [answer.get("seconds") for answer in answers]
        assert lengths == pytest.approx(SECONDS, abs=0.2)
