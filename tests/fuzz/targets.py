"""Every target by its name: what it is fed with, and what takes it."""

from tests.fuzz import mail_targets as mail
from tests.fuzz import part_targets as parts
from tests.fuzz import sip_targets as sip
from tests.fuzz import wire_targets as wires
from tests.fuzz.target import Target

_ALL = (
    Target("requests", sip.requests, sip.run_requests),
    Target("inside", sip.requests_inside, sip.run_inside),
    Target("responses", sip.responses, sip.run_responses),
    Target("stream", sip.requests, parts.run_stream),
    Target("websocket", wires.frames, wires.run_frames),
    Target("description", parts.descriptions, parts.run_description),
    Target("value", parts.values, parts.run_value),
    Target("bodies", sip.requests_inside, parts.run_bodies),
    Target("credentials", parts.values, parts.run_credentials),
    Target("identity", sip.requests, wires.run_identity),
    Target("trace", sip.requests, parts.run_trace),
    Target("packet", parts.packets, parts.run_packet),
    Target("report", parts.reports, parts.run_report),
    Target("check", parts.checks, parts.run_check),
    Target("browser", parts.checks, wires.run_browser),
    Target("letter", mail.letters, mail.run_letter),
    Target("protected", parts.protected, parts.run_protected),
)
TARGETS = {each.name: each for each in _ALL}
