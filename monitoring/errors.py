"""What can be wrong with a recording."""

from cti.kernel.errors import HotlineError


class RecordingUnusable(HotlineError):  # noqa: N818  (it is a file that is unusable, not a mistake)
    """The file is no WAV file, or has no room for sound."""
