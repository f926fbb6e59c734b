"""Letters for tests: those on file, and plain ones made on the spot."""

from email.message import EmailMessage
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "mail"


def on_file(name: str) -> bytes:
    """A letter of the collection."""
    return (FOLDER / f"{name}.eml").read_bytes()


def all_on_file() -> tuple[bytes, ...]:
    """Every letter of the collection."""
    return tuple(each.read_bytes() for each in sorted(FOLDER.glob("*.eml")))


def letter(text: str = "My card is kept.", **fields: str) -> bytes:
    """A letter of a customer; fields as ``in_reply_to="<a@b>"``."""
    made = EmailMessage()
    usual = {
        "from": "Wang Fang <wang@example.com>",
        "to": "service@bank.example",
        "subject": "My card",
        "message_id": "<one@example.com>",
    }
    for name, value in (usual | fields).items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes().replace(b"\n", b"\r\n")
