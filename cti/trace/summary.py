"""A SIP message in a few words: what an arrow of a ladder says.

It reads what is there and expects nothing: a trace must show broken messages too.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from cti.trace.records import Message

_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ?([^\r\n]*)", re.IGNORECASE)
_REQUEST = re.compile(rb"(\S+) (\S+) SIP/2\.0", re.IGNORECASE)
_NAMES = {"call-id": "i", "from": "f", "to": "t", "cseq": ""}
_USER = re.compile(r"(?:sips?|tel):([^@;>\s:]*)")
_AUDIO = re.compile(r"^m=audio (\d+)\S* (\S+) (.*)$", re.MULTILINE)
_MAP = re.compile(r"^a=rtpmap:(\d+) ([^/\s]+)", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\s*$", re.MULTILINE)
_STATIC = {"0": "PCMU", "3": "GSM", "4": "G723", "8": "PCMA", "9": "G722", "13": "CN", "18": "G729"}
_SHORT = {"telephone-event": "keys"}
_USUAL = "sendrecv"


@dataclass(frozen=True)
class Summary:
    """The message, taken apart as far as it goes; what is missing is empty."""

    message: Message

    @cached_property
    def _head(self) -> bytes:
        return self.message.data.partition(b"\r\n\r\n")[0]

    @cached_property
    def method(self) -> str:
        """Of a request; empty for a response."""
        found = _REQUEST.match(self._head)
        return found[1].decode("utf-8", "replace") if found else ""

    @cached_property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        found = _STATUS.match(self._head)
        return int(found[1]) if found else 0

    @property
    def called(self) -> str:
        """The user of the request URI."""
        found = _REQUEST.match(self._head)
        return _user(found[2].decode("utf-8", "replace")) if found else ""

    @cached_property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.header("call-id")

    @property
    def calling(self) -> str:
        """The user of From."""
        return _user(self.header("from"))

    @property
    def recipient(self) -> str:
        """The user of To."""
        return _user(self.header("to"))

    @property
    def label(self) -> str:
        """``INVITE (1)`` or ``200 OK (1 INVITE)``."""
        cseq = self.header("cseq")
        if self.status:
            found = _STATUS.match(self._head)
            phrase = found[2].decode("utf-8", "replace") if found else ""
            return f"{self.status} {phrase} ({cseq})" if phrase else f"{self.status} ({cseq})"
        return f"{self.method or '?'} ({cseq.partition(' ')[0]})"

    @property
    def media(self) -> str:
        """The session description in words: codecs, direction, security; empty without one."""
        body = self.message.data.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        audio = _AUDIO.search(body)
        if not body.startswith("v=0") or audio is None:
            return ""
        names = dict(_MAP.findall(body))
        codecs = [_codec(number, names) for number in audio[3].split()]
        direction = _DIRECTION.search(body)
        words = [" ".join(dict.fromkeys(codecs)), _security(audio[2], body)]
        words.append(direction[1] if direction else _USUAL)
        return ", ".join(word for word in words if word and word != _USUAL)

    def header(self, name: str) -> str:
        """The first value of a header, in its long or short form."""
        short = _NAMES.get(name, "")
        for line in self._head.decode("utf-8", "replace").split("\r\n")[1:]:
            written, colon, value = line.partition(":")
            if colon and written.strip().lower() in (name, short):
                return value.strip()
        return ""


def _user(text: str) -> str:
    found = _USER.search(text)
    return found[1] if found else ""


def _codec(number: str, names: dict[str, str]) -> str:
    name = names.get(number) or _STATIC.get(number, number)
    return _SHORT.get(name.lower(), name)


def _security(profile: str, body: str) -> str:
    if "UDP/TLS" in profile or "a=fingerprint:" in body:
        return "DTLS"
    return "SDES" if "a=crypto:" in body else ""
