"""Letters to customers from templates (Jinja2), in two languages, as text and as a page.

A template is two files, ``<name>.<language>.txt.j2`` and ``.html.j2``; the first line of the text
is the subject. The bank's own folder comes before the house's, file by file. Words of customers
are escaped on the page, and a template that asks for what nobody gives is an error, not a gap.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    select_autoescape,
)

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tickets.delivery.model import Channel, Outgoing, Purpose
from tickets.mail.charsets import one_line
from tickets.mail.headers import LONGEST_SHOWN
from tickets.mail.identity import marked
from tickets.mail.settings import MailSettings

FOLDER = Path(__file__).parent / "templates"
SUBJECT = "Subject:"
MOST_REFERENCES = 20


class Template(Enum):
    """Why a letter is written; the value is the first part of its files' names."""

    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    PROGRESS = "progress"
    THANKS = "thanks"
    CODE = "code"
    EXTENSION = "extension"


BLANKS: Mapping[Template, tuple[str, ...]] = {
    Template.ACKNOWLEDGEMENT: ("name", "number", "title", "due"),
    Template.REPLY: ("name", "number", "title", "text"),
    Template.PROGRESS: ("name", "number", "title", "text", "due"),
    Template.THANKS: ("name", "number", "title", "text"),
    Template.CODE: ("code", "minutes"),
    Template.EXTENSION: ("name", "number", "title", "text", "due"),
}
"""What each template is given, beside `bank`, `language` and `subject`."""
PURPOSES = {
    Template.ACKNOWLEDGEMENT: Purpose.ACKNOWLEDGEMENT,
    Template.REPLY: Purpose.REPLY,
    Template.PROGRESS: Purpose.PROGRESS,
    Template.THANKS: Purpose.THANKS,
    Template.CODE: Purpose.CODE,
    Template.EXTENSION: Purpose.NOTICE,
}


class Composer:
    """Writes letters to customers."""

    def __init__(self, settings: MailSettings) -> None:
        folders = [folder for folder in (settings.templates, FOLDER) if folder is not None]
        self._settings = settings
        self._templates = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
            autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def check(self) -> None:
        """ConfigurationError where a template cannot be filled in."""
        for template, blanks in BLANKS.items():
            for language in Language:
                values = dict.fromkeys(blanks, "0")
                try:
                    self.compose(template, language, "nobody@hotline.invalid", values)
                except (TemplateError, ValueError) as error:
                    message = f"{template.value}.{language.value}: {error}"
                    raise ConfigurationError(message, key="tickets.mail.templates") from error

    def compose(
        self,
        template: Template,
        language: Language,
        to: str,
        values: Mapping[str, str],
        number: TicketNumber | None = None,
        answers: Sequence[str] = (),
    ) -> Outgoing:
        """The letter; `answers` are the Message-IDs of the thread it goes on, the latest last.

        TemplateError or ValueError for a template of the bank's that cannot be used; `check` finds
        such at the start.
        """
        given = {**values, "bank": self._settings.sender_names[language]}
        given["language"] = language.value
        head, _, body = self._filled(template, language, "txt", given).partition("\n")
        if not head.startswith(SUBJECT):
            raise ValueError(f"the first line must be `{SUBJECT} ...`, not {head!r}")
        subject = one_line(head.removeprefix(SUBJECT), LONGEST_SHOWN)
        html = self._filled(template, language, "html", given | {"subject": subject})
        return Outgoing(
            channel=Channel.EMAIL,
            to=to,
            subject=marked(subject, number) if number else subject,
            body=f"{body.strip()}\n",
            purpose=PURPOSES[template],
            html=html,
            number=number,
            headers=thread(answers),
        )

    def _filled(
        self, template: Template, language: Language, kind: str, values: Mapping[str, str]
    ) -> str:
        name = f"{template.value}.{language.value}.{kind}.j2"
        return self._templates.get_template(name).render(values)


def thread(answers: Sequence[str]) -> dict[str, str]:
    """The header fields by which mail programs put a letter under those it answers."""
    if not answers:
        return {}
    ids = [f"<{each}>" for each in answers[-MOST_REFERENCES:]]
    return {"In-Reply-To": ids[-1], "References": " ".join(ids)}


def language_of(text: str, usual: Language) -> Language:
    """The language that somebody writes in, by the first of their words; the usual in doubt."""
    sample = [mark for mark in text[:2000] if mark.isalpha()]
    if not sample:
        return usual
    chinese = sum("\u4e00" <= mark <= "\u9fff" or "\u3400" <= mark <= "\u4dbf" for mark in sample)
    return Language.CHINESE if chinese * 5 >= len(sample) else Language.ENGLISH
