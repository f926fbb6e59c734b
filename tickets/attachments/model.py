"""A kept file as a value, and the limits of what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cti.kernel.identifiers import StaffId
from tickets.attachments.sniffing import (
    CSV,
    DOC,
    DOCX,
    EML,
    GIF,
    JPEG,
    MP3,
    PDF,
    PNG,
    PPTX,
    TXT,
    WAV,
    WEBP,
    XLS,
    XLSX,
)

MEGABYTE = 1 << 20


class Way(Enum):
    """How a file came to the ticket."""

    PAGE = "page"
    MAIL = "mail"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken: `largest` octets a file, `most` files in one form."""

    largest: int = 20 * MEGABYTE
    most: int = 10
    types: frozenset[str] = frozenset(
        {PDF, PNG, JPEG, GIF, WEBP, WAV, MP3, TXT, CSV, EML, DOC, XLS, DOCX, XLSX, PPTX}
    )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept under its digest (SHA-256, hexadecimal); `size` in octets."""

    digest: str
    name: str
    media_type: str
    size: int

    def fields(self) -> dict[str, str]:
        """What the history says of it."""
        return {
            "file": self.name,
            "media_type": self.media_type,
            "size": str(self.size),
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as it belongs to a ticket."""

    attachment_id: int
    attachment: Attachment
    way: Way
    at: datetime
    by: StaffId
    by_name: str


def attachment_from(fields: Mapping[str, str]) -> Attachment:
    """The file that an act's fields name, see `Attachment.fields`."""
    return Attachment(fields["digest"], fields["file"], fields["media_type"], int(fields["size"]))
