"""The frame every web package builds its pages with: sessions, templates, texts, live boards.

A web package (``agents.web``) holds ``pages.py`` and beside it ``templates/``, ``static/`` and
``locales/``. The composition root registers it with ``frame.add_package("agents.web")`` and
mounts its pages; the pages themselves look like this::

    class ConsolePages:
        app = pages()

        def __init__(self, frame: Frame, agents: AgentService) -> None:
            self.frame = frame
            self._agents = agents

        @app.route("/", methods=["GET"])
        def console(self, request: Request) -> bytes:
            principal = self.frame.guard(request, Role.AGENT)
            return self.frame.render(request, "console.html", agent=self._agents.of(principal))

        @app.route("/notes", methods=["POST"])
        async def notes(self, request: Request) -> bytes:
            principal = self.frame.guard(request, Role.AGENT)
            form = self.frame.form(request)
            await self._agents.keep_notes(principal.staff_id, form["notes"])
            return self.frame.redirect(request, "/console")

Routes are relative to where the site mounts the pages (``/`` above is ``/console``). A template
extends ``base.html`` (its docstring lists the blocks), says its words with ``t("console.title")``
and holds no inline script or style: the content security policy refuses them. ``pages()`` turns
every error into an answer: `Refused` into a page or ``{"error": id, "text": ...}``, a missing
sign-in into the way to ``/sign-in``, a bug into an incident number that is found again in the log.
"""
