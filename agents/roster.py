"""The roster: staff and queues, kept in memory once loaded, so that nobody waits for them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, execute

from agents.model import Queue, Staff
from agents.repository import Credentials, SipDigests, load_queues_txn, load_staff_txn
from cti.database import Database
from cti.kernel.identifiers import AgentId, DeviceId, QueueId, StaffId
from cti.kernel.principal import Principal
from cti.kernel.secret import Secret
from cti.kernel.vocabulary import Role

Aside = Callable[[Callable[[], bool]], Deferred[bool]]
"""Does a job where it may take its time."""


class Roster:
    """Everybody who works here; implements `StaffNames` and the site's `Authenticator`."""

    def __init__(self, database: Database, hasher: PasswordHasher, aside: Aside = execute) -> None:
        """Passwords are verified `aside`, where strangers who guess at them hold nobody up."""
        self._database, self._hasher, self._aside = database, hasher, aside
        self._people: dict[StaffId, Credentials] = {}
        self._by_login: dict[str, Credentials] = {}
        self._by_extension: dict[DeviceId, Credentials] = {}
        self._queues: dict[QueueId, Queue] = {}
        self._serving: dict[QueueId, tuple[AgentId, ...]] = {}
        """Of queues that were asked about since everybody was loaded."""
        # Verified for unknown login names, so that they take as long as known ones.
        self._nobody = Secret(hasher.hash(""))

    async def load(self) -> None:
        """Read staff and queues, in place of what was known."""
        people, queues = await self._database.read(_load_txn)
        self.know(people, queues)

    def know(self, people: Iterable[Credentials], queues: Iterable[Queue]) -> None:
        """Know exactly these."""
        self._people = {each.staff.staff_id: each for each in people}
        known = self._people.values()
        self._by_login = {each.staff.login: each for each in known}
        self._by_extension = {e.staff.extension: e for e in known if e.staff.extension}
        self._queues = {queue.queue_id: queue for queue in queues}
        self._serving.clear()

    @property
    def queues(self) -> Mapping[QueueId, Queue]:
        """Every queue by its id."""
        return MappingProxyType(self._queues)

    def staff(self) -> list[Staff]:
        """Everybody, in the order they were loaded."""
        return [each.staff for each in self._people.values()]

    def agents(self) -> list[Staff]:
        """Those who take calls: agents with a telephone."""
        return [one for one in self.staff() if Role.AGENT in one.roles and one.extension]

    def serving(self, queue_id: QueueId) -> tuple[AgentId, ...]:
        """The agents whose skills are enough for its callers; nobody for an unknown queue."""
        found, queue = self._serving.get(queue_id), self._queues.get(queue_id)
        if found is None and queue is not None:
            agents, enough = self.agents(), queue.rules.served_with
            found = tuple(each.agent_id for each in agents if enough(each.skills))
            self._serving[queue_id] = found
        return found or ()

    def by_id(self, staff_id: StaffId) -> Staff | None:
        """The person of that id."""
        return _person(self._people.get(staff_id))

    def by_login(self, login: str) -> Staff | None:
        """The person of that login name."""
        return _person(self._by_login.get(login))

    def by_extension(self, extension: DeviceId) -> Staff | None:
        """The person whose telephone has that extension."""
        return _person(self._by_extension.get(extension))

    def name_of(self, staff_id: StaffId) -> str:
        """The person's name, or the id of somebody who is no more."""
        person = self.by_id(staff_id)
        return person.name if person else staff_id

    def sip_digests(self, user: str) -> SipDigests | None:
        """What the telephone of that extension proves itself with; None for an unknown one."""
        known = self._by_extension.get(DeviceId(user))
        return known.sip if known else None

    def authenticate(self, login: str, password: str) -> Deferred[Principal | None]:
        """The person if the password is theirs; equally long for names nobody has."""
        known = self._by_login.get(login)
        stored = known.password_hash if known else self._nobody
        verified = self._aside(partial(_verify, self._hasher, stored, Secret(password)))
        return verified.addCallback(
            lambda right: known.staff.principal if known and right else None
        )


def _person(known: Credentials | None) -> Staff | None:
    return known.staff if known else None


def _load_txn(session: Session) -> tuple[list[Credentials], list[Queue]]:
    return load_staff_txn(session), load_queues_txn(session)


def _verify(hasher: PasswordHasher, stored: Secret, password: Secret) -> bool:
    """Argon2, which takes as long as it does so that guessing is dear."""
    try:
        return hasher.verify(stored.reveal(), password.reveal())
    except (VerificationError, InvalidHashError):
        return False
