"""WAV files of 16-bit linear sound at 8000 samples per second, read whole."""

import wave
from pathlib import Path

import numpy as np

from cti.kernel.errors import HotlineError
from cti.media.g711 import SAMPLES_PER_SECOND, Samples

SAMPLE_OCTETS = 2


class SoundUnusable(HotlineError):  # noqa: N818  (it is a file that is unusable, not a mistake)
    """A sound file is missing, damaged, or not 16-bit linear at 8000 samples per second."""


def read_samples(path: Path) -> Samples:
    """The file's samples; the mean of its channels when it has several. SoundUnusable."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getparams()[:3]
            data = file.readframes(file.getnframes())
    except OSError as error:
        raise SoundUnusable(f"{path}: {error.strerror}") from error
    except (EOFError, wave.Error) as error:
        raise SoundUnusable(f"{path} is no WAV file: {error or 'it ends too early'}") from error
    if width != SAMPLE_OCTETS or rate != SAMPLES_PER_SECOND:
        raise SoundUnusable(f"{path}: {rate} samples per second of {8 * width} bits")
    whole = len(data) - len(data) % (SAMPLE_OCTETS * channels)
    samples = np.frombuffer(data[:whole], "<i2")
    if channels == 1:
        return samples
    mixed: Samples = samples.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return mixed
