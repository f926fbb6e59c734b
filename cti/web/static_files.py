"""The packages' static files, below ``/static/<package>/``."""

from twisted.python.filepath import FilePath, InsecurePath
from twisted.web.http import CACHED
from twisted.web.pages import notFound
from twisted.web.resource import Resource
from twisted.web.server import Request

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""Media types by ending; anything else is sent as bytes to be saved."""


class StaticFiles(Resource):
    """Sends files whole (they are small); browsers ask each time whether one changed."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self._folders: dict[bytes, FilePath[bytes]] = {}

    def add(self, name: str, folder: str) -> None:
        """Serve the folder's files below that name."""
        self._folders[name.encode("ascii")] = FilePath(folder.encode())

    def render_GET(self, request: Request) -> object:
        """The file, 304 when the browser has it already, or 404; folders are not listed."""
        file = self._find(request.postpath or [])
        if file is None:
            return notFound().render(request)
        ending = file.splitext()[1].decode("ascii", "replace")
        request.setHeader("content-type", KINDS.get(ending, "application/octet-stream"))
        request.setHeader("cache-control", "no-cache")
        if request.setLastModified(file.getModificationTime()) is CACHED:
            return b""
        return file.getContent()

    def _find(self, path: list[bytes]) -> FilePath[bytes] | None:
        if not path or path[0] not in self._folders:
            return None
        try:
            file = self._folders[path[0]].descendant(path[1:])
        except (InsecurePath, ValueError):
            return None
        return file if file.isfile() else None
