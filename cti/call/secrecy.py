"""Keeping what a customer says and keys in from recordings, and from everybody else in the call."""

from cti.call.bridging import Bridging
from cti.call.live import LiveCall
from cti.call.switch import Switch


class Secrecy:
    """Masks customers, and secludes them: the longer of the two holds."""

    def __init__(self, switch: Switch, bridging: Bridging) -> None:
        self._switch, self._bridging = switch, bridging

    def mask(self, call: LiveCall, masked: bool) -> None:
        """See `CallControl.mask`; it shows nothing while the customer is secluded."""
        member = call.customer
        if member is not None and member.leg is not None:
            member.leg.masked = masked
            self._tell(call)

    def seclude(self, call: LiveCall, secluded: bool) -> None:
        """See `CallControl.seclude`; saying so again tells media once more, as after a restart."""
        if secluded and (call.customer is None or not call.customer.answered):
            return
        call.secluded = secluded
        self._tell(call)

    def _tell(self, call: LiveCall) -> None:
        """The mask comes first, and goes last: what is heard in between is nothing."""
        member = call.customer
        leg = member.leg if member is not None else None
        masked = call.secluded or (leg is not None and leg.masked)
        if leg is not None and masked:
            self._switch.media.mask(leg.id, True)
        members = leg.members if leg is not None else ()
        # The telephone of a call between colleagues may talk in another, and is masked there, too.
        calls = {each.id: each for each in (call, *map(self._switch.call_of, members))}
        self._bridging.settle(*calls.values())
        if leg is not None and not masked:
            self._switch.media.mask(leg.id, False)
        self._switch.changed(call.id)
