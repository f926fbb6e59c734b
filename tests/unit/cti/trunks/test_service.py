"""The trunks over signalling and name servers that a test plays, with its own clock."""

from dataclasses import dataclass, field, replace

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from cti.kernel.bus import Bus
from cti.kernel.errors import Refused
from cti.kernel.events import Event, decode, encode
from cti.kernel.secret import Secret
from cti.sip.events import (
    Endpoint,
    ProbeAnswered,
    RegistrationFailed,
    RegistrationSucceeded,
    Transport,
)
from cti.sip.locating import endpoint_of
from cti.trunks.events import TrunkDown, TrunkRegistered, TrunkUnregistered, TrunkUp
from cti.trunks.numbers import Numbers, NumberSettings, Reach
from cti.trunks.service import TrunkService
from cti.trunks.settings import (
    Account,
    Gateway,
    Limits,
    Prefixes,
    Probing,
    Rule,
    Trunk,
    TrunksSettings,
)

FIRST, SECOND = Gateway("192.0.2.1", 5060), Gateway("192.0.2.2", 5060, Transport.TCP)
CARRIER = Trunk("carrier", (FIRST, SECOND), presented=("01066668888",))
OTHER = Trunk("other", (Gateway("192.0.2.9"),), presented=("01066668888",))
RULES = Probing(every=30, suspect=5, failures=2, successes=2)


@dataclass
class House:
    """A trunk service, what it asked of signalling, and what it told the bus."""

    settings: TrunksSettings
    names: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.probed: list[str] = []
        self.registered: list[tuple[str, str, str, str, int]] = []
        self.events: list[Event] = []
        self.mute: set[str] = set()
        self.slow: dict[str, float] = {}

        def broken(_event: Event, error: BaseException) -> None:
            raise error

        bus = Bus(broken)
        bus.subscribe(Event, self.events.append)
        self.trunks = TrunkService(
            self.settings,
            Numbers(NumberSettings(), ("95588",)),
            "198.51.100.1",
            self.clock,
            bus,
            lambda size: "00" * size,
            self.look_up,
        )
        self.trunks.start(self)

    def probe(self, key: str, uri: str) -> None:
        self.probed.append(uri)
        status = 408 if any(each in uri for each in self.mute) else 405
        late = next((each for host, each in self.slow.items() if host in uri), 0.1)
        self.clock.callLater(late, self.trunks.report, ProbeAnswered(key, status))

    def register(
        self, address_of_record: str, registrar: str, user: str, secret: str, expires: int
    ) -> None:
        self.registered.append((address_of_record, registrar, user, secret, expires))

    def look_up(self, uri: str) -> Deferred[tuple[Endpoint, ...]]:
        found = self.names.get(uri.removeprefix("sip:"), [])
        return succeed(tuple(Endpoint(each, 5060) for each in found))

    def wait(self, seconds: float) -> None:
        self.clock.pump([0.5] * round(seconds * 2))

    def ways(self, number: str = "13800138000") -> list[str]:
        return [route.target.partition("@")[2] for route in self.trunks.routes(number)]


def house(*trunks: Trunk, **more: object) -> House:
    settings = TrunksSettings({each.name: each for each in trunks}, probing=RULES)
    return House(replace(settings, **more))  # type: ignore[arg-type]  # any setting


FIRST_WAY = "192.0.2.1:5060;transport=udp;user=phone"
SECOND_WAY = "192.0.2.2:5060;transport=tcp;user=phone"


def test_a_silent_gateway_is_passed_over_and_preferred_again_when_it_is_back() -> None:
    here = house(CARRIER)
    here.wait(1)
    assert here.ways() == [FIRST_WAY, SECOND_WAY]
    here.mute = {"192.0.2.1"}
    here.wait(60)
    assert here.ways() == [SECOND_WAY, FIRST_WAY]
    here.mute = set()
    here.wait(15)
    assert here.ways() == [FIRST_WAY, SECOND_WAY]
    down, up = here.events
    assert isinstance(down, TrunkDown)
    assert (down.trunk, down.gateway, down.left) == ("carrier", str(FIRST), 1)
    assert isinstance(up, TrunkUp)
    assert up.gateway == str(FIRST)


def test_a_gateway_that_answers_too_late_is_silent() -> None:
    here = house(CARRIER)
    here.slow = {"192.0.2.1": 20.0}
    here.wait(60)
    assert here.ways() == [SECOND_WAY, FIRST_WAY]
    assert [type(each) for each in here.events] == [TrunkDown]


def test_a_failed_call_leads_to_the_next_gateway_at_once_and_asks_the_first() -> None:
    here = house(CARRIER)
    here.wait(1)
    asked = len(here.probed)
    first, _ = here.trunks.routes("13800138000")
    assert here.trunks.failed(first, 408, silent=True)
    assert here.ways() == [SECOND_WAY, FIRST_WAY]
    here.wait(6)
    assert len(here.probed) == asked + 1
    assert here.ways() == [FIRST_WAY, SECOND_WAY]


def test_a_gateway_is_not_to_blame_for_the_408_it_passes_on() -> None:
    """The called party's telephone found nobody: as often as it may happen, the gateway is up."""
    here = house(CARRIER)
    here.wait(1)
    asked = len(here.probed)
    first, _ = here.trunks.routes("13800138000")
    for _ in range(3):
        assert here.trunks.failed(first, 408)
    assert here.ways() == [FIRST_WAY, SECOND_WAY]
    here.wait(6)
    assert len(here.probed) == asked
    assert here.events == []


@pytest.mark.parametrize(
    ("status", "again"),
    [(408, True), (500, True), (502, True), (503, True), (486, False), (404, False), (603, False)],
)
def test_which_refusals_another_gateway_may_not_share(status: int, again: bool) -> None:
    here = house(CARRIER)
    assert here.trunks.failed(here.trunks.routes("110")[0], status) is again


def test_what_an_invite_says() -> None:
    account = Account("sip:c.example", "c.example", "8610", Secret("hidden"), login="login")
    trunk = replace(
        CARRIER,
        account=account,
        proxy="sip:p.example",
        prefixes=Prefixes(add="9"),
        codecs=("PCMA",),
    )
    route = house(trunk).trunks.routes("88880001")[0]
    assert route.target == f"sip:9+861088880001@{FIRST_WAY}"
    assert (route.user, route.secret) == ("login", "hidden")
    assert (route.calling, route.host) == ("8610", "c.example")
    assert (route.proxy, route.codecs, route.patience) == ("sip:p.example", ("PCMA",), 4.0)
    assert "hidden" not in repr(route)


def test_trunks_by_rule_and_by_what_they_are_allowed() -> None:
    rules = (Rule(("mobile",), ("other", "carrier")), Rule(("+44*", "95588"), ("carrier",)))
    far = replace(CARRIER, reaches=CARRIER.reaches | {Reach.INTERNATIONAL})
    here = house(far, OTHER, routes=rules)
    assert [route.trunk for route in here.trunks.routes("13800138000")] == [
        "other",
        "carrier",
        "carrier",
    ]
    assert [route.trunk for route in here.trunks.routes("95588")] == ["carrier", "carrier"]
    assert [route.trunk for route in here.trunks.routes("00442079460000")] == ["carrier"] * 2
    for refused in ("88880001", "+12125551234", "", "1001", "anonymous"):
        with pytest.raises(Refused) as error:
            here.trunks.routes(refused)
        assert error.value.error_id == "call.no_route"


def test_help_is_called_by_every_trunk_whatever_the_rules() -> None:
    rules = (Rule(("mobile",), ("carrier",)),)
    here = house(replace(CARRIER, reaches=frozenset()), OTHER, routes=rules)
    assert [route.trunk for route in here.trunks.routes("110")] == ["carrier", "carrier", "other"]


def test_limits_are_counted_by_direction_and_given_back() -> None:
    here = house(replace(CARRIER, limits=Limits(incoming=2, outgoing=1, total=2)))
    trunks = here.trunks
    route = trunks.routes("110")[0]
    assert trunks.seize(route)
    assert not trunks.seize(route)
    assert trunks.admit("carrier")
    assert not trunks.admit("carrier")
    trunks.release("carrier", outgoing=True)
    assert trunks.admit("carrier")
    assert not trunks.seize(route)
    for _ in range(9):
        trunks.release("carrier")
    (seen,) = trunks.view()
    assert (seen["incoming"], seen["outgoing"], seen["limit"], seen["refused"]) == (0, 0, 2, 3)


def test_what_anybody_may_see_names_trunks_and_no_address() -> None:
    account = Account("sip:registrar.example", "c.example", "8610", Secret("s"))
    here = house(replace(CARRIER, account=account))
    here.wait(1)
    (seen,) = here.trunks.view()
    assert seen["trunk"] == "carrier"
    assert [each["state"] for each in seen["gateways"]] == ["up", "up"]
    assert not any(part in repr(seen) for part in ("192.0.2", "example", "8610"))


def test_calls_per_second() -> None:
    here = house(replace(CARRIER, limits=Limits(per_second=2)))
    assert [here.trunks.admit("carrier") for _ in range(4)] == [True, True, False, False]
    here.clock.advance(0.5)
    assert [here.trunks.admit("carrier") for _ in range(2)] == [True, False]
    here.clock.advance(100)
    assert [here.trunks.admit("carrier") for _ in range(3)] == [True, True, False]


def test_a_registration_is_asked_for_again_with_growing_pauses() -> None:
    account = Account("sip:c.example", "c.example", "8610", Secret("s"), expires=600)
    here = house(replace(CARRIER, account=account))
    assert here.registered == [("sip:8610@c.example", "sip:c.example", "8610", "s", 600)]
    pauses = []
    for _ in range(9):
        begun = here.clock.seconds()
        here.trunks.report(RegistrationFailed("sip:8610@c.example", 503))
        before = len(here.registered)
        while len(here.registered) == before:
            here.clock.advance(1)
        pauses.append(here.clock.seconds() - begun)
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    here.trunks.report(RegistrationSucceeded("sip:8610@c.example", 600))
    here.trunks.report(RegistrationSucceeded("sip:8610@c.example", 600))
    told = [each for each in here.events if isinstance(each, TrunkRegistered | TrunkUnregistered)]
    assert [type(each) for each in told] == [TrunkUnregistered, TrunkRegistered]
    assert here.trunks.view()[0]["registration"]["state"] == "registered"


def test_a_trunk_that_is_not_known_to_its_carrier_comes_last() -> None:
    account = Account("sip:c.example", "c.example", "8610", Secret("s"))
    here = house(replace(CARRIER, account=account), OTHER)
    assert here.trunks.routes("110")[0].trunk == "carrier"
    here.trunks.report(RegistrationFailed("sip:8610@c.example", 403))
    assert [route.trunk for route in here.trunks.routes("110")] == ["other", "carrier", "carrier"]


def test_names_are_trusted_for_where_they_lead_now() -> None:
    trunk = Trunk("carrier", (Gateway("gw.example"),), trusted=("10.1.0.0/16", "2001:db8::1"))
    settings = TrunksSettings({"carrier": trunk}, probing=RULES)
    here = House(settings, {"gw.example": ["192.0.2.7", "192.0.2.8"]})
    trusted = here.trunks.trusted
    assert trusted.get("192.0.2.7") == trusted.get("192.0.2.8") == "carrier"
    assert trusted.get("10.1.2.3") == trusted.get("2001:db8::1") == "carrier"
    assert trusted.get("10.2.0.1") is trusted.get("nonsense") is trusted.get("") is None
    here.names["gw.example"] = ["192.0.2.9"]
    here.wait(61)
    assert (trusted.get("192.0.2.7"), trusted.get("192.0.2.9")) == (None, "carrier")
    here.names.clear()
    here.wait(120)
    assert trusted.get("192.0.2.9") == "carrier"


def test_contacts_are_found_only_from_addresses_that_are_trusted() -> None:
    accounts = [
        Account("sip:192.0.2.1", "c.example", user, Secret("s")) for user in ("8610", "8620")
    ]
    here = house(
        replace(CARRIER, name="one", account=accounts[0]),
        replace(CARRIER, name="two", account=accounts[1]),
    )
    trusted = here.trunks.trusted
    assert trusted.get("8620@192.0.2.1") == "two"
    assert trusted.get("8610@192.0.2.1") == "one"
    assert trusted.get("8620@198.51.100.9") is None
    assert trusted.get("8630@192.0.2.1") is None


def test_nothing_is_left_when_it_stops() -> None:
    account = Account("sip:c.example", "c.example", "8610", Secret("s"))
    trunk = replace(CARRIER, account=account, trusted=("gw.example",))
    here = house(trunk)
    here.trunks.report(RegistrationFailed("sip:8610@c.example", 503))
    here.wait(10)
    here.trunks.stop()
    here.wait(2)
    assert here.clock.getDelayedCalls() == []


def test_what_happens_can_be_written_down() -> None:
    here = house(CARRIER)
    here.mute = {"192.0.2"}
    here.wait(60)
    assert len(here.events) == 2
    for event in here.events:
        assert decode(event.kind, encode(event)) == event


def test_what_a_key_pad_has_beside_digits_is_escaped_in_a_uri() -> None:
    star = Trunk("pbx", (Gateway("192.0.2.7"),), reaches=frozenset(Reach))
    (route,) = house(star).trunks.routes("*21#")
    assert route.target == "sip:*21%23@192.0.2.7;user=phone"
    assert endpoint_of(route.target) == Endpoint("192.0.2.7", 5060)
    (strange,) = house(star).trunks.routes("x@192.0.2.66;y")
    assert endpoint_of(strange.target) == Endpoint("192.0.2.7", 5060)
