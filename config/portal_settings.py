"""Reads how customers are served: section ``portal`` of ``tickets`` in the settings file."""

import re

from config.networks import networks
from cti.kernel.document import Section, Value
from tickets.portal.settings import PortalListen, PortalSettings

LAST_PORT = 65535
ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")


def read_portal(part: Section) -> PortalSettings:
    """The section's settings."""
    usual = PortalSettings()
    listen = part.get("listen")
    return PortalSettings(
        served=part.read("served", usual.served, Value.truth),
        listen=_listen(listen) if listen is not None else None,
        address=part.read("address", usual.address, _address),
        proxies=part.read("proxies", usual.proxies, networks),
        mobiles=part.read("mobiles", usual.mobiles, _patterns),
        most_open=part.read("most_open", usual.most_open, lambda value: value.whole(1, 1000)),
        codes_an_hour=part.read(
            "codes_an_hour", usual.codes_an_hour, lambda value: value.whole(1, 1_000_000)
        ),
    )


def _listen(value: Value) -> PortalListen:
    part, usual = value.section(), PortalListen()
    port = part.need("port", "the port that customers are served on, such as 8090")
    found = PortalListen(
        host=part.read("host", usual.host, Value.text),
        port=port.whole(0, LAST_PORT),
        secure=part.read("secure", usual.secure, Value.truth),
    )
    part.close()
    return found


def _address(value: Value) -> str:
    text = str(getattr(value.node, "value", ""))
    if text and ADDRESS.fullmatch(text) is None:
        value.wrong(f"must look like https://service.bank.example/service, not {text!r}")
    return text


def _patterns(value: Value) -> tuple[re.Pattern[str], ...]:
    found = []
    for each in value.items():
        text = each.text()
        try:
            found.append(re.compile(text))
        except re.error as error:
            each.wrong(f"must be a regular expression, not {text!r}: {error}")
    return tuple(found)
