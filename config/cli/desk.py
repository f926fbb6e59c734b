"""An agent's desk over HTTP: sign in, get ready, sign out; what the browser console does too."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.web.client import Agent, FileBodyProducer, ResponseFailed, readBody
from twisted.web.error import SchemeNotSupported
from twisted.web.http_headers import Headers

from cti.kernel.errors import HotlineError
from cti.web.frame import LANGUAGE_COOKIE

REFUSED, SIGN_IN_NEEDED = 400, 401
CONNECT_SECONDS = 5
SESSION, STATE = "/api/v1/session", "/api/v1/agent/state"
UNREACHABLE = (ConnectError, ConnectionClosed, DNSLookupError, ResponseFailed)


class DeskError(HotlineError):
    """The server refused, or is not there."""


class Desk:
    """One agent at the hotline's web address."""

    def __init__(self, reactor: Any, web: str, say: Callable[[str], None] = lambda _: None) -> None:
        self._agent = Agent(reactor, connectTimeout=CONNECT_SECONDS)
        self._web, self._say = web.rstrip("/"), say
        self._identity: dict[str, str] = {}
        self._token = ""

    @asynccontextmanager
    async def signed_in(self, login: str, password: str) -> AsyncIterator[None]:
        """Signed in inside, not ready yet; signed out after, whatever the agent does. DeskError."""
        self._identity = {"login": login, "password": password}
        await self._sign_in()
        try:
            yield
        finally:
            await self._choose("logged_off")
            await self._request(b"DELETE", SESSION)
            self._say(f"agent {login} is signed out")

    async def ready(self) -> None:
        """Take calls; ends after-call work. DeskError."""
        await self._choose("ready")

    async def pause(self, reason: str) -> None:
        """Take no calls for that reason, from now or after this call. DeskError."""
        await self._choose("not_ready", reason=reason)

    # --- requests ---------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        self._token = ""
        status, answer = await self._request(b"POST", SESSION, self._identity)
        try:
            self._token = _accepted(SESSION, status, answer)["token"]
        except DeskError as error:
            raise DeskError(f"{self._identity['login']} cannot sign in: {error}") from error

    async def _choose(self, state: str, **more: str) -> None:
        value = {"state": state, **more}
        status, answer = await self._request(b"POST", STATE, value)
        if status == SIGN_IN_NEEDED:  # the session was idle for too long, or the server restarted
            await self._sign_in()
            status, answer = await self._request(b"POST", STATE, value)
        _accepted(STATE, status, answer)

    async def _request(
        self, method: bytes, path: str, value: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        headers = {
            "Content-Type": ["application/json"],
            "Accept-Language": ["en"],
            "Cookie": [f"{LANGUAGE_COOKIE}=en"],
        }
        if self._token:
            headers["Authorization"] = [f"Bearer {self._token}"]
        body = None if value is None else FileBodyProducer(BytesIO(json.dumps(value).encode()))
        url = f"{self._web}{path}".encode()
        try:
            response = await self._agent.request(method, url, Headers(headers), body)
            content = await readBody(response)
        except UNREACHABLE as error:
            raise DeskError(f"nobody answers at {self._web}: is the hotline running?") from error
        except SchemeNotSupported as error:
            raise DeskError(f"{self._web} is no web address such as http://host:8080") from error
        try:
            return response.code, json.loads(content) if content else {}
        except ValueError as error:
            raise DeskError(f"what answers at {self._web} is not the hotline") from error


def _accepted(path: str, status: int, answer: Any) -> Any:
    if status >= REFUSED:
        text = answer.get("text") if isinstance(answer, dict) else None
        raise DeskError(text or f"{path} was answered {status}")
    return answer
