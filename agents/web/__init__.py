"""The agent console: one page, one WebSocket, and a few requests for telephones without a browser.

The composition root builds `Console` after `AgentService.start`, calls its `start`, and mounts
``ConsolePages(...).app.resource()`` at ``/console`` and ``AgentApi(...).app.resource()`` at
``/api/v1/agent``.
"""
