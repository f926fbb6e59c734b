"""What an INVITE that came says besides who calls whom."""

from sipmessage import Request

from cti.call import negotiation
from cti.call.live import Leg
from cti.call.security import Srtp, permitted, securities
from cti.call.switch import Switch
from cti.media.port import Security
from cti.sip.events import SessionOffered
from cti.sip.message import number

MAX_FORWARDS = 70


def take(switch: Switch, leg: Leg, report: SessionOffered) -> None:
    """That offered session carries the leg."""
    leg.came, leg.offer, leg.trunk = True, report.offer, report.trunk or ""
    switch.join(leg, report.session)


def max_forwards(request: Request) -> int:
    """How often the call may still be passed on (RFC 3261, 20.22); 70 where nothing is said."""
    stated = number(request.headers.get("Max-Forwards"))
    return MAX_FORWARDS if stated is None else stated


def security_of(report: SessionOffered) -> Security:
    """How the sound of a call goes that somebody offered; an offer of ours suits its transport."""
    if report.offer is None:
        return securities(report.source.transport)[0]
    return negotiation.security_of(report.offer)


def acceptable(report: SessionOffered, srtp: Srtp) -> bool:
    """Whether we can answer the offer, and may; a late one is ours to make, so both."""
    if not negotiation.acceptable(report.offer):
        return False
    return permitted(report.source.transport, security_of(report), srtp)
