"""An agent's desk over HTTP: sign in, get ready, sign out; what the browser console does too."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from twisted.internet.error import ConnectError
from twisted.web.client import Agent, FileBodyProducer, ResponseFailed, readBody
from twisted.web.http_headers import Headers

from cti.kernel.errors import HotlineError

REFUSED = 400
CONNECT_SECONDS = 5


class DeskError(HotlineError):
    """The server refused, or is not there."""


class Desk:
    """One agent at the hotline's web address."""

    def __init__(self, reactor: Any, web: str) -> None:
        self._agent = Agent(reactor, connectTimeout=CONNECT_SECONDS)
        self._web = web.rstrip("/")
        self._token = ""

    @asynccontextmanager
    async def staffed(self, login: str, password: str) -> AsyncIterator[None]:
        """Signed in and ready inside, signed out after; DeskError."""
        answer = await self._post("/api/v1/session", {"login": login, "password": password})
        self._token = answer["token"]
        await self._post("/api/v1/agent/state", {"state": "ready"})
        try:
            yield
        finally:
            await self._post("/api/v1/agent/state", {"state": "logged_off"})

    async def _post(self, path: str, value: dict[str, str]) -> Any:
        headers = {"Content-Type": ["application/json"]}
        if self._token:
            headers["Authorization"] = [f"Bearer {self._token}"]
        body = FileBodyProducer(BytesIO(json.dumps(value).encode()))
        url = f"{self._web}{path}".encode()
        try:
            response = await self._agent.request(b"POST", url, Headers(headers), body)
            content = await readBody(response)
        except (ConnectError, ResponseFailed) as error:
            raise DeskError(f"nobody answers at {self._web}: is the hotline running?") from error
        answer = json.loads(content) if content else {}
        if response.code >= REFUSED:
            raise DeskError(answer.get("text") or f"{path} was answered {response.code}")
        return answer
