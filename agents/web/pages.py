"""The console's page, and the same wishes for telephones without a browser."""

from datetime import tzinfo
from typing import Any

from twisted.web.resource import IResource
from twisted.web.server import Request

from agents.errors import reason_unknown, state_unknown
from agents.model import AgentSettings
from agents.service import AgentService
from agents.web.console import Console
from cti.kernel.identifiers import AgentId
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.pages import pages
from cti.web.requests import cookie

THEME_COOKIE = "hotline_theme"


class ConsolePages:
    """``/console`` and its WebSocket, ``/console/live``; instants are shown at the bank's time."""

    app = pages()

    def __init__(self, frame: Frame, agents: AgentService, console: Console, zone: tzinfo) -> None:
        self.frame = frame
        self._agents, self._console, self._zone = agents, console, zone

    @app.route("/", methods=["GET"])
    def console(self, request: Request) -> bytes:
        """The page; its contents come by the WebSocket."""
        principal = self.frame.guard(request, Role.AGENT)
        view = self._agents.view(AgentId(principal.staff_id))
        return self.frame.render(
            request,
            "console.html",
            agent_id=view.agent_id,
            extension=view.extension,
            zone=self._zone,
            reasons=reasons_of(self._agents.settings),
            theme=theme_of(request),
        )

    @app.route("/live", methods=["GET"])
    def live(self, _request: Request) -> IResource:
        """The WebSocket, which looks itself at who connects."""
        return self._console.board.resource()


class AgentApi:
    """``/api/v1/agent``: what `hotline phone` does for its agent."""

    app = pages()

    def __init__(self, frame: Frame, agents: AgentService, console: Console) -> None:
        self.frame = frame
        self._agents, self._console = agents, console

    @app.route("/state", methods=["GET"])
    def state(self, request: Request) -> bytes:
        """The agent at this moment."""
        return self.frame.json(request, self._agents.view(self._agent(request)))

    @app.route("/state", methods=["POST"])
    def set_state(self, request: Request) -> bytes:
        """``{"state": "ready" | "not_ready" | "logged_off", "reason": "lunch"}``.

        Signs the agent in where needed; ``not_ready`` right after that needs no reason. Answers
        with the agent; what they chose is `pending` while a call occupies them.
        """
        agent_id = self._agent(request)
        fields = self.frame.read_json(request)
        match fields.get("state"):
            case "ready":
                self._agents.sign_in(agent_id)
                self._agents.set_ready(agent_id)
            case "not_ready":
                self._agents.sign_in(agent_id)
                self._pause(agent_id, fields.get("reason"))
            case "logged_off":
                self._agents.sign_out(agent_id)
            case other:
                raise state_unknown(str(other))
        self._console.show_agent(agent_id)
        return self.frame.json(request, self._agents.view(agent_id))

    def _pause(self, agent_id: AgentId, reason: object) -> None:
        if reason is None and self._agents.view(agent_id).reason:
            return
        if not isinstance(reason, str):
            raise reason_unknown(str(reason))
        self._agents.set_not_ready(agent_id, reason)

    def _agent(self, request: Request) -> AgentId:
        return AgentId(self.frame.guard(request, Role.AGENT).staff_id)


def reasons_of(settings: AgentSettings) -> list[dict[str, Any]]:
    """Each reason for not being ready, with the seconds it may last (None: any)."""
    return [{"reason": name, "longest": longest} for name, longest in settings.reasons.items()]


def theme_of(request: Request) -> str:
    """What the page's switch chose: ``light``, ``dark``, or ``auto`` for the machine's own."""
    chosen = cookie(request, THEME_COOKIE)
    return chosen if chosen in ("light", "dark") else "auto"
