from pathlib import Path

import pytest

from config.settings import DEFAULT_TRUNKS
from config.settings_file import read_settings
from cti.kernel.document import DocumentError
from cti.media.model import Security
from cti.sip.events import Transport
from cti.trunks.numbers import Form, Reach
from cti.trunks.settings import Dnis, Gateway, Limits, Rule, Show

SECRET = "Tr0ub4dor&3"

WHOLE = """
sip: {host: 192.0.2.9}
media: {host: 192.0.2.9}
trunks:
  carrier:
    gateways: [gw1.example/tls, {address: "192.0.2.2:5070/tls", priority: 1, weight: 3}]
    from: [192.0.2.0/24, sbc.example]
    register: {registrar: "sip:carrier.example", user: "8610", secret_file: secret}
    proxy: sip:proxy.example
    domain: bank.example
    numbers: national
    prefixes: {remove: "7", add: "9"}
    dnis: to
    identity: rpid
    remote_party_id: yes
    shown: ["01066668888"]
    allowed: [local, premium]
    limits: {incoming: 30, outgoing: 20, total: 40, per_second: 2.5}
    codecs: [PCMA]
    srtp: sdes
    probe: false
routes:
  - {to: [mobile, "+44*"], by: [carrier]}
probing: {every: 10, failures: 1, patience: 2}
numbers: {country: CN, area: "021", extensions: [2XXX]}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "secret").write_text(f"{SECRET}\n")
    path = folder / "hotline.yaml"
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, WHOLE))
    trunk = settings.trunks.trunks["carrier"]
    assert trunk.gateways == (
        Gateway("gw1.example", transport=Transport.TLS),
        Gateway("192.0.2.2", 5070, Transport.TLS, 1, 3),
    )
    assert trunk.account is not None
    assert (trunk.account.address, trunk.account.secret.reveal()) == (
        "sip:8610@carrier.example",
        SECRET,
    )
    assert trunk.trusted == ("192.0.2.0/24", "sbc.example")
    assert (trunk.form, trunk.dnis, trunk.show) == (Form.NATIONAL, Dnis.TO, Show.RPID)
    assert trunk.reaches == {Reach.LOCAL, Reach.PREMIUM}
    assert trunk.limits == Limits(30, 20, 40, 2.5)
    assert (trunk.security, trunk.probed, trunk.codecs) == (Security.SDES, False, ("PCMA",))
    assert settings.trunks.routes == (Rule(("mobile", "+44*"), ("carrier",)),)
    probing = settings.trunks.probing
    assert (probing.every, probing.failures, settings.trunks.patience) == (10, 1, 2)
    assert (settings.numbers.area, settings.numbers.extensions) == ("21", ("2XXX",))
    assert SECRET not in repr(settings)


def test_addresses_named_as_before_are_trunks(tmp_path: Path) -> None:
    path = written(tmp_path, "sip: {trunks: {192.0.2.1: carrier, 192.0.2.2: carrier}}")
    (trunk,) = read_settings(path).trunks.trunks.values()
    assert (trunk.name, trunk.trusted, trunk.gateways) == (
        "carrier",
        ("192.0.2.1", "192.0.2.2"),
        (),
    )
    assert read_settings(written(tmp_path, "demo: yes")).trunks == DEFAULT_TRUNKS
    assert not read_settings(written(tmp_path, "sip: {trunks: {}}")).trunks.trunks
    assert not read_settings(written(tmp_path, "trunks: {}")).trunks.trunks


def test_a_carrier_that_registers_us_is_its_own_gateway(tmp_path: Path) -> None:
    text = """trunks:
  c:
    register: {registrar: "sip:c.example:5070;transport=tcp", user: u, secret_file: secret}"""
    (trunk,) = read_settings(written(tmp_path, text)).trunks.trunks.values()
    assert trunk.gateways == (Gateway("c.example", 5070, Transport.TCP),)


def test_a_secret_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARRIER_SECRET", SECRET)
    text = """trunks:
  c:
    register: {registrar: "sip:c.example", user: u, secret_variable: CARRIER_SECRET}"""
    (trunk,) = read_settings(written(tmp_path, text)).trunks.trunks.values()
    assert trunk.account is not None
    assert trunk.account.secret.reveal() == SECRET


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gateways: [sip.example:99999]", "trunks.c.gateways[0]: must look like"),
        ("gateways: [{priority: 1}]", "needs `address`"),
        ("from: [not a host]", "trunks.c.from[0]: must look like 192.0.2.0/24"),
        ("from: [192.0.2.300]", "trunks.c.from[0]: must look like 192.0.2.0/24"),
        ("from: [192.0.2.0/33]", "trunks.c.from[0]: must look like 192.0.2.0/24"),
        ("gateways: [192.0.2.300]", "trunks.c.gateways[0]: must look like"),
        ("gateways: [192.0.2.1]", "trunks.c.gateways: 192.0.2.1 cannot be reached from"),
        ("{gateways: [gw.example/tcp], srtp: sdes}", "trunks.c.srtp: sdes needs gateways reached"),
        ("from: []", "trunks.c: leads nowhere"),
        ("register: {registrar: x, user: u, secret_file: secret}", "register.registrar: must look"),
        ("register: {registrar: 'sip:x', user: u}", "needs one of `secret_variable`"),
        ("register: {registrar: 'sip:x', user: u, secret_file: none}", "cannot be read"),
        ("register: {registrar: 'sip:x', user: u, secret_variable: NOT_THERE_9}", "no variable"),
        ("numbers: roman", "must be one of e164"),
        ("allowed: [everywhere]", "must be one of internal"),
        ("limits: {incomming: 1}", "did you mean `incoming`?"),
        ("dniss: to", "did you mean `dnis`?"),
        ("shown: [me]", "trunks.c.shown[0]: must look like"),
    ],
)
def test_every_mistake_has_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path, f"trunks:\n  c:\n    {line}\n")
    with pytest.raises(DocumentError) as error:
        read_settings(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}:")


def test_a_secret_written_where_its_name_belongs_is_not_repeated(tmp_path: Path) -> None:
    text = f"""trunks:
  c:
    register: {{registrar: "sip:c.example", user: u, secret_variable: "{SECRET}"}}"""
    with pytest.raises(DocumentError) as error:
        read_settings(written(tmp_path, text))
    assert "trunks.c.register.secret_variable" in str(error.value)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("routes: [{by: [nobody]}]", "no trunk is called 'nobody'"),
        ("routes: [{to: [mobile]}]", "needs `by`"),
        ("routes: [{to: [some], by: [local]}]", "must look like +44*"),
        ("numbers: {country: XX}", "numbers.country: must look like CN"),
        ("numbers: {area: ten}", "numbers.area: must look like 010"),
        ("probing: {every: 0}", "must be a number from 0.1"),
        ("trunks: {a: {from: [192.0.2.1]}, b: {from: [192.0.2.1]}}", "cannot be told apart"),
        ("{sip: {trunks: {192.0.2.1: a}}, trunks: {a: {from: [192.0.2.2]}}}", "none used twice"),
    ],
)
def test_mistakes_between_trunks(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DocumentError) as error:
        read_settings(written(tmp_path, text))
    assert message in str(error.value)


def test_numbers_that_flows_pass_callers_on_to(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, "demo: no")).ivr.transfers == {"night_desk": ""}
    text = 'ivr: {transfers: {police: "110", night_desk: "01066668888"}}'
    assert read_settings(written(tmp_path, text)).ivr.transfers == {
        "police": "110",
        "night_desk": "01066668888",
    }
    with pytest.raises(DocumentError, match="is no telephone number"):
        read_settings(written(tmp_path, "ivr: {transfers: {police: me}}"))
