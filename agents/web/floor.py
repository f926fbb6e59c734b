"""The supervisors' desk, ``/floor``: the page; what it shows comes by its live connection."""

from datetime import tzinfo

from twisted.web.resource import IResource
from twisted.web.server import Request

from agents.service import AgentService
from agents.web.floor_board import FloorBoard
from agents.web.pages import reasons_of, theme_of
from cti.kernel.vocabulary import Role
from cti.web.frame import Frame
from cti.web.pages import pages


class FloorPages:
    """``/floor`` and its WebSocket, ``/floor/live``; instants are shown at the bank's time."""

    app = pages()

    def __init__(self, frame: Frame, agents: AgentService, board: FloorBoard, zone: tzinfo) -> None:
        self.frame = frame
        self._agents, self._board, self._zone = agents, board, zone

    @app.route("/", methods=["GET"])
    def floor(self, request: Request) -> bytes:
        """The page."""
        principal = self.frame.guard(request, Role.SUPERVISOR)
        return self.frame.render(
            request,
            "floor.html",
            me={"staff_id": principal.staff_id, "extension": principal.extension or ""},
            zone=self._zone,
            reasons=[each["reason"] for each in reasons_of(self._agents.settings)],
            theme=theme_of(request),
        )

    @app.route("/live", methods=["GET"])
    def live(self, _request: Request) -> IResource:
        """The WebSocket, which looks itself at who connects."""
        return self._board.board.resource()
