"""The routes of a site, read off the site itself: every resource, every Klein application below."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from klein import Klein
from klein.resource import KleinResource
from twisted.internet.address import IPv4Address
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from twisted.web.test.requesthelper import DummyChannel

from cti.web.live import LiveBoard
from cti.web.sockets import SocketResource

IMPLIED = frozenset({"HEAD", "OPTIONS"})
"""What a route answers beside what it names."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path with its blanks, ``/tickets/<number>``, and the pages that answer."""

    method: str
    path: str
    pages: type


def routes_of(resource: Any, at: str = "") -> Iterator[Route]:
    """Every route below the resource, which is mounted there."""
    if isinstance(resource, KleinResource):
        yield from _of_pages(resource, at)
        return
    for name, child in resource.children.items():
        yield from routes_of(child, f"{at}/{name.decode('ascii')}")
    below = getattr(resource, "_pages", None)  # what answers where nothing else is mounted
    if below is not None:
        yield from routes_of(below, at)
    elif resource.isLeaf:
        for method in ("GET", "POST"):
            if hasattr(resource, f"render_{method}"):
                yield Route(method, at or "/", type(resource))


def _of_pages(resource: KleinResource, at: str) -> Iterator[Route]:
    app: Any = resource._app  # what Klein tells nobody
    for rule in app.url_map.iter_rules():
        if rule.endpoint.endswith("_branch"):
            endpoint = rule.endpoint.removesuffix("_branch")
            below = app.execute_endpoint(endpoint, _nobody())
            yield from routes_of(below, at + rule.rule.partition("/<path:")[0])
        elif f"{rule.endpoint}_branch" not in app.endpoints:
            path = (at + rule.rule).rstrip("/") or "/"
            for method in sorted(rule.methods - IMPLIED):
                yield Route(method, path, type(app._instance))


def boards_of(resource: Any, at: str = "") -> Iterator[tuple[str, LiveBoard]]:
    """Every live board below the resource, and the path of its WebSocket."""
    if not isinstance(resource, KleinResource):
        for name, child in resource.children.items():
            yield from boards_of(child, f"{at}/{name.decode('ascii')}")
        return
    app: Any = resource._app
    for rule in app.url_map.iter_rules():
        answers = getattr(app._instance, rule.endpoint, None)
        given = getattr(answers, "__annotations__", {}).get("return")
        if given in (IResource, Resource) and not rule.arguments:
            socket = app.execute_endpoint(rule.endpoint, _nobody())
            if isinstance(socket, SocketResource):
                board = getattr(socket._admit, "__self__", None)
                assert isinstance(board, LiveBoard)
                yield at + rule.rule, board


def _nobody() -> Request:
    channel = DummyChannel()
    channel.transport = DummyChannel.TCP(IPv4Address("TCP", "192.0.2.10", 50000))
    return Request(channel)


def pages_of(*packages: Any) -> set[type]:
    """Every class with a Klein application in these modules and those below them."""
    found = set[type]()
    for package in packages:
        names = [package.__name__]
        if hasattr(package, "__path__"):
            names += [each.name for each in walk_packages(package.__path__, f"{package.__name__}.")]
        for name in names:
            for each in vars(import_module(name)).values():
                if isinstance(each, type) and isinstance(vars(each).get("app"), Klein):
                    found.add(each)
    return found
