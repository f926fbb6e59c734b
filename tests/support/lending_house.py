"""Agents, queues and a real IVR on one fake of call control: callers are lent and given back."""

from twisted.internet.task import Clock

from agents.lending import Lending
from agents.lines import Secure
from agents.workplaces import WorkplaceFacts
from cti.kernel.identifiers import AgentId, CallId
from cti.kernel.loans import LoanPurpose
from ivr.ports import Ports
from ivr.service import IvrService
from tests.support.call_centre import CallCentre
from tests.support.fake_bank import FakeBank
from tests.support.fake_tickets import FakeReplies, FakeTickets
from tests.support.flows import shipped_flow
from tests.support.ivr_house import SERVICE_HOURS, NamingAnnouncer, OneCustomer

SIGN_IN = "6001010101#13579080000101#246801"
WRONG_SIGN_IN = "6001010101#13579080000101#000000"
VERIFIED_FOR = 300.0
A, B = AgentId("a"), AgentId("b")


class LendingHouse:
    """Agents ``a`` and ``b`` at 1001 and 1002; the caller of `call_id` talks with ``a``."""

    def __init__(self) -> None:
        facts = WorkplaceFacts(secure=self._secure)
        self.centre = CallCentre({"a": {"general": 5}, "b": {"general": 4}}, facts=facts)
        self.clock: Clock = self.centre.clock
        self.calls = self.centre.calls
        self.announcer, self.bank = NamingAnnouncer(), FakeBank()
        self.ivr, self.lending = self._rooms()
        self.lending.start()
        self.centre.ready("a")
        self.call_id = self.centre.call()
        self.centre.answer(self.call_id)

    def _rooms(self) -> tuple[IvrService, Lending]:
        centre = self.centre
        ports = Ports(
            centre.calls,
            self.announcer,
            OneCustomer(),
            self.bank,
            FakeTickets(),
            FakeReplies(),
            centre.service,
            {"service": SERVICE_HOURS},
            centre.bus,
            centre.clock,
        )
        names = ("main", "verify", "self_service")
        ivr = IvrService({name: shipped_flow(name) for name in names}, ports)
        lending = Lending(
            clock=centre.clock,
            bus=centre.bus,
            control=centre.calls,
            extension_of=lambda agent_id: centre.service.view(agent_id).extension,
            queues=centre.service,
            ivr=ivr,
            sounds=centre.sounds,
            verified_for=VERIFIED_FOR,
        )
        return ivr, lending

    def _secure(self, call_id: CallId) -> Secure | None:
        loan = self.lending.lent(call_id)
        return Secure(loan.purpose, loan.since) if loan is not None else None

    def restart(self, away: float = 2.0) -> None:
        """Another server takes up everything; what the one before had on its clock is gone."""
        self.lending.stop()
        for delayed in tuple(self.clock.getDelayedCalls()):
            delayed.cancel()
        for of_that_server in (self.calls._collectors, self.calls._plays, self.calls.playing):
            of_that_server.clear()
        self.announcer = NamingAnnouncer()
        self.centre.restart(away)
        self.centre.bus._listeners = [
            (kind, each) for kind, each in self.centre.bus._listeners if not _of_ivr(each)
        ]
        self.ivr, self.lending = self._rooms()
        self.lending.start(self.centre.journal)
        self.lending.take_up()

    def lend(self, purpose: LoanPurpose = LoanPurpose.VERIFY) -> None:
        """Agent a lends the caller."""
        self.lending.lend(A, purpose)

    def press(self, keys: str) -> None:
        """The caller presses keys."""
        self.calls.press(self.call_id, keys)

    def finish_play(self) -> None:
        """What plays to the caller comes to its end."""
        self.calls.finish_play(self.call_id)

    def sign_in(self, keys: str = SIGN_IN) -> None:
        """The caller signs in, and hears what comes of it."""
        self.press(keys)
        self.finish_play()
        self.clock.advance(2.0)
        self.finish_play()

    @property
    def heard(self) -> list[str]:
        """The ids of what plays to the caller."""
        return [path.name for path in self.calls.playing.get(self.call_id, ())]

    def agent_hangs_up(self) -> None:
        """Agent a is gone."""
        self.calls.phone_hangs_up(self.centre.phone(self.call_id).id)


def _of_ivr(listener: object) -> bool:
    return isinstance(getattr(listener, "__self__", None), IvrService)
