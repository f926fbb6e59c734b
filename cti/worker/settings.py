"""What a media engine is told at its start."""

from dataclasses import dataclass

from cti.media.model import PREFERRED_CODECS, Codec
from cti.recording.keys import KeyPlace

ALONE = {"OPENBLAS_NUM_THREADS": "1"}
"""In the environment of a worker: more threads for its small matrices would only spin."""
DEFAULT_CACHE = 64 * 1024 * 1024
"""Octets of announcements kept in memory: over two hours of G.711, half an hour for G.722."""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Where legs receive RTP and how long they bear silence.

    `bind` is the local IP address; `advertised` the one written into SDP when a NAT stands
    before us (empty: the same). Legs take even ports from `first_port` to `last_port`.
    `rtp_timeout` is in seconds, and so is `orphan_time`: how long legs go on without a server.
    """

    bind: str = "127.0.0.1"
    advertised: str = ""
    first_port: int = 20000
    last_port: int = 29998
    rtp_timeout: float = 60.0
    orphan_time: float = 60.0
    codecs: tuple[Codec, ...] = PREFERRED_CODECS
    """What legs speak, in order of preference."""
    cache_octets: int = DEFAULT_CACHE
    keys: KeyPlace | None = None
    """What recordings are encrypted with; None: they are not."""

    @property
    def host(self) -> str:
        """The address the far side sends to."""
        return self.advertised or self.bind

    @property
    def arguments(self) -> tuple[str, ...]:
        """What a worker process with these settings is started with."""
        options: dict[str, object] = {
            "--bind": self.bind,
            "--advertised": self.advertised,
            "--first-port": self.first_port,
            "--last-port": self.last_port,
            "--rtp-timeout": self.rtp_timeout,
            "--orphan-time": self.orphan_time,
            "--cache-octets": self.cache_octets,
        }
        return tuple(f"{name}={value}" for name, value in options.items()) + self.key_arguments

    @property
    def key_arguments(self) -> tuple[str, ...]:
        """Those that say where its keys are, never what they are."""
        if self.keys is None:
            return ()
        return f"--keys={self.keys.path.absolute()}", f"--key={self.keys.current}"

    @property
    def ports(self) -> range:
        """The even ports of the range."""
        return range(self.first_port + self.first_port % 2, self.last_port + 1, 2)
