"""A flow: what the hotline says and asks, as a graph of named nodes.

There is one node type for each verb of the flow files. A node that neither asks nor hands the
call over leads at once to the next; what was to be said on the way is kept and played together
with the next question, so that a key cuts all of it short (VoiceXML 2.1, 4.1.8). `*` says the
question again and `#` leads back to the menu before, everywhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from cti.kernel.loans import LoanResult
from cti.kernel.vocabulary import Language, MessageAbout, ServiceLevel, Situation, Verification
from ivr.grammar import Rule

UNAVAILABLE = "unavailable"
"""The outcome of a service that failed or took too long; every service has it."""

OPEN_TICKETS = "open_tickets"
FACTS: Mapping[str, tuple[str, ...]] = {
    "level": tuple(level.name.lower() for level in ServiceLevel),
    "verification": tuple(each.name.lower() for each in Verification),
    "language": tuple(language.value for language in Language),
    OPEN_TICKETS: ("one", "several"),
}
"""What a `branch` may look at, and the values it can have; beside these `CHOICE`."""
CHOICE = "choice"
"""The name of the last menu choice made."""

CONFIGURED = "configured"
"""The value of `transfer.NAME` where a number stands behind that name of a transfer."""

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text of the catalogue; `values` names the field that fills each blank.

    `language` is set only where the text is said in a language of its own.
    """

    id: str
    values: Values = field(default_factory=dict)
    language: Language | None = None


Prompts = tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """Say something and go on."""

    prompts: Prompts
    then: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An item of a menu; `name` is what call records and the agent see."""

    name: str
    then: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Let the caller choose by one key. `timeout` is seconds of silence after the prompt.

    With `hear_out`, no key cuts short what is said before the question, nor answers it ahead;
    where some of that cannot be said, nothing is asked, and `unheard` is where it leads.
    """

    prompts: Prompts
    choices: Mapping[str, Choice]
    timeout: float
    give_up: str
    hear_out: bool = False
    unheard: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Collect digits into a field; a `secure` one is a secret from the first key on."""

    prompts: Prompts
    field: str
    rule: Rule
    secure: bool
    then: str
    give_up: str


@dataclass(frozen=True, slots=True)
class Service:
    """Call a self-service with the fields it takes as arguments, go on by its outcome.

    `prompts` are for a service that takes its time: they are played while it runs.
    """

    name: str
    arguments: tuple[str, ...]
    outcomes: Mapping[str, str]
    prompts: Prompts = ()


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Hand the caller to a person."""

    prompts: Prompts
    queue: str
    situation: Situation = Situation.ORDINARY


class Passing(Enum):
    """How an attempt to pass a caller on ends."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    """There is no such number, no line that leads there, or something on the way failed."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pass the caller on to a number outside, written here or behind a `name` of the settings.

    Whoever answers there takes the call; otherwise the caller comes back to these nodes.
    """

    prompts: Prompts
    number: str
    name: str
    outcomes: Mapping[Passing, str]


@dataclass(frozen=True, slots=True)
class Message:
    """Let the caller speak after a tone, until they press `finish`, hang up, or time is over.

    `longest` is in seconds. What is pressed before the tone cuts the prompt short. `about` says
    what becomes of it: a ticket of that kind, or a part of the one that the caller asked about.
    """

    prompts: Prompts
    longest: float
    finish: str
    then: str
    give_up: str
    """Where a caller goes who ended it too soon once too often."""
    about: MessageAbout = MessageAbout.ANYTHING


def transfer_fact(name: str) -> str:
    """What a `branch` looks at to learn whether that transfer has a number."""
    return f"transfer.{name}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Go on by what a working calendar says of this moment."""

    calendar: str
    open: str
    closed: str
    holiday: str


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """Speak another language from here on."""

    language: Language
    then: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Go on by something known of the caller (`FACTS`, `CHOICE`)."""

    fact: str
    cases: Values
    otherwise: str


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on elsewhere: a second name for a node."""

    then: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Say goodbye and end the call."""

    prompts: Prompts


RESULTS = (
    LoanResult.VERIFIED,
    LoanResult.FAILED,
    LoanResult.LOCKED,
    LoanResult.GAVE_UP,
    LoanResult.SERVED,
    LoanResult.INTERRUPTED,
)
"""What a flow can say of how it ended; the others are not for it to know."""


@dataclass(frozen=True, slots=True)
class Return:
    """Give a caller back to the agent who lent them, and say how it ended."""

    prompts: Prompts
    result: LoanResult


Node = (
    Say
    | Menu
    | Ask
    | Service
    | Enqueue
    | Transfer
    | Message
    | Schedule
    | SwitchLanguage
    | Branch
    | Goto
    | HangUp
    | Return
)


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often, and how, a question is asked again after silence or a wrong key."""

    reasks: int
    noinput: Prompt
    nomatch: Prompt


@dataclass(frozen=True, slots=True)
class Flow:
    """A named graph of nodes; `unavailable` is where a service leads that has no answer."""

    name: str
    start: str
    unavailable: str
    attempts: Attempts
    nodes: Mapping[str, Node] = field(repr=False)

    @property
    def returns(self) -> bool:
        """Whether it serves callers whom agents lend, and gives them back."""
        return any(isinstance(node, Return) for node in self.nodes.values())

    def asks(self, fact: str, *services: str) -> bool:
        """Whether a branch of it looks at that fact, or it calls one of the services by it."""
        return any(
            (isinstance(node, Branch) and node.fact == fact)
            or (isinstance(node, Service) and node.name in services)
            for node in self.nodes.values()
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """What a flow must know of a self-service.

    `secrets` are those of its arguments that may only be asked securely, `values` the fields it
    fills; `counts_as` is its name in statistics, empty for those that are only a step of another.
    """

    arguments: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    counts_as: str = ""


class Edge(Enum):
    """By what the flow passes from a node to another."""

    ITSELF = "itself"
    CALLER = "caller"
    """The caller pressed a key."""
    SILENCE = "silence"
    """The caller never answered, or never rightly."""


def edges(node: Node) -> Iterator[tuple[str, str, Edge]]:
    """Where the node can lead: label, target and by what."""
    match node:
        case Say() | Goto() | SwitchLanguage():
            yield "", node.then, Edge.ITSELF
        case Message():
            yield "", node.then, Edge.ITSELF
            yield "too short", node.give_up, Edge.CALLER
        case Menu():
            yield from _menu_edges(node)
        case Ask():
            yield node.field, node.then, Edge.CALLER
            yield "no answer", node.give_up, Edge.SILENCE
        case Service():
            yield from ((outcome, then, Edge.ITSELF) for outcome, then in node.outcomes.items())
        case Transfer():
            for outcome, then in node.outcomes.items():
                yield outcome.value, then, Edge.ITSELF
        case Schedule():
            yield "open", node.open, Edge.ITSELF
            yield "closed", node.closed, Edge.ITSELF
            yield "holiday", node.holiday, Edge.ITSELF
        case Branch():
            yield from ((value, then, Edge.ITSELF) for value, then in node.cases.items())
            yield "otherwise", node.otherwise, Edge.ITSELF


def _menu_edges(node: Menu) -> Iterator[tuple[str, str, Edge]]:
    for key, choice in node.choices.items():
        yield f"{key} {choice.name}", choice.then, Edge.CALLER
    yield "no answer", node.give_up, Edge.SILENCE
    if node.hear_out:
        yield "unheard", node.unheard, Edge.ITSELF


def prompts(node: Node) -> Prompts:
    """What the node says."""
    match node:
        case Say() | Menu() | Ask() | Service() | Enqueue() | Transfer() | Message():
            return node.prompts
        case HangUp() | Return():
            return node.prompts
    return ()
