"""Flows for tests: the shipped one, and small ones written in place."""

from functools import cache
from pathlib import Path

from ivr.checks import Surroundings
from ivr.flow import Flow
from ivr.loader import load
from ivr.service import surroundings
from prompts.catalogue import load_catalogue

FLOWS = Path(__file__).parents[2] / "config" / "flows"
HEAD = """\
start: {start}
unavailable: failed
attempts: {{reasks: 3, noinput: retry.noinput, nomatch: retry.nomatch, give_up: person}}
timeouts: {{menu: 6, first_key: 8, between_keys: 4}}
nodes:
  failed: {{hang_up: {{prompt: common.sorry}}}}
  person: {{enqueue: {{prompt: person.connecting, queue: general}}}}
"""


@cache
def around() -> Surroundings:
    """The real catalogue and services, the shipped queues and calendars."""
    return surroundings(load_catalogue(), {"general", "complaints"}, {"service"}, {"night_desk"})


@cache
def shipped_flow(name: str = "main") -> Flow:
    """``config/flows/main.yaml``, or another that is shipped."""
    return load(FLOWS / f"{name}.yaml", around())


def small_flow(folder: Path, nodes: str, start: str = "first") -> Flow:
    """A flow of these nodes (YAML, indented by two), with `person` and `failed` beside them."""
    return load(written(folder, HEAD.format(start=start) + nodes), around())


def written(folder: Path, text: str) -> Path:
    """The text as a flow file."""
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path
