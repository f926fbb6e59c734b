"""A user agent of ours against a far side that writes its own datagrams."""

from sipmessage import Address

from cti.sip import sdp
from cti.sip.events import Endpoint, Invitation, SendDatagram, SessionId, SessionOffered
from cti.sip.message import parse
from cti.sip.settings import UserAgentSettings
from cti.sip.user_agent import Output, UserAgent
from tests.support.lossy_link import KnownAccounts, counting_entropy
from tests.support.sip_messages import OFFER, TRUNK, Changes, request_bytes, response_bytes

FAR = Endpoint("192.0.2.9", 5060)
HERE = "192.0.2.1"
OURS, AGAIN = sdp.offer("192.0.2.9", 40000), sdp.offer("192.0.2.9", 40002)
"""What we say of our sound, and what we say of it another time."""
SDP: Changes = {"Content-Type": "application/sdp"}


def agent(**changes: object) -> UserAgent:
    given = {"trunks": {TRUNK.host: "carrier"}, **changes}
    settings = UserAgentSettings("192.0.2.9", 5060, **given)  # type: ignore[arg-type]  # any setting
    return UserAgent(settings, KnownAccounts("1001"), counting_entropy())


def sent(output: Output) -> list[bytes]:
    return [each.data for each in output if isinstance(each, SendDatagram)]


def codes(output: Output) -> list[int]:
    return [int(data.split(b" ", 2)[1]) for data in sent(output) if data.startswith(b"SIP")]


def header(data: bytes, name: str) -> str:
    message = parse(data, TRUNK)
    assert message is not None
    return message.message.headers.get(name) or ""


def told(output: Output, kind: type) -> bool:
    return any(isinstance(each, kind) for each in output)


def take(house: UserAgent, data: bytes, source: Endpoint = TRUNK) -> Output:
    return house.datagram_received(data, source, 100.0)


def offered(house: UserAgent, changes: Changes | None = None, body: bytes = OFFER) -> SessionId:
    output = take(house, request_bytes("INVITE", changes, body))
    (session,) = [each.session for each in output if isinstance(each, SessionOffered)]
    return session


def accepted(
    house: UserAgent, changes: Changes | None = None, body: bytes = OFFER
) -> tuple[SessionId, bytes]:
    """A session we answered and they acknowledged; the 200 comes with it."""
    session = offered(house, changes, body)
    ok = sent(house.accept(session, OURS))[0]
    take(house, inside(ok, "ACK", 1, body=b"" if body else OFFER))
    return session, ok


def inside(
    ok: bytes, method: str, sequence: int, changes: Changes | None = None, body: bytes = b""
) -> bytes:
    """A request of theirs inside the dialog that our 200 made."""
    given: Changes = {
        "Via": f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{method}-{sequence};rport",
        "To": header(ok, "To"),
        "CSeq": f"{sequence} {method}",
    }
    return request_bytes(method, given | (changes or {}), body)


def answer(request: bytes, code: int, changes: Changes | None = None, body: bytes = b"") -> bytes:
    """Their answer to a request of ours inside a dialog."""
    given: Changes = {"To": header(request, "To")}
    return response_bytes(request, code, "", given | (changes or {}), body)


def fire(house: UserAgent, session: SessionId, name: str) -> Output:
    """That timer of the session runs out."""
    return house.timer_fired(f"session/{session}/{name}", 100.0)


def calling(house: UserAgent, **changes: object) -> tuple[SessionId, bytes]:
    given = {"offer": sdp.offer(HERE, 40000), **changes}
    invitation = Invitation(
        target="sip:1001@192.0.2.9:5060",
        from_address=Address.parse("<sip:95588@192.0.2.1>"),
        to_address=Address.parse("<sip:1001@192.0.2.9>"),
        **given,  # type: ignore[arg-type]  # any field of the invitation
    )
    session, output = house.invite(invitation)
    return session, sent(output)[0]
