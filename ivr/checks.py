"""What a flow must keep to beyond its grammar, checked on the finished graph.

Every target, prompt, service, queue and calendar exists; every node can be reached; no secret is
said or used where it would show; wherever the caller does nothing, the flow comes to an end; and
a flow that gives callers back to agents does nothing else with them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import yaml

from cti.kernel.document import Report, Section, Value
from ivr.flow import (
    CHOICE,
    UNAVAILABLE,
    Ask,
    Branch,
    Edge,
    Enqueue,
    Flow,
    HangUp,
    Menu,
    Message,
    Node,
    Prompt,
    Schedule,
    Service,
    Signature,
    Transfer,
    edges,
    prompts,
    transfer_fact,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What there is beside the flow: prompt ids with their blanks, services, queues, calendars,
    and the names of transfers, whether a number stands behind them or not.
    """

    prompts: Mapping[str, frozenset[str]]
    services: Mapping[str, Signature]
    queues: frozenset[str]
    calendars: frozenset[str]
    transfers: frozenset[str] = frozenset()


TRANSFER = transfer_fact("")
NODES = "nodes."
Places = Mapping[str, Value]
"""Where things stand in the file: ``start``, ``attempts``, ``nodes.main`` ..."""


def check_flow(flow: Flow, places: Places, surroundings: Surroundings, report: Report) -> None:
    """Note everything that is wrong with the flow in the report."""
    checker = _Checker(flow, places, surroundings, report)
    checker.check_targets()
    checker.check_prompts()
    checker.check_nodes()
    checker.check_secrets()
    checker.check_ends()
    if not report.errors:  # the shape of a graph with broken parts would mislead
        checker.check_reachable()
        checker.check_loops()


class _Checker:
    """The flow, its surroundings, and what its questions and services put into which field."""

    def __init__(
        self, flow: Flow, places: Places, surroundings: Surroundings, report: Report
    ) -> None:
        self.flow, self.places, self.surroundings = flow, places, surroundings
        self.report = report
        asks = [node for node in flow.nodes.values() if isinstance(node, Ask)]
        self.asked = {node.field for node in asks}
        self.secrets = {node.field for node in asks if node.secure}
        self.choices = {
            choice.name
            for node in flow.nodes.values()
            if isinstance(node, Menu)
            for choice in node.choices.values()
        }
        self.served = {
            value
            for node in flow.nodes.values()
            if isinstance(node, Service) and node.name in surroundings.services
            for value in surroundings.services[node.name].values
        }

    def check_targets(self) -> None:
        written = {path.removeprefix(NODES) for path in self.places if path.startswith(NODES)}
        self._known("node", self.flow.start, written, "start")
        self._known("node", self.flow.unavailable, written, UNAVAILABLE)
        for path, node in self._nodes():
            for _label, target, _edge in edges(node):
                if target != self.flow.unavailable:
                    self._known("node", target, written, path)

    def check_prompts(self) -> None:
        self._prompt(self.flow.attempts.noinput, "attempts")
        self._prompt(self.flow.attempts.nomatch, "attempts")
        for path, node in self._nodes():
            for prompt in prompts(node):
                self._prompt(prompt, path)

    def check_nodes(self) -> None:
        for path, node in self._nodes():
            match node:
                case Service():
                    self._service(path, node)
                case Enqueue():
                    self._known("queue", node.queue, self.surroundings.queues, path)
                case Schedule():
                    self._known("calendar", node.calendar, self.surroundings.calendars, path)
                case Transfer(name=name) if name:
                    self._known("transfer", name, self.surroundings.transfers, path)
                case Branch(fact=fact) if fact.startswith(TRANSFER):
                    name = fact.removeprefix(TRANSFER)
                    self._known("transfer", name, self.surroundings.transfers, path)
                case Branch(fact=fact) if fact == CHOICE:
                    for name in node.cases:
                        self._known("choice", name, self.choices, path)
                case Ask() if not node.secure and node.field in self.secrets:
                    self._wrong(path, f"{node.field} is asked openly here and securely elsewhere")

    def check_secrets(self) -> None:
        for path, node in self._nodes():
            for prompt in prompts(node):
                for field in prompt.values.values():
                    if field in self.secrets:
                        self._wrong(path, f"{field!r} is a secret and never said", field)

    def check_ends(self) -> None:
        """A caller who was lent is given back, never handed on; nobody else is given back."""
        if not self.flow.returns:
            return
        for path, node in self._nodes():
            if isinstance(node, Enqueue | Transfer | HangUp | Message):
                self._wrong(
                    path, "a flow with a `return` belongs to an agent's call, and only gives back"
                )

    def check_reachable(self) -> None:
        reached: set[str] = set()
        pending = [self.flow.start, self.flow.unavailable]
        while pending:
            name = pending.pop()
            if name not in reached:
                reached.add(name)
                pending.extend(target for _label, target, _edge in edges(self.flow.nodes[name]))
        for name in self.flow.nodes:
            if name not in reached:
                self._wrong(NODES + name, "no node leads here; remove it or lead to it")

    def check_loops(self) -> None:
        for loop in _loops(self.flow.nodes):
            way = " -> ".join((*loop, loop[0]))
            self._wrong(NODES + loop[0], f"goes round without a key from the caller: {way}")

    def _nodes(self) -> Iterator[tuple[str, Node]]:
        for name, node in self.flow.nodes.items():
            yield NODES + name, node

    def _prompt(self, prompt: Prompt, path: str) -> None:
        if not self._known("prompt", prompt.id, self.surroundings.prompts, path):
            return
        blanks = self.surroundings.prompts[prompt.id]
        if missing := blanks - prompt.values.keys():
            self._wrong(path, f"{prompt.id} needs `values` for {_list(missing)}", prompt.id)
        if useless := prompt.values.keys() - blanks:
            self._wrong(path, f"{prompt.id} has no blank {_list(useless)}", prompt.id)
        for blank in blanks.intersection(prompt.values):
            self._field(prompt.values[blank], path)

    def _service(self, path: str, node: Service) -> None:
        services = self.surroundings.services
        if not self._known("service", node.name, services, path):
            return
        signature = services[node.name]
        if set(node.arguments) != signature.arguments:
            needed = _list(signature.arguments) or "none"
            self._wrong(path, f"{node.name} takes these `arguments`: {needed}", node.name)
        for field in signature.arguments.intersection(node.arguments):
            if self._field(field, path):
                self._fits(path, field, needs_secret=field in signature.secrets)
        written = node.outcomes.keys() - {UNAVAILABLE}
        if missing := signature.outcomes - written:
            self._wrong(path, f"{node.name} needs a node for {_list(missing)}", node.name)
        if unknown := written - signature.outcomes:
            known = _list(signature.outcomes | {UNAVAILABLE})
            message = f"{node.name} never ends in {_list(unknown)}; it ends in {known}"
            self._wrong(path, message, node.name)

    def _fits(self, path: str, field: str, *, needs_secret: bool) -> None:
        secure = field in self.secrets
        if needs_secret and not secure:
            self._wrong(path, f"{field} is a secret; ask it with `secure: true`", field)
        if secure and not needs_secret:
            self._wrong(path, f"takes {field} openly, but it is asked securely", field)

    def _field(self, field: str, path: str) -> bool:
        return self._known("field", field, self.asked | self.served, path)

    def _known(self, what: str, name: str, known: Collection[str], path: str) -> bool:
        if name in known:
            return True
        if name:  # an empty one has been noted where it was read
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {_list(known) or 'none'}"
            self._wrong(path, f"there is no {what} {name!r}; {hint}", name)
        return False

    def _wrong(self, path: str, message: str, word: str = "") -> None:
        """Note a mistake where `word` stands below `path`, or at the path itself."""
        place = self.places[path]
        (_find(place, word) or place).wrong(message)


def _find(value: Value, word: str) -> Value | None:
    if isinstance(value.node, yaml.ScalarNode):
        return value if word and value.node.value == word else None
    below: Iterable[Value] = value.items()
    if value.is_section:
        below = (each for _name, each in Section(value).each())
    return next((found for each in below if (found := _find(each, word))), None)


def _loops(nodes: Mapping[str, Node]) -> Iterator[tuple[str, ...]]:
    """Every way round on which the caller presses no key; each once, from its first node."""
    finished: set[str] = set()
    for start in nodes:
        yield from _loops_from(start, nodes, [], finished)


def _loops_from(
    name: str, nodes: Mapping[str, Node], way: list[str], finished: set[str]
) -> Iterator[tuple[str, ...]]:
    if name in way:
        yield tuple(way[way.index(name) :])
    elif name not in finished:
        way.append(name)
        for _label, target, edge in edges(nodes[name]):
            if edge is not Edge.CALLER:
                yield from _loops_from(target, nodes, way, finished)
        way.pop()
        finished.add(name)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
