"""The console's page without a browser: what it was told, and commands."""

from typing import Any

from twisted.internet.task import Clock

from cti.web.live import OWN_AFTER
from tests.support.browsers import Socket


class Page:
    """What a page would know: entities from a snapshot and the changes after it."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.entities: dict[str, Any] = {}
        self.answers: dict[int, Any] = {}
        self._number = 0
        self.read()

    def read(self) -> dict[str, Any]:
        for message in self.socket.received():
            if "re" in message:
                self.answers[message["re"]] = message
            if "snapshot" in message:
                self.entities = dict(message["snapshot"])
            self.entities.update(message.get("set", {}))
            for key in message.get("del", []):
                self.entities.pop(key, None)
        return self.entities

    def look(self, clock: Clock) -> dict[str, Any]:
        """Read what is told of its agent a moment later, too."""
        clock.advance(OWN_AFTER)
        return self.read()

    def do(self, wish: str, **fields: object) -> Any:
        self._number += 1
        self.socket.send({"id": self._number, "do": wish, **fields})
        self.read()
        return self.answers[self._number]
