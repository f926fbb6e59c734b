"""A letter as the ticket, or the act, that is made of it. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tickets.forms import YES_NO
from tickets.mail.composing import language_of
from tickets.mail.model import Letter
from tickets.mail.settings import MailSettings
from tickets.model import Draft, HistoryEntry, ReplyChannel, Requester, Source, TicketKind
from tickets.workflow import Action

LONGEST_TEXT = 4000
"""Characters of a ticket's text and of an act's; the whole letter is on the time line."""
LONGEST_TITLE = 200
WORDS = {
    Language.CHINESE: {
        "untitled": "（无主题）",
        "empty": "（邮件无正文）",
        "mentions": "邮件提到工单 {numbers}，但发件人不是其当事人。",
        "left_out": "未保存的附件：{names}",
        "returned": "致 {who} 的邮件未能送达：{why}",
    },
    Language.ENGLISH: {
        "untitled": "(no subject)",
        "empty": "(a letter without words)",
        "mentions": "The letter names ticket {numbers}, on which its sender is not known.",
        "left_out": "Files that were not kept: {names}",
        "returned": "The letter to {who} was not delivered: {why}",
    },
}


def draft_of(
    letter: Letter, mentions: Sequence[TicketNumber], settings: MailSettings, at: datetime
) -> Draft:
    """The ticket that the letter opens; its kind is that of the first address it was sent to."""
    kinds = (settings.addresses.get(each) for each in letter.recipients)
    words = WORDS[letter_language(letter, settings)]
    name = letter.sender_name or letter.sender
    return Draft(
        kind=next((kind for kind in kinds if kind is not None), TicketKind.ENQUIRY),
        title=_cut(letter.subject or words["untitled"], LONGEST_TITLE),
        text=told(letter, settings, mentions),
        requester=Requester(
            name=_cut(name, LONGEST_TITLE), contact=letter.sender, unproven=not letter.proven
        ),
        occasion=at.isoformat(timespec="seconds"),
        reply_by=ReplyChannel.EMAIL,
        source=Source.EMAIL,
    )


def told(letter: Letter, settings: MailSettings, mentions: Sequence[TicketNumber] = ()) -> str:
    """What the letter says, as far as a field holds it, and what is to be known of it."""
    words = WORDS[letter_language(letter, settings)]
    notes = []
    if mentions:
        notes.append(words["mentions"].format(numbers=", ".join(mentions)))
    if letter.left_out:
        notes.append(words["left_out"].format(names=", ".join(letter.left_out)))
    note = _cut("\n".join(notes), LONGEST_TEXT // 2)
    room = LONGEST_TEXT - len(note) - 2
    text = _cut(letter.body.text or words["empty"], room)
    return f"{text}\n\n{note}" if note else text


def returned(letter: Letter, settings: MailSettings) -> str:
    """What a report says, in a line."""
    assert letter.report is not None
    failed = [each for each in letter.report.failed if each.final] or list(letter.report.failed)
    why = "; ".join(f"{each.status} {each.diagnosis}".strip() for each in failed)
    who = ", ".join(each.recipient for each in failed)
    return _cut(WORDS[settings.language]["returned"].format(who=who, why=why), LONGEST_TEXT)


def without(letter: Letter, names: Sequence[str]) -> Letter:
    """The letter where those files too were not kept."""
    return replace(letter, left_out=(*letter.left_out, *names)) if names else letter


def request_of(letter: Letter) -> str:
    """The request id that is the same whenever this letter comes."""
    return f"mail-{letter.fingerprint[:48]}"


def request_of_reply(delivery: str) -> str:
    """The request id of the act by which a delivered letter becomes the reply."""
    return f"reply-{delivery}"


def stands_by(history: Sequence[HistoryEntry], request_id: str) -> bool:
    """Whether the ticket stands by the answer that was given with that request.

    It does not where another came later, or the customer said since that they were told.
    """
    stands = False
    for entry in history:
        if entry.action == Action.REPLY.value:
            stands = entry.request_id == request_id
        elif entry.action == Action.CALL_BACK.value and entry.fields.get("told") == YES_NO[0]:
            stands = False
    return stands


def letter_language(letter: Letter, settings: MailSettings) -> Language:
    """The language that its writer writes."""
    return language_of(f"{letter.body.text} {letter.subject}", settings.language)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
