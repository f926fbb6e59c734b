"""Settings that are well formed each for itself, and together reach nobody."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from config.settings import Settings
from cti.kernel.document import Section, Value

Address = IPv4Address | IPv6Address


def check_reach(top: Section, settings: Settings) -> None:
    """Note addresses that telephones, carriers or their sound could not come back to."""
    sip, media = settings.sip, settings.media
    ours, sound = _address(sip.contact_host), _address(media.host)
    if ours is not None and ours.is_unspecified:
        _at(top, "sip", "host").wrong(_unsaid(sip.host))
    if sound is not None and sound.is_unspecified:
        _at(top, "media", "host").wrong(_unsaid(media.bind))
    if ours is None or sound is None:
        return
    if sound.is_loopback and not ours.is_loopback:
        _at(top, "sip", "host").wrong(
            f"lets others call, but sound stays at {sound}: set `media.host` (and `advertised`)"
        )
    here = _address(sip.host)
    if here is not None and here.is_loopback:
        _check_gateways(top, settings)


def _check_gateways(top: Section, settings: Settings) -> None:
    """From a loopback address only this machine is reached."""
    for name, trunk in settings.trunks.trunks.items():
        for gateway in trunk.gateways:
            there = _address(gateway.host)
            if there is not None and not there.is_loopback:
                _at(top, "trunks", name, "gateways").wrong(
                    f"{gateway} cannot be reached from {settings.sip.host}: set `sip.host`"
                )


def _unsaid(host: str) -> str:
    return f"nobody can send to {host}: say in `advertised` which address others reach"


def _address(text: str) -> Address | None:
    """The address, or None for a name."""
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None


def _at(top: Section, *path: str) -> Value:
    """The value there, or the nearest one above it."""
    value = top.value
    for key in path:
        found = value.section().get(key) if value.is_section else None
        if found is None:
            break
        value = found
    return value
