"""The Replaces header (RFC 3891) and the URIs of REFER that carry one (RFC 3515, RFC 5589)."""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from cti.sip.errors import RequestError


@dataclass(frozen=True, slots=True)
class Replaces:
    """The dialog to be replaced, as its holder knows it: `to_tag` is the holder's own tag."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, value: str) -> "Replaces":
        """Read a header value; RequestError 400."""
        call_id, *parameters = (each.strip() for each in value.split(";"))
        named = dict(_parameter(each) for each in parameters)
        to_tag, from_tag = named.get("to-tag", ""), named.get("from-tag", "")
        if not call_id or not to_tag or not from_tag:
            raise RequestError("Replaces needs a Call-ID and both tags", 400)
        return cls(call_id, to_tag, from_tag, "early-only" in named)

    @property
    def turned(self) -> "Replaces":
        """The same dialog as the other side names it."""
        return Replaces(self.call_id, self.from_tag, self.to_tag, self.early_only)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


@dataclass(frozen=True, slots=True)
class ReferTarget:
    """Who is to be called, and the raw Replaces value to be sent along (empty: none)."""

    uri: str
    replaces: str = ""

    @classmethod
    def parse(cls, uri: str) -> "ReferTarget":
        """Read the URI of a Refer-To; RequestError for what is no call (RFC 3515, 2.4.2)."""
        target, _, escaped = uri.partition("?")
        scheme, colon, _ = target.partition(":")
        if not colon or scheme.lower() not in ("sip", "sips", "tel"):
            raise RequestError("Refer-To names no telephone", 416)
        method = dict(_parameter(each) for each in target.split(";")[1:]).get("method", "INVITE")
        if method.upper() != "INVITE":
            raise RequestError("only calls are made on behalf of others", 403)
        fields = (each.partition("=") for each in escaped.split("&"))
        found = [unquote(value) for name, _, value in fields if name.lower() == "replaces"]
        if len(found) > 1:
            raise RequestError("one dialog can be replaced", 400)
        return cls(target, found[0] if found else "")

    def __str__(self) -> str:
        """As a name-addr, the only form that may carry headers (RFC 3261, 20)."""
        escaped = f"?Replaces={quote(self.replaces, safe='')}" if self.replaces else ""
        return f"<{self.uri}{escaped}>"


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()
