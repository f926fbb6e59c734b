"""A message that a caller left, as the ticket that is made of it.

It is nobody's yet, so it goes the way of every case: dispatchers are told, its clocks run, and
whoever works on it plays the message on its time line. Its words are those of the caller's
language, since that is who will be called back. Pure.
"""

from hashlib import sha256

from cti.kernel.ports import SpokenMessage
from cti.kernel.vocabulary import Language, MessageAbout
from tickets.model import Draft, Requester, Source, TicketKind

WORDS = {
    Language.CHINESE: (
        "语音留言",
        "号码未显示",
        "时长{seconds}秒，可在时间线上收听。队列：{queue}",
    ),
    Language.ENGLISH: (
        "Voicemail",
        "Number withheld",
        "{seconds} s, to be played on the time line. Queue: {queue}",
    ),
}
"""Title, who withheld their number, and what is written."""
KINDS = {
    MessageAbout.COMPLAINT: TicketKind.COMPLAINT,
    MessageAbout.SUGGESTION: TicketKind.SUGGESTION,
}
"""What a message opens; anything else is work to be accepted."""
TITLES = {
    (MessageAbout.COMPLAINT, Language.CHINESE): "语音投诉",
    (MessageAbout.SUGGESTION, Language.CHINESE): "语音建议",
    (MessageAbout.COMPLAINT, Language.ENGLISH): "Complaint by voicemail",
    (MessageAbout.SUGGESTION, Language.ENGLISH): "Suggestion by voicemail",
}


def draft_of(message: SpokenMessage) -> Draft:
    """The ticket as it is registered."""
    title, withheld, text = WORDS[message.language]
    contact = message.calling or withheld
    return Draft(
        kind=KINDS.get(message.about, TicketKind.ACCEPTANCE),
        title=f"{TITLES.get((message.about, message.language), title)} {contact}",
        text=text.format(seconds=round(message.seconds), queue=message.queue_id or "–"),
        requester=Requester(
            name=message.name or contact,
            contact=contact,
            customer_id=message.customer_id,
            service_level=message.service_level,
        ),
        occasion=message.begun.isoformat(timespec="seconds"),
        call_id=message.call_id,
        source=Source.VOICEMAIL,
    )


def request_of(message: SpokenMessage) -> str:
    """The request id that is the same whenever this message is registered."""
    told = f"{message.call_id} {message.begun.isoformat()}"
    return f"voicemail-{sha256(told.encode()).hexdigest()[:48]}"
