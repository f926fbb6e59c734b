"""Draws a flow as a Mermaid flowchart."""

from collections.abc import Iterator

from ivr.flow import (
    Ask,
    Branch,
    Edge,
    Enqueue,
    Flow,
    Goto,
    HangUp,
    Menu,
    Message,
    Node,
    Return,
    Say,
    Schedule,
    Service,
    SwitchLanguage,
    Transfer,
    edges,
)

ARROWS = {Edge.ITSELF: "-->", Edge.CALLER: "==>", Edge.SILENCE: "-.->"}


def mermaid(flow: Flow) -> str:
    """The flowchart: thick arrows are keys, dotted ones silence, thin ones the flow's own way."""
    names = {name: f"n{index}" for index, name in enumerate(flow.nodes)}
    lines = ["flowchart TD", f"    start(({_quoted(flow.name)})) --> {names[flow.start]}"]
    lines += [f"    {names[name]}{_shape(name, node)}" for name, node in flow.nodes.items()]
    for name, node in flow.nodes.items():
        lines += (f"    {names[name]}{arrow}{names[target]}" for arrow, target in _arrows(node))
    return "\n".join(lines) + "\n"


def _arrows(node: Node) -> Iterator[tuple[str, str]]:
    for label, target, edge in edges(node):
        text = f"|{_quoted(label)}|" if label else ""
        yield f" {ARROWS[edge]}{text} ", target


def _shape(name: str, node: Node) -> str:
    match node:
        case Menu():
            return f"{{{{{_quoted(name)}}}}}"
        case Ask():
            lock = "🔒 " if node.secure else ""
            return f"[/{_quoted(f'{lock}{name}')}/]"
        case Service():
            return f"[[{_quoted(name)}]]"
        case Schedule() | Branch():
            return f"{{{_quoted(name)}}}"
        case Enqueue():
            return f"([{_quoted(f'{name}: {node.queue}')}])"
        case Transfer() | Message():
            return f">{_quoted(f'{name}: {_beyond(node)}')}]"
        case HangUp():
            return f"((({_quoted(name)})))"
        case Return():
            return f"(({_quoted(f'{name}: {node.result.value}')}))"
        case Say() | Goto() | SwitchLanguage():
            return f"[{_quoted(name)}]"


def _beyond(node: Transfer | Message) -> str:
    """To whom the caller speaks there, or for how long."""
    return f"{node.longest:g} s" if isinstance(node, Message) else node.name or node.number


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;") + '"'
