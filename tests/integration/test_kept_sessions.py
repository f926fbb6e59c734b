"""Sessions over real sockets that go on in another endpoint at the same port."""

import json
from typing import Any

import pytest

from cti.kernel.plain import from_plain, to_plain
from cti.sip import sdp
from cti.sip.access.kept import KeptBinding
from cti.sip.events import (
    Ended,
    RegistrationSucceeded,
    Report,
    SessionAccepted,
    SessionConfirmed,
    SessionEnded,
    SessionKey,
    SessionOffered,
)
from cti.sip.session.kept import KeptSession
from cti.sip.settings import UserAgentSettings
from cti.transport.endpoint import SipEndpoint
from tests.integration.test_sip_transports import HOST, House
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.reactor import reactor, run_in_reactor, until


class Server:
    """One process after the other at a port; each answers every call."""

    def __init__(self, port: int = 0) -> None:
        self.reports: list[Report] = []
        self.endpoint = SipEndpoint(
            reactor(),
            UserAgentSettings(HOST, port, trunks={HOST: "peer"}),
            KnownAccounts("1001"),
            counting_entropy(port),
            self._told,
        )
        self.endpoint.start(HOST)

    @property
    def port(self) -> int:
        return self.endpoint.user_agent.settings.port

    async def restarted(self) -> "Server":
        """The one after it, that knows what JSON can hold."""
        agent = self.endpoint.user_agent
        sessions = [self.endpoint.keep(each) for each in agent.sessions]
        bindings = self.endpoint.keep_bindings("1001")
        written = json.dumps([to_plain(each) for each in (*sessions, *bindings)])
        await self.endpoint.close()
        after = Server(self.port)
        records = json.loads(written)
        found = [from_plain(KeptSession, each) for each in records[: len(sessions)]]
        registered = [from_plain(KeptBinding, each) for each in records[len(sessions) :]]
        for each in found:
            after.endpoint.resume(each)
        after.endpoint.resume_bindings(registered)
        return after

    def all(self, kind: type) -> list[Any]:
        return [each for each in self.reports if isinstance(each, kind)]

    def _told(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, SessionOffered) and report.offer is not None:
            self.endpoint.accept(report.session, sdp.answer(report.offer, HOST, 40000))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("ours", [True, False], ids=["we leave", "they leave"])
def test_a_call_goes_on_with_the_next_process(transport: str, ours: bool) -> None:
    async def main() -> None:
        server, phone = Server(), House(user="phone")
        session = phone.call(f"sip:95588@{HOST}:{server.port};transport={transport}")
        await until(lambda: phone.all(SessionAccepted) and server.all(SessionConfirmed))
        server = await server.restarted()
        (here,) = server.endpoint.user_agent.sessions
        server.endpoint.send_key(here, "5")
        await until(lambda: phone.all(SessionKey))
        phone.endpoint.send_key(session, "6")
        await until(lambda: server.all(SessionKey))
        if ours:
            server.endpoint.end(here)
        else:
            phone.endpoint.end(session)
        await until(lambda: phone.all(SessionEnded) and server.all(SessionEnded))
        ends = {phone.all(SessionEnded)[0].why, server.all(SessionEnded)[0].why}
        assert ends == {Ended.LOCAL, Ended.REMOTE}
        await phone.endpoint.stop()
        await server.endpoint.stop()

    run_in_reactor(main, timeout=15)


def test_a_telephone_is_called_by_the_next_process() -> None:
    async def main() -> None:
        server, phone = Server(), House(user="1001")
        registrar = f"sip:{HOST}:{server.port}"
        phone.endpoint.register(f"sip:1001@{HOST}", registrar, "1001", "secret-1001", 600)
        await until(lambda: phone.all(RegistrationSucceeded))
        before = server.endpoint.contacts("1001")
        server = await server.restarted()
        assert server.endpoint.contacts("1001") == before
        await server.endpoint.stop()
        await phone.endpoint.stop(0.1)

    run_in_reactor(main, timeout=15)
