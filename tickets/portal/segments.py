"""How many short messages a text costs (3GPP TS 23.038 and 23.040). Pure."""

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_PAIRS = frozenset("^{}\\[~]|€\f")
"""Marks that take two places in the seven-bit alphabet."""
ONE_OF_SEVEN_BITS, EACH_OF_SEVEN_BITS = 160, 153
ONE_OF_UCS2, EACH_OF_UCS2 = 70, 67


def segments(text: str) -> int:
    """How many messages the text is carried in; none for no text."""
    if all(mark in GSM or mark in GSM_PAIRS for mark in text):
        length = sum(2 if mark in GSM_PAIRS else 1 for mark in text)
        one, each = ONE_OF_SEVEN_BITS, EACH_OF_SEVEN_BITS
    else:
        length = len(text.encode("utf-16-be")) // 2
        one, each = ONE_OF_UCS2, EACH_OF_UCS2
    return min(length, 1) if length <= one else -(-length // each)


def shortened(text: str, most: int) -> str:
    """The text, its end left out where it would cost more than `most` messages."""
    if segments(text) <= most:
        return text
    kept = text
    while kept and segments(f"{kept}…") > most:
        kept = kept[:-1]
    return f"{kept}…"
