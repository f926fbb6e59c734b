"""Live boards: one WebSocket per page, a snapshot and then numbered changes, commands answered.

What the server sends (JSON text messages)::

    {"seq": 1, "snapshot": {"queue/general": {...}, ...}, "now": "2026-01-05T09:00:00+00:00"}
    {"seq": 2, "set": {"queue/general": {...}}}
    {"seq": 3, "del": ["call/17"]}
    {"seq": 3, "now": "..."}                           every second; repeats the last number
    {"re": 7, "ok": value}                             answer to command 7
    {"re": 7, "error": "agent.phone_not_registered", "text": "..."}

and what a page sends: ``{"id": 7, "do": "ready", ...}``. A page that misses a number connects
again, and may say by ``?page=NAME`` that it is the same page. Values are whole entities, and
instants rather than running counters, so a client that reads slowly can be given only the latest
of each; one that does not read at all is dropped.

What concerns one person costs their own pages alone, however many others are open, and nothing
while none of these is. What concerns many is told in rounds: a few each second, and a few pages in
each turn of the reactor.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.clock import Clock, DelayedCall, utc
from cti.kernel.errors import Refused
from cti.kernel.identifiers import StaffId
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.kernel.walk import Walk
from cti.web import requests
from cti.web.encoding import dumps
from cti.web.frame import Frame
from cti.web.live_client import GOING_AWAY, POLICY_VIOLATION, SESSION_ENDED, LiveClient
from cti.web.sockets import SocketResource, aborter

HEARTBEAT = 1.0
"""Seconds between heartbeats; a page calls its data stale after three."""
ROUND_AFTER = 0.25
"""Seconds from a change that concerns many to its showing: what changes meanwhile is shown once."""
OWN_AFTER = 0.02
"""Seconds from a change of what is one person's to its showing: what changes in the same turn is
shown once, and whatever rings because of it rings first."""
MOST_UNREAD = 10
"""Heartbeats a client may leave unread before it is dropped."""

PAGE_NAME = re.compile(rb"[A-Za-z0-9_-]{1,64}")
FROM_PAGE = "from_page"
"""In a command: the name of the page that sends it, where the board has a watcher."""

Snapshot = Callable[[Principal], Mapping[str, Any]]
Visible = Callable[[Principal, str, Any], bool]
Owner = Callable[[str], StaffId | None]
Command = Mapping[str, Any]
Handler = Callable[[Principal, Command], Any]


def everything(_principal: Principal, _key: str, _value: Any) -> bool:
    """Every entity is shown to everyone who may open the board."""
    return True


def nobodys(_key: str) -> StaffId | None:
    """No entity is one person's alone."""
    return None


class Watcher(Protocol):
    """Who is told of pages: a page that has two connections for a moment is one page."""

    def page_joined(self, principal: Principal, page: str) -> None: ...

    def page_left(self, principal: Principal, page: str) -> None: ...

    def page_silent(self, principal: Principal, page: str, seconds: float) -> None: ...


class LiveBoard:
    """Pages that show the same entities, and are told at once what changes in them.

    `snapshot(principal)` gives every entity by key; `visible(principal, key, value)` filters the
    changes (and must agree with the snapshot); `owner(key)` tells to whom alone an entity may be
    shown, None where that depends on more than the key; `handler(principal, command)` does commands
    and returns a JSON-able value, a Deferred or a coroutine, or raises Refused. Mount `resource()`.
    """

    log = Logger()

    def __init__(
        self,
        frame: Frame,
        *roles: Role,
        snapshot: Snapshot,
        visible: Visible = everything,
        owner: Owner = nobodys,
        handler: Handler | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._frame = frame
        self._roles = roles
        self._clock: Clock = frame.clock
        self._snapshot = snapshot
        self._visible = visible
        self._owner = owner
        self._handler = handler
        self._watcher = watcher
        self._unnamed = count(1)
        self._clients: set[LiveClient] = set()
        self._of: dict[StaffId, set[LiveClient]] = {}
        """The same by whose they are."""
        self._news: dict[str, Callable[[], Any]] = {}
        """What the next round tells."""
        self._round: DelayedCall | Walk[LiveClient] | None = None
        self._own: dict[str, Callable[[], Any]] = {}
        """What each person's own pages are told next."""
        self._telling: DelayedCall | None = None
        self._beat: DelayedCall | None = None
        self._beating: Walk[LiveClient] | None = None
        frame.sessions.on_end(lambda session: self._close_session(session.token))

    def resource(self) -> Resource:
        """Where the page's WebSocket connects to."""
        return SocketResource(self._admit, self._frame.settings.origins)

    @property
    def audience(self) -> int:
        """How many pages are connected."""
        return len(self._clients)

    def publish(self, key: str, value: Any) -> None:
        """Show this value of the entity to every page that may see it, at once."""
        self._own.pop(key, None)
        encoded: str | None = None
        for client in self._told(key):
            if self._visible(client.principal, key, value):
                encoded = encoded if encoded is not None else dumps({key: value})
                client.set(key, encoded)
            else:
                client.delete(key)

    def publish_own(self, key: str, value: Callable[[], Any]) -> None:
        """Show the value that one person's entity has a moment later, where a page of theirs is.

        For what changes several times in a turn; `publish` shows it sooner.
        """
        if not self._told(key):
            return
        self._own[key] = value
        if self._telling is None:
            self._telling = self._clock.callLater(OWN_AFTER, self._tell_own)

    def publish_soon(self, key: str, value: Callable[[], Any]) -> None:
        """Show the value that the entity has by the next round; None takes it away.

        For what many see: however often it changes, each page is told of it once a round.
        """
        if not self._clients:
            return
        self._news[key] = value
        if self._round is None:
            self._round = self._clock.callLater(ROUND_AFTER, self._go_round)

    def delete(self, *keys: str) -> None:
        """These entities are gone."""
        for key in keys:
            self._own.pop(key, None)
            for client in self._told(key):
                client.delete(key)

    def _told(self, key: str) -> tuple[LiveClient, ...]:
        owner = self._owner(key)
        return tuple(self._clients if owner is None else self._of.get(owner, ()))

    def _tell_own(self) -> None:
        self._telling, due = None, dict(self._own)
        for key, value in due.items():
            with self.log.failuresHandled("{key} is not shown", key=key):
                self.publish(key, value())

    def _go_round(self) -> None:
        self._round, due = None, dict(self._news)
        self._news.clear()
        news = {key: value() for key, value in due.items()}
        encoded = {key: dumps({key: value}) for key, value in news.items() if value is not None}

        def tell(client: LiveClient) -> None:
            if client not in self._clients:
                return
            who = client.principal
            seen = {key for key in encoded if self._visible(who, key, news[key])}
            client.set_all({key: each for key, each in encoded.items() if key in seen})
            for key in news.keys() - seen:
                client.delete(key)

        # Who comes while it is under way is shown all of it at once.
        self._round = walk = Walk(self._clock, self._clients, tell, self._round_done)
        walk.start()

    def _round_done(self) -> None:
        self._round = self._clock.callLater(ROUND_AFTER, self._go_round) if self._news else None

    def _end_round(self) -> None:
        """What was to be told is in the next snapshot."""
        self._news.clear()
        self._own.clear()
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        match self._round:
            case Walk() as walk:
                walk.stop()
            case None:
                pass
            case timer:
                timer.cancel()
        self._round = None

    def refresh(self) -> None:
        """Send every page a new snapshot, as after something that changes nearly everything."""
        self._end_round()
        for client in tuple(self._clients):
            client.show(self._snapshot(client.principal), utc(self._clock).isoformat())

    def close(self) -> None:
        """Disconnect every page."""
        for client in tuple(self._clients):
            client.close(GOING_AWAY)

    # --- clients ----------------------------------------------------------------------------

    def _admit(self, request: Request) -> LiveClient | None:
        session = self._frame.session(request)
        if session is None or (self._roles and not session.principal.roles & set(self._roles)):
            return None
        language = self._frame.language(request)
        named = (request.args or {}).get(b"page", [b""])[0]
        page = named.decode() if PAGE_NAME.fullmatch(named) else self._another_name()
        return LiveClient(self, aborter(request), session.token, session.principal, language, page)

    def _another_name(self) -> str:
        return f"unnamed-{self._clock.seconds():.3f}-{next(self._unnamed)}"

    def joined(self, client: LiveClient) -> None:
        """A page connected: it gets the snapshot."""
        if self._watcher is not None:
            self._watcher.page_joined(client.principal, client.page)
        entities = self._snapshot(client.principal)
        # Only now, so that it is shown nothing before.
        self._clients.add(client)
        self._of.setdefault(client.principal.staff_id, set()).add(client)
        client.show(entities, utc(self._clock).isoformat())
        if self._beat is None:
            self._beat = self._clock.callLater(HEARTBEAT, self._heartbeat)

    def left(self, client: LiveClient) -> None:
        """A page went away."""
        if client not in self._clients:
            return
        self._clients.discard(client)
        own = self._of[client.principal.staff_id]
        own.discard(client)
        if not own:
            del self._of[client.principal.staff_id]
        if self._watcher is not None and not self._connected(client):
            self._watcher.page_left(client.principal, client.page)
        if not self._clients and self._beat is not None:
            self._beat.cancel()
            self._beat = None
            self._end_round()
            if self._beating is not None:
                self._beating.stop()

    def _connected(self, client: LiveClient) -> bool:
        """Whether the same page has another connection."""
        own = self._of.get(client.principal.staff_id, ())
        return any(each.page == client.page for each in own)

    def _heartbeat(self) -> None:
        self._beat = self._clock.callLater(HEARTBEAT, self._heartbeat)
        if self._beating is not None:
            self._beating.stop()
        self._beating = Walk(self._clock, self._clients, self._beat_of)
        self._beating.start()

    def _beat_of(self, client: LiveClient) -> None:
        if client not in self._clients:
            return
        if self._frame.sessions.find(client.token) is None:
            client.close(SESSION_ENDED)
        elif client.unread > MOST_UNREAD:
            self.log.info("a page of {staff_id} does not read", staff_id=client.principal.staff_id)
            client.drop()
        else:
            if self._watcher is not None and client.unread > 1:
                silence = client.unread * HEARTBEAT
                self._watcher.page_silent(client.principal, client.page, silence)
            client.beat(utc(self._clock).isoformat())

    def _close_session(self, token: str) -> None:
        for client in tuple(self._clients):
            if client.token == token:
                client.close(SESSION_ENDED)

    # --- commands ---------------------------------------------------------------------------

    def command(self, client: LiveClient, text: str) -> None:
        """Do what a page asks, and answer it."""
        try:
            command = requests.parse_object(text)
            number = int(command["id"])
            if not isinstance(command.get("do"), str):
                raise requests.BadRequest("a command says what to do")
        except (requests.BadRequest, KeyError, TypeError, ValueError):
            client.close(POLICY_VIOLATION)
            return
        if self._handler is None:
            client.answer({"re": number, "error": "request.bad", "text": "no commands here"})
            return
        if self._watcher is not None:
            command = {**command, FROM_PAGE: client.page}
        done = Deferred.fromCoroutine(_awaited(self._handler, client.principal, command))
        done.addCallback(lambda value: client.answer({"re": number, "ok": value}))
        done.addErrback(lambda failure: client.answer(self._error(client, number, failure)))
        done.addErrback(lambda failure: self.log.failure("command lost", failure))

    def _error(self, client: LiveClient, number: int, failure: Failure) -> dict[str, Any]:
        error = failure.value
        if isinstance(error, Refused):
            text = self._frame.refusal(client.language, error)
            return {"re": number, "error": error.error_id, "text": text}
        key, text = self._frame.unexpected(failure, "live command", client.language)
        return {"re": number, "error": key, "text": text}


async def _awaited(handler: Handler, principal: Principal, command: Command) -> Any:
    value = handler(principal, command)
    return await value if isinstance(value, Awaitable) else value
