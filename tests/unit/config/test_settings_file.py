from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from config.settings import HERE, Recorded, Settings, TelephoneSettings
from config.settings_file import read_settings
from cti.call.security import Srtp
from cti.kernel.document import DocumentError
from cti.kernel.vocabulary import Language
from cti.media.model import Codec
from cti.sip.access.digest import Algorithm, Md5
from tests.support.certificates import authority

QUEUE = "queues:\n  vip:\n    demand: vip\n    zh: 贵宾\n    en: VIP\n"
EXAMPLE = HERE / "hotline.example.yaml"


def write(folder: Path, text: str) -> Path:
    path = folder / "hotline.yaml"
    path.write_text(text, "utf-8")
    return path


def test_example_is_the_manual_of_the_defaults() -> None:
    told = read_settings(EXAMPLE)
    usual = Settings()
    assert replace(told, folders=usual.folders) == usual
    assert told.folders == replace(usual.folders, base=HERE / "var")


def test_example_names_every_key() -> None:
    text = EXAMPLE.read_text("utf-8")
    renamed = {
        "sender_names": "names",
        "bind": "host",
        "media_workers": "workers",
        "media_srtp": "srtp",
        "most_calls": "most",
    }
    hidden = {
        "after_call",
        "cache_octets",
        "queue_id",
        "names",
        "below",
        "hysteresis",
        # what the section of mail takes from others of its keys, and what bounds a letter's parts
        "domain",
        "limits",
        "letter",
        "file",
        "files",
        "most_files",
        "text",
        "html",
        "sample",
        "run",
    }

    def keys(value: object) -> set[str]:
        if not is_dataclass(value):
            return set()
        own = {field.name for field in fields(value)}
        return own.union(*(keys(getattr(value, name)) for name in own))

    for key in keys(Settings()) - hidden:
        assert f"{renamed.get(key, key)}:" in text, key


def test_empty_sections_and_what_is_left_out_keep_their_defaults(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, "web: {port: 9000}\ndemo: false\n"))
    assert (settings.web.port, settings.web.host) == (9000, "127.0.0.1")
    assert settings.demo is False
    assert settings.sip == Settings().sip


def test_base_folder_stands_beside_the_file(tmp_path: Path) -> None:
    plain = read_settings(write(tmp_path, "demo: true"))
    assert plain.folders.base == tmp_path / "var"
    told = read_settings(write(tmp_path, "folders: {base: records, recordings: /srv/recordings}"))
    assert told.folders.of(told.folders.prompts) == tmp_path / "records" / "prompts"
    assert told.folders.of(told.folders.recordings) == Path("/srv/recordings")
    assert told.database_url == f"sqlite:///{tmp_path / 'records' / 'hotline.sqlite'}"


def test_queues_are_read_with_names_in_both_languages(tmp_path: Path) -> None:
    text = "queues:\n  vip: {zh: 贵宾, en: Private banking, demand: vip >= 3, threshold: 10}\n"
    (queue,) = read_settings(write(tmp_path, text)).queues
    assert (queue.queue_id, str(queue.rules.demand), queue.threshold) == ("vip", "vip >= 3", 10.0)
    assert queue.names[Language.ENGLISH] == "Private banking"


def test_codes_of_the_bank_s_own_may_be_required(tmp_path: Path) -> None:
    text = "agents: {code_required: true}\nfolders: {wrap_up: /etc/hotline/codes.yaml}\n"
    settings = read_settings(write(tmp_path, text))
    assert settings.agents.code_required
    assert settings.folders.wrap_up == Path("/etc/hotline/codes.yaml")


def test_a_house_may_record_nothing(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, "demo: true")).recordings.calls is Recorded.ALL
    told = read_settings(write(tmp_path, "recordings: {calls: none}"))
    assert told.recordings.calls is Recorded.NONE


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        ("sip:\n  prot: 5060\n", 2, "sip.prot", "did you mean `port`"),
        ("recordings:\n  calls: some\n", 2, "recordings.calls", "one of all, none"),
        ("spi:\n  port: 5060\n", 2, "spi", "did you mean `sip`"),
        ("web:\n  host: a\n  port: 70000\n", 3, "web.port", "0 to 65535"),
        ("web:\n  port: high\n", 2, "web.port", "number"),
        ("web:\n  secure: maybe\n", 2, "web.secure", "true or false"),
        ("web:\n  origins: [hotline.bank.example]\n", 2, "web.origins[0]", "https://"),
        ("web:\n  proxies: [proxy.bank.example]\n", 2, "web.proxies[0]", "10.0.0.0/8"),
        ("sip:\n  telephones:\n    1005: {md5: maybe}\n", 3, "sip.telephones.1005.md5", "always"),
        ("sip:\n  telephones:\n    1005: {hash: MD5}\n", 3, "sip.telephones.1005.hash", "known"),
        ("web: 8080\n", 1, "web", "keys and values"),
        ("media:\n  first_port: 9000\n  last_port: 8000\n", 2, "media", "above"),
        ("media:\n  srtp: never\n", 2, "media.srtp", "optional, required"),
        ("database:\n  url: mysql://x\n", 2, "database.url", "postgresql://"),
        ("ivr:\n  numbers:\n    nine: main\n", 3, "ivr.numbers.nine", "telephone number"),
        ("queues:\n  vip:\n    zh: 贵宾\n    demand: vip\n", 3, "queues.vip", "`en`"),
        ("agents:\n  ring_limit: 1\n", 2, "agents.ring_limit", "3 to"),
        ("board:\n  waiting: {warning: 5, critical: 2}\n", 2, "board.waiting", "beyond"),
        ("sip: {host: 0.0.0.0}\nmedia: {host: 192.0.2.9}\n", 1, "sip.host", "say in `advertised`"),
        ("demo: yes\nmedia: {host: 0.0.0.0}\n", 2, "media.host", "say in `advertised`"),
        ("sip: {host: 192.0.2.9}\n", 1, "sip.host", "set `media.host`"),
        ("sip:\n  tls: {certificate: a.pem}\n", 2, "sip.tls", "needs `key`"),
        (QUEUE + "    skill: vip\n", 6, "queues.vip.skill", "known are demand"),
        (
            QUEUE + "    stages:\n    - {after: 9}\n",
            7,
            "queues.vip.stages[0]",
            "demand: is missing",
        ),
        (QUEUE + "    order: best\n", 6, "queues.vip.order", "longest_idle"),
        (QUEUE + "    waiting:\n      every: x\n", 7, "queues.vip.waiting.every", "a time"),
        (
            QUEUE + "    waiting: {empty: {then: {to: queue, queue: x}}}\n",
            6,
            "queues.vip.waiting.empty.then",
            "there is no queue 'x'; there are vip",
        ),
        (
            QUEUE + "    waiting: {empty: {then: {to: queue, queue: vip}}}\n",
            6,
            "queues.vip.waiting.empty.then",
            "another queue",
        ),
        (
            QUEUE + "    waiting: {empty: {then: {to: number, number: boss}}}\n",
            6,
            "queues.vip.waiting.empty.then",
            "no name in ivr.transfers; there are night_desk",
        ),
        ("time_zone: Asia/Peking\n", 1, "time_zone", "IANA"),
        ("demo: true\ndemo: false\n", 2, "demo", "twice"),
    ],
)
def test_mistake_is_named_by_file_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DocumentError) as caught:
        read_settings(path)
    (error,) = caught.value.errors
    assert (error.file, error.line, error.key) == (str(path), line, key)
    assert says in str(error)


def test_srtp_may_be_required(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, "media: {srtp: required}")).media_srtp is Srtp.REQUIRED
    assert read_settings(write(tmp_path, "media: {workers: 2}")).media_srtp is Srtp.OPTIONAL


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "sip: {port: x}\nweb: {prot: 1}\nextra: 1\n")
    with pytest.raises(DocumentError) as caught:
        read_settings(path)
    assert [error.key for error in caught.value.errors] == ["sip.port", "web.prot", "extra"]


def test_a_telephone_may_sign_in_by_other_than_the_rest(tmp_path: Path) -> None:
    text = """
sip:
  md5: never
  telephones:
    "1005": {algorithms: [MD5], md5: always}
    "1006": {algorithms: [MD5, SHA-256]}
"""
    settings = read_settings(write(tmp_path, text)).sip.telephones
    assert settings == {
        "1005": TelephoneSettings((Algorithm.MD5,), Md5.ALWAYS),
        "1006": TelephoneSettings((Algorithm.SHA256, Algorithm.MD5), None),
    }


def test_tls_is_read_with_files_that_stand_beside(tmp_path: Path) -> None:
    signer = authority(tmp_path)
    certificate, key = signer.sign("hotline.example")
    text = (
        f"sip:\n  tls:\n    port: 5071\n    certificate: {certificate.name}\n    key: {key.name}\n"
    )
    tls = read_settings(write(tmp_path, text)).sip.tls
    assert tls is not None
    assert (tls.port, tls.certificate, tls.key, tls.trusted) == (5071, certificate, key, None)


@pytest.mark.parametrize(
    ("certificate", "key", "line", "named", "why"),
    [
        ("none.pem", "hotline.key", 3, "certificate", "cannot be read"),
        ("hotline.key", "hotline.key", 3, "certificate", "holds no certificate"),
        ("hotline.pem", "hotline.pem", 4, "key", "holds no private key"),
        ("hotline.pem", "other.key", 4, "key", "is not the key of"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_named(
    tmp_path: Path, certificate: str, key: str, line: int, named: str, why: str
) -> None:
    signer = authority(tmp_path)
    signer.sign("hotline")
    signer.sign("other")
    text = f"sip:\n  tls:\n    certificate: {certificate}\n    key: {key}\n"
    with pytest.raises(DocumentError) as caught:
        read_settings(write(tmp_path, text))
    (error,) = caught.value.errors
    assert (error.line, error.key) == (line, f"sip.tls.{named}")
    assert why in error.message


def test_a_key_behind_a_passphrase_is_refused_and_asks_nobody(tmp_path: Path) -> None:
    certificate, key = authority(tmp_path).sign("hotline.example")
    private = load_pem_private_key(key.read_bytes(), None)
    locked = BestAvailableEncryption(b"secret")
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        key.write_bytes(private.private_bytes(Encoding.PEM, form, locked))
        text = f"sip: {{tls: {{certificate: {certificate.name}, key: {key.name}}}}}"
        with pytest.raises(DocumentError, match=r"sip\.tls\.key: .* passphrase"):
            read_settings(write(tmp_path, text))


def test_a_house_for_others_is_read(tmp_path: Path) -> None:
    text = "{sip: {host: 0.0.0.0, advertised: HOST}, media: {host: 0.0.0.0, advertised: HOST}}"
    told = read_settings(write(tmp_path, text.replace("HOST", "192.0.2.9")))
    assert (told.sip.contact_host, told.media.host) == ("192.0.2.9", "192.0.2.9")


def test_codecs_stand_in_order_and_g711_is_among_them(tmp_path: Path) -> None:
    told = read_settings(write(tmp_path, "media: {codecs: [G722, PCMA]}"))
    assert told.media.codecs == (Codec.G722, Codec.PCMA)
    for wrong, why in (("[G722]", "PCMA or PCMU"), ("[opus]", "must be one of")):
        with pytest.raises(DocumentError, match=why):
            read_settings(write(tmp_path, f"media: {{codecs: {wrong}}}"))
