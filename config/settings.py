"""What the house is told from outside, as typed values; `hotline.example.yaml` is the manual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from agents.acd.overflow import waiting_from
from agents.acd.rules import rules_from
from agents.model import AgentSettings, Queue
from config.ticket_settings import TicketSettings
from cti.call.security import Srtp
from cti.kernel.identifiers import QueueId
from cti.kernel.vocabulary import Language
from cti.recording.keys import KeyPlace
from cti.sip.access.digest import Algorithm, Md5
from cti.sip.access.doorkeeper import DoorRules
from cti.sip.session.session_timer import Terms
from cti.transport.tls import TlsSettings
from cti.trunks.numbers import NumberSettings
from cti.trunks.settings import Trunk, TrunksSettings
from cti.web.address import Network
from cti.worker.settings import MediaSettings
from monitoring.thresholds import Thresholds

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class TelephoneSettings:
    """What one telephone may sign in by, where the house's rule does not suit it."""

    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    md5: Md5 | None = None
    """None: as for every telephone."""


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Where SIP is spoken and from whom calls are taken.

    `host` is bound, `advertised` is written into messages where a NAT stands before us (empty:
    the same). `md5` tells when telephones may sign in by MD5, `telephones` what is different for
    some, by their extension. `session_timer` tells how long a
    call lasts without a sign of life. `websocket` lets browsers of the web site call at its
    ``/sip``; `tls` None: nobody can call by TLS.
    """

    host: str = "127.0.0.1"
    port: int = 5060
    advertised: str = ""
    realm: str = "hotline"
    md5: Md5 = Md5.SECURE
    telephones: Mapping[str, TelephoneSettings] = field(default_factory=dict)
    session_timer: Terms = field(default_factory=Terms)
    tcp: bool = True
    tls: TlsSettings | None = None
    websocket: bool = True
    door: DoorRules = field(default_factory=DoorRules)
    """What strangers may send, and who is banned for how long."""

    @property
    def contact_host(self) -> str:
        """The address others reach us at."""
        return self.advertised or self.host


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """How much of what went over the wire is kept: `size` MiB of the last messages; 0: nothing."""

    size: int = 64


@dataclass(frozen=True, slots=True)
class WebSiteSettings:
    """Where the pages are served, and how long a session lasts (seconds)."""

    host: str = "127.0.0.1"
    port: int = 8080
    secure: bool = False
    origins: tuple[str, ...] = ()
    proxies: tuple[Network, ...] = ()
    """Whose X-Forwarded-For is believed."""
    idle: float = 3600.0
    longest: float = 43200.0


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the house keeps its files; relative ones stand below `base`."""

    base: Path = Path("var")
    prompts: Path = Path("prompts")
    recordings: Path = Path("recordings")
    spool: Path = Path("spool")
    run: Path = Path("run")
    """Where a hotline finds the media workers that outlived the one before."""
    flows: Path = HERE / "flows"
    calendars: Path = HERE / "calendars"
    wrap_up: Path = HERE / "wrap_up.yaml"
    """The tree of wrap-up codes."""
    music: Path | None = None
    """WAV files for those on hold; None for the music that comes with the hotline."""

    def of(self, folder: Path) -> Path:
        """The folder as an absolute path."""
        return (self.base / folder).absolute()


class Recorded(Enum):
    """Which calls with the outside are recorded without anybody asking for it."""

    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """What is recorded, and how it lies on the disk.

    `low_space` (GB) is how little room is worth a warning.
    """

    keys: KeyPlace | None = None
    low_space: float = 2.0
    calls: Recorded = Recorded.ALL


@dataclass(frozen=True, slots=True)
class IvrSettings:
    """What serves callers before a person does.

    `numbers` maps the number dialled to a flow, `transfers` the names that flows pass callers on
    to, to outside numbers; an empty number is not offered.
    """

    numbers: Mapping[str, str] = field(default_factory=lambda: {"95588": "main"})
    transfers: Mapping[str, str] = field(default_factory=lambda: {"night_desk": ""})


@dataclass(frozen=True, slots=True)
class BankSettings:
    """How wrong PINs are answered: so many lock the account for so long (seconds)."""

    wrong_pins: int = 3
    locked_for: float = 1800.0


DEFAULT_TRUNKS = TrunksSettings({"local": Trunk("local", trusted=("127.0.0.1",))})
"""Calls of this machine."""

DEFAULT_QUEUES = (
    Queue(
        QueueId("general"),
        {Language.CHINESE: "综合服务", Language.ENGLISH: "General service"},
        rules_from(
            {
                "demand": "general",
                "sticky": {"patience": 10, "within": "7 days", "others": True},
                "owner": {"patience": 20, "within": "30 days", "others": True},
            }
        ),
        waiting_from(
            {
                "most": {"calls": 200, "then": {"to": "goodbye"}},
                "expect": {"above": "15 min", "then": {"to": "call_back"}},
                "longest": {"after": "10 min", "then": {"to": "voicemail", "flow": "voicemail"}},
                "call_back": {"lead": 10},
            }
        ),
    ),
    Queue(
        QueueId("complaints"),
        {Language.CHINESE: "投诉受理", Language.ENGLISH: "Complaints"},
        rules_from({"demand": "complaints", "stages": [{"after": 60, "demand": "general >= 8"}]}),
        waiting_from({"longest": {"after": "5 min", "then": {"to": "queue", "queue": "general"}}}),
        threshold=30.0,
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything."""

    sip: SipSettings = SipSettings()
    trunks: TrunksSettings = DEFAULT_TRUNKS
    numbers: NumberSettings = field(default_factory=NumberSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    media_workers: int = 0
    """Media worker processes; 0 for one per spare core."""
    media_srtp: Srtp = Srtp.OPTIONAL
    most_calls: int = 1000
    """Calls at once; more are refused."""
    trace: TraceSettings = TraceSettings()
    web: WebSiteSettings = WebSiteSettings()
    folders: Folders = Folders()
    recordings: RecordingSettings = RecordingSettings()
    database: str = ""
    """URL; empty for SQLite in the base folder."""
    ivr: IvrSettings = IvrSettings()
    bank: BankSettings = BankSettings()
    queues: tuple[Queue, ...] = DEFAULT_QUEUES
    tickets: TicketSettings = field(default_factory=TicketSettings)
    agents: AgentSettings = field(default_factory=AgentSettings)
    board: Thresholds = field(default_factory=Thresholds)
    time_zone: str = "Asia/Shanghai"
    demo: bool = True
    """Fill an empty database with the demo bank."""

    @property
    def trace_file(self) -> Path:
        """Where the trace is kept."""
        return self.folders.of(Path("trace.ring"))

    @property
    def bans_file(self) -> Path:
        """Where it is kept who is banned."""
        return self.folders.of(Path("bans.json"))

    @property
    def database_url(self) -> str:
        """Where the records are kept."""
        return self.database or f"sqlite:///{self.folders.of(Path('hotline.sqlite'))}"
