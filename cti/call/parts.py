"""The parts of call control, each built on those before it."""

from dataclasses import dataclass

from cti.call.answering import Answering
from cti.call.arrival import Arrival
from cti.call.bridging import Bridging
from cti.call.clearing import Clearing
from cti.call.conferencing import Conferencing
from cti.call.connecting import Connecting
from cti.call.consulting import Consulting
from cti.call.delivery import Delivery
from cti.call.holding import Holding
from cti.call.inviting import Inviting
from cti.call.keeping import Keeping
from cti.call.listening import Listening
from cti.call.making import Making
from cti.call.merging import Merging
from cti.call.parking import Parking
from cti.call.recording import Recordings
from cti.call.referring import Referring
from cti.call.replacing import Replacing
from cti.call.returning import Returning
from cti.call.secrecy import Secrecy
from cti.call.supervising import Supervising
from cti.call.switch import Switch
from cti.call.transferring import Transferring


@dataclass(frozen=True, slots=True)
class Parts:
    """What `CallServices` hands its commands and reports to."""

    bridging: Bridging
    clearing: Clearing
    recordings: Recordings
    listening: Listening
    secrecy: Secrecy
    answering: Answering
    delivery: Delivery
    connecting: Connecting
    holding: Holding
    consulting: Consulting
    transferring: Transferring
    conferencing: Conferencing
    parking: Parking
    supervising: Supervising
    making: Making
    referring: Referring
    arrival: Arrival
    returning: Returning
    keeping: Keeping

    @classmethod
    def of(cls, switch: Switch) -> "Parts":
        """All of them on one switch."""
        bridging = Bridging(switch)
        recordings = Recordings(switch)
        clearing = Clearing(switch, bridging, recordings)
        listening = Listening(switch, bridging)
        clearing.on_clear = listening.cleared
        answering = Answering(switch, bridging, clearing, recordings)
        delivery = Delivery(switch, bridging, clearing, Inviting(switch))
        common = switch, bridging, clearing
        connecting = Connecting(*common, delivery, answering, recordings)
        holding = Holding(*common)
        merging = Merging(switch, recordings)
        consulting = Consulting(*common, holding, delivery, connecting)
        transferring = Transferring(*common, merging, consulting, delivery, connecting)
        parking = Parking(*common)
        returning = Returning(*common, delivery, parking)
        clearing.spare, clearing.on_left = returning.spare, returning.left
        switch.patience = returning.patience
        return cls(
            bridging,
            clearing,
            recordings,
            listening,
            Secrecy(switch, bridging),
            answering,
            delivery,
            connecting,
            holding,
            consulting,
            transferring,
            Conferencing(*common, holding, merging, consulting, transferring, delivery, connecting),
            parking,
            Supervising(*common, delivery, connecting),
            Making(switch, clearing, delivery, connecting),
            Referring(*common, holding, transferring, delivery, connecting),
            Arrival(switch, connecting, Replacing(*common, answering)),
            returning,
            Keeping(*common, connecting, holding, transferring, returning),
        )
