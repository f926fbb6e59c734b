"""What our INVITEs say: of the caller only what should be passed on (RFC 7092, 3.1)."""

from sipmessage import URI
from sipmessage import Address as NameAddress

from cti.call import negotiation
from cti.call.lines import Route
from cti.call.live import Leg, Member
from cti.call.no_lines import WITHHELD
from cti.call.switch import Switch
from cti.media.port import Codec, MediaAddress
from cti.sip.access.registrar import Binding
from cti.sip.addresses import parse_uri
from cti.sip.errors import Header
from cti.sip.events import Invitation, SessionId
from cti.sip.outgoing import uri_host
from cti.sip.sdp import SessionDescription


class Inviting:
    """Sends the INVITE of a leg that rings for a member."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def telephone(self, member: Member, leg: Leg, address: MediaAddress, contact: Binding) -> None:
        """Call one contact of a telephone of the house."""
        number = self._caller_shown_to(member)
        from_address = NameAddress(
            URI("sip", uri_host(self._switch.settings.host), number or WITHHELD)
        )
        self._invite(
            member,
            leg,
            Invitation(
                target=contact.target,
                from_address=from_address,
                to_address=NameAddress(parse_uri(contact.target)),
                offer=self._offer(member, leg, address),
                destination=contact.destination,
                headers=(*contact.route_headers, *self._headers(member, leg)),
                max_forwards=self._switch.call_of(member).max_forwards,
            ),
        )

    def outside(self, member: Member, leg: Leg, address: MediaAddress, route: Route) -> None:
        """Call an outside number by that way."""
        target = URI.parse(route.target)
        self._invite(
            member,
            leg,
            Invitation(
                target=route.target,
                from_address=NameAddress(
                    URI("sip", uri_host(route.host), route.calling or WITHHELD)
                ),
                to_address=NameAddress(URI(scheme="sip", host=target.host, user=target.user)),
                offer=self._offer(member, leg, address),
                headers=(*route.headers, *self._headers(member, leg)),
                user=route.user,
                secret=route.secret,
                proxy=route.proxy,
                patience=route.patience,
                max_forwards=self._switch.call_of(member).max_forwards,
            ),
        )

    def _invite(self, member: Member, leg: Leg, invitation: Invitation) -> SessionId:
        del member
        session = self._switch.signalling.invite(invitation)
        self._switch.join(leg, session)
        return session

    def _offer(self, member: Member, leg: Leg, address: MediaAddress) -> SessionDescription:
        """An offer that prefers what the other side of the call has already."""
        others = (each.leg for each in self._switch.call_of(member).others(member))
        targets = (other.target for other in others if other is not None)
        codec = next((target.codec for target in targets if target is not None), None)
        leg.local = address
        wanted = leg.route.codecs if leg.route is not None else ()
        codecs = [Codec[name] for name in wanted if name in Codec.__members__]
        leg.described = negotiation.describe(address, first=codec, codecs=codecs)
        return leg.described

    def _caller_shown_to(self, member: Member) -> str:
        """Who is calling, seen from that telephone: of a call it made itself, whom it calls."""
        call = self._switch.call_of(member)
        first = next(iter(call.members.values()))
        number = call.called if first is member else call.calling
        return self._switch.lines.written(number)

    def _headers(self, member: Member, leg: Leg) -> tuple[Header, ...]:
        """What whoever has it called wants said; a page answers by itself what its person began."""
        calling = member.calling
        if calling is None:
            return ()
        if not (calling.own and leg.page):
            return calling.headers
        host = uri_host(self._switch.settings.host)
        return (*calling.headers, ("Call-Info", f"<sip:{host}>;answer-after=0"))
