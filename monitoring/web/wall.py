"""The wall board's page and its live connection."""

from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from cti.kernel.errors import Refused
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Language
from cti.web.frame import Frame
from cti.web.live import Command, Handler, LiveBoard
from cti.web.pages import pages
from monitoring.service import MonitoringService
from monitoring.statistics import FORMULAS, ServiceLevelFormula


class WallPages:
    """``/wall``: everybody who is signed in may look at it; nothing on it is about a customer."""

    app = pages()

    def __init__(self, frame: Frame, monitoring: MonitoringService) -> None:
        self.frame = frame
        self._monitoring = monitoring
        self.commands: dict[str, Handler] = {}
        """What the board can be asked for, by name; each looks itself at who asks."""
        self._live = LiveBoard(frame, snapshot=self._snapshot, handler=self._do)
        monitoring.board.add_audience(self._live)

    @app.route("/", methods=["GET"])
    def wall(self, request: Request) -> bytes:
        """The board; what it shows comes by the live connection."""
        self.frame.guard(request)
        shown = ServiceLevelFormula.ABANDONS_FAIL
        return self.frame.render(
            request,
            "wall.html",
            settings=self._settings(self.frame.language(request), shown),
            formula=FORMULAS[shown],
        )

    @app.route("/live", methods=["GET"])
    def live(self, _request: Request) -> Resource:
        """The live connection, which looks for itself who asks."""
        return self._live.resource()

    def close(self) -> None:
        """Disconnect every screen."""
        self._live.close()

    def _do(self, principal: Principal, command: Command) -> Any:
        handler = self.commands.get(command["do"])
        if handler is None:
            raise Refused("wall.command_unknown", command=command["do"])
        return handler(principal, command)

    def _snapshot(self, _principal: Principal) -> dict[str, Any]:
        return dict(self._monitoring.board.snapshot())

    def _settings(self, language: Language, shown: ServiceLevelFormula) -> dict[str, Any]:
        limits = self._monitoring.settings.thresholds
        levels = {
            name: {
                "warning": limit.warning,
                "critical": limit.critical,
                "below": limit.below,
                "hysteresis": limit.hysteresis,
                "sample": limit.sample,
            }
            for name, limit in (
                ("waiting", limits.waiting),
                ("longest_wait", limits.longest_wait),
                ("service_level", limits.service_level),
            )
        }
        zone = str(self._monitoring.settings.rules.zone)
        return {
            "language": language.value,
            "zone": zone,
            "formula": shown.value,
            "thresholds": levels,
        }
