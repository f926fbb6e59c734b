"""Many voices at once: each says all it has to, however long it waits for a processor."""

import json
import subprocess
import sys
from pathlib import Path

VOICES = 16
GREETING = "您好，欢迎致电客户服务热线。"
"""3.1 seconds at this rate."""


def test_a_voice_on_a_busy_machine_says_all_of_it(tmp_path: Path) -> None:
    spoken = {"do": "speak", "text": GREETING, "voice": "sit/cmn", "rate": 200}
    workers = []
    for number in range(VOICES):
        command = [sys.executable, "-m", "prompts.speech_worker"]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        workers.append((worker, json.dumps(spoken | {"path": str(tmp_path / f"{number}.wav")})))
    for worker, request in workers:
        assert worker.stdin is not None
        worker.stdin.write(request + "\n")
        worker.stdin.close()
    said = []
    for worker, _ in workers:
        with worker:
            assert worker.stdout is not None
            said.append([json.loads(line) for line in worker.stdout])
    lengths = {answer.get("seconds") for _, answer in said}
    assert [ready for ready, _ in said] == [{"ready": True}] * VOICES
    assert len(lengths) == 1, lengths
    assert lengths.pop() > 2.5
