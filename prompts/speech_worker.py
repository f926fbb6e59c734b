"""The speech worker: a process of its own that turns texts into telephone sound.

Run as ``python -m prompts.speech_worker``. It reads one JSON request a line and answers each with
one line: ``{"do": "speak", "text", "voice", "rate", "path"}`` or ``{"do": "music", "path"}`` gives
``{"seconds": 1.5}`` or ``{"error": "..."}``. The first line it writes, unasked, tells that speech
was tried and is good, or why not. It ends with its input.

espeak-ng lives here alone: it may be initialised once in a process, it cannot be stopped once it
hangs, and pyttsx3 prints on the standard output.
"""

import ctypes
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from prompts.music import hold_music
from prompts.sound import RATE, Samples, read_wav, telephone_speech, write_wav

PROOF_TEXT = "您好，这里是银行。"
PROOF_VOICE = "sit/cmn"
PROOF_PHONEMES = re.compile(r"ni35nX'?Au214.*ji35nX'?A35N")
"""nín hǎo ... yín háng with their tones; a voice that reads Chinese with English rules says
"Chinese letter" over and over."""
PROOF_RATE = 200


class SpeechError(Exception):
    """No sound came of the text."""


class Espeak:
    """pyttsx3 over the espeak-ng that the `espeakng-loader` wheel carries."""

    def __init__(self, scratch: Path) -> None:
        espeakng_loader = import_module("espeakng_loader")
        os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
        # Loaded by its soname with global symbols first, it is what pyttsx3's loader then finds.
        library = Path(espeakng_loader.get_library_path()).with_name("libespeak-ng.so.1")
        self._library = ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p

        self._engine = import_module("pyttsx3").init("espeak")
        # What is asked of it is then done at once, instead of when the next run begins.
        self._engine.proxy.setBusy(False)
        self._library.espeak_Synchronize()
        self._scratch = scratch / "spoken.wav"

    def speak(self, text: str, voice: str, rate: int) -> tuple[Samples, int]:
        """Samples and their rate; SpeechError when the voice is missing or nothing was said."""
        if not any(mark.isalnum() for mark in text):
            raise SpeechError("there is nothing to say")
        self._scratch.unlink(missing_ok=True)
        # espeak-ng takes up a rate, and speaks, in a thread of its own, and a run of pyttsx3 begins
        # by cancelling whatever that thread still has to do: the rate, or the end of a text.
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", rate)
        self._library.espeak_Synchronize()
        self._engine.save_to_file(text, str(self._scratch))
        self._engine.runAndWait()
        self._library.espeak_Synchronize()
        if self._engine.getProperty("voice") != voice:
            raise SpeechError(f"no voice {voice}")
        if not self._scratch.exists():
            raise SpeechError("nothing was said")
        try:
            return read_wav(self._scratch)
        finally:
            self._scratch.unlink()

    def phonemes(self, text: str) -> str:
        """The text in espeak-ng's phonemes, by the voice that spoke last."""
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value:
            clause = self._library.espeak_TextToPhonemes(ctypes.byref(rest), 1, 0)
            clauses.append((clause or b"").decode())
        return " ".join(clauses)

    def prove(self) -> None:
        """SpeechError unless Mandarin is read as Mandarin."""
        self.speak(PROOF_TEXT, PROOF_VOICE, PROOF_RATE)
        heard = self.phonemes(PROOF_TEXT)
        if not PROOF_PHONEMES.search(heard):
            raise SpeechError(f"{PROOF_VOICE} does not read Mandarin: {heard}")


def handle(request: dict[str, Any], espeak: Espeak) -> dict[str, object]:
    """Do one request and give its answer."""
    path = Path(request["path"])
    try:
        match request["do"]:
            case "speak":
                spoken = espeak.speak(request["text"], request["voice"], request["rate"])
                samples = telephone_speech(*spoken)
            case "music":
                samples = hold_music()
            case unknown:
                return {"error": f"cannot {unknown}"}
        write_wav(path, samples)
    except (SpeechError, OSError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"seconds": round(len(samples) / RATE, 3)}


def serve(requests: TextIO, answer: Callable[[dict[str, object]], None]) -> None:
    """Answer requests until there are no more."""
    with tempfile.TemporaryDirectory(prefix="hotline-speech-") as scratch:
        espeak = Espeak(Path(scratch))
        try:
            espeak.prove()
        except SpeechError as error:
            answer({"error": str(error)})
            return
        answer({"ready": True})
        for line in requests:
            answer(handle(json.loads(line), espeak))


def main() -> None:
    """Speak what the parent process asks for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act on
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)

    def answer(value: dict[str, object]) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    serve(sys.stdin, answer)


if __name__ == "__main__":
    main()
