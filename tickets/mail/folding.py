"""What was written now, apart from what was quoted and from the signature. Pure.

Only what stands at the end is folded: an answer between the lines of a quotation stays where it
makes sense. Nothing is thrown away, and a letter that would have nothing left is shown whole.
"""

import re

from tickets.mail.model import Body

MOST_HEAD_LINES = 3
"""Lines over which the head of a quotation is broken by mail programs."""
LONGEST_HEAD = 400

QUOTE = re.compile(r"\s*(?:>|＞|\|(?=\s))")
RULE = re.compile(
    r"\s*(?:[-_—=]{2,}\s*)?"
    r"(?:original message|original appointment|replied message|原始邮件|原邮件|回复的原邮件|"
    r"回复的邮件|原始信息)"
    r"\s*[:：]?(?:\s*[-_—=]{2,})?\s*",
    re.IGNORECASE,
)
RULE_MARKS = re.compile(r"\s*[-_—=]{2,}|.*[:：]\s*$|.*[-_—=]{2,}\s*$")
LINE = re.compile(r"\s*_{10,}\s*")
WROTE = re.compile(
    r"\s*(?:"
    r"(?:on|at)\s.{4,300}\s(?:wrote|writes)\s*[:：]"
    r"|(?:在|于)\s?.{4,300}(?:写道|写到|寫道|说)\s*[:：]"
    r"|.{0,200}[<＜][^<>\s]{3,200}@[^<>\s]{3,200}[>＞]\s?.{0,60}(?:写道|写到|寫道|wrote)\s*[:：]"
    r"|.{0,80}\d{4}\s?[-年/.]\s?\d{1,2}\s?[-月/.]\s?\d{1,2}.{0,200}(?:写道|写到|寫道)\s*[:：]"
    r")\s*",
    re.IGNORECASE,
)
OPENS = re.compile(r"\s*(?:on\s|at\s|在|于)", re.IGNORECASE)
FIELD = re.compile(
    r"\s*\**(?:from|sent|date|to|cc|subject|发件人|发送时间|发送日期|日期|收件人|抄送|主题|寄件者|"
    r"收件者|寄件日期|主旨)\**\s*[:：].*",
    re.IGNORECASE,
)
FROM = re.compile(r"\s*\**(?:from|发件人|寄件者)\**\s*[:：].*", re.IGNORECASE)
FORWARD = re.compile(
    r"\s*(?:[-_—=]{2,}\s*)?(?:begin )?"
    r"(?:forwarded (?:message|by)|转发的?邮件|转发邮件信息|轉寄郵件)\s*[:：]?\s*(?:[-_—=]{2,})?\s*",
    re.IGNORECASE,
)
"""What follows is passed on, and is what the letter is about."""
SIGNATURE = "-- "
"""RFC 3676, 4.3."""
SENT_FROM = re.compile(
    r"\s*(?:sent from (?:my|outlook|mail for|yahoo)|get outlook for|发自我的|从我的.{1,20}发送|"
    r"来自我的|发送自|获取 outlook).{0,80}",
    re.IGNORECASE,
)


def folded(text: str, html: str = "") -> Body:
    """The text in three piles; joined in the order text, signature, quoted they are all of it."""
    lines = text.split("\n")
    at = _quoted_from(lines)
    fresh, quoted = lines[:at], lines[at:]
    if not _says_something(fresh):
        fresh, quoted = lines, []
    end = _signed_from(fresh)
    signature = fresh[end:]
    if not _says_something(fresh[:end]):
        end, signature = len(fresh), []
    return Body(
        text="\n".join(fresh[:end]).strip(),
        quoted="\n".join(quoted).strip(),
        signature="\n".join(signature).strip(),
        html=html,
    )


def _quoted_from(lines: list[str]) -> int:
    """The line with which the quotation at the end begins; the number of lines if there is none."""
    for place, line in enumerate(lines):
        if len(line) <= LONGEST_HEAD and FORWARD.fullmatch(line):
            return len(lines)
        if _is_head(lines, place):
            return place
    end = len(lines)
    while end and (not lines[end - 1].strip() or QUOTE.match(lines[end - 1])):
        end -= 1
    if not any(QUOTE.match(line) for line in lines[end:]):
        return len(lines)
    return _with_its_head(lines, end)


def _is_head(lines: list[str], place: int) -> bool:
    """Whether all from here on is an earlier letter, by the line that says so."""
    line = lines[place]
    if len(line) > LONGEST_HEAD:
        return False
    if RULE.fullmatch(line) and RULE_MARKS.fullmatch(line):
        return True
    if LINE.fullmatch(line):
        return _fields_from(lines, place + 1)
    if FROM.fullmatch(line):
        return _fields_from(lines, place)
    rest = [each for each in lines[place + 1 : place + 20] if each.strip()]
    begins = _wrote(lines, place)
    return begins > 0 and not any(QUOTE.match(each) for each in rest[: begins + 1])


def _with_its_head(lines: list[str], end: int) -> int:
    """Where the head of the marked lines from `end` on begins, as "On ... wrote:"."""
    last = end
    while last and not lines[last - 1].strip():
        last -= 1
    for count in range(min(last, MOST_HEAD_LINES), 0, -1):
        begins = lines[last - count]
        if (count == 1 or OPENS.match(begins)) and _wrote(lines, last - count) == count:
            return last - count
    return end


def _wrote(lines: list[str], place: int) -> int:
    """How many lines from here on say who wrote what follows; 0 if they do not."""
    joined = ""
    for count, line in enumerate(lines[place : place + MOST_HEAD_LINES], 1):
        if not line.strip():
            return 0
        joined = f"{joined} {line.strip()}" if joined else line.strip()
        if len(joined) > LONGEST_HEAD:
            return 0
        if WROTE.fullmatch(joined):
            return count
    return 0


def _fields_from(lines: list[str], place: int) -> bool:
    """Whether a block of From, Sent, To, Subject stands here, as Outlook writes above a letter."""
    block = [line for line in lines[place : place + 8] if line.strip()][:5]
    if not block or not FROM.fullmatch(block[0][:LONGEST_HEAD]):
        return False
    return sum(1 for line in block if FIELD.fullmatch(line[:LONGEST_HEAD])) >= 3


def _signed_from(lines: list[str]) -> int:
    """The line with which the signature begins; the number of lines if there is none."""
    for place in range(len(lines) - 1, -1, -1):
        if lines[place] == SIGNATURE or lines[place] == SIGNATURE.strip():
            return place
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    if end and SENT_FROM.fullmatch(lines[end - 1]):
        return end - 1
    return len(lines)


def _says_something(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)
