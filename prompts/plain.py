"""A text made for the eye, as one for the ear: without marks of a screen, every sign a word.

HTML and Markdown, addresses of pages and of e-mail, masked and full numbers, ranges, abbreviations
and signs are what officers write and no voice can say. Of a long number, as cards and identity
cards have, nothing but its ending is left. Figures stay figures: `prompts.written` says those.
Pure.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from cti.kernel.vocabulary import Language

ZH, EN = Language.CHINESE, Language.ENGLISH
Rule = tuple[re.Pattern[str], str]


def _rules(*rules: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple((re.compile(each, re.IGNORECASE | re.MULTILINE), said) for each, said in rules)


FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
FULL_WIDTH |= {code: code - 0xFEE0 for code in range(0xFF41, 0xFF5B)}
FULL_WIDTH |= {
    ord(wide): ord(narrow) for wide, narrow in zip("％＋－．＠／＊＃", "%+-.@/*#", strict=True)
}
ROMAN = {code: str(number) for number, code in enumerate(range(0x2160, 0x216C), 1)}
CIRCLED = {code: f"{number}、" for number, code in enumerate(range(0x2460, 0x2474), 1)}
NARROW = MappingProxyType({**FULL_WIDTH, **ROMAN, **CIRCLED})
"""Digits and letters as wide as a Chinese character, and numerals that are one character."""

SCREEN = _rules(
    (r"<(style|script)\b.*?</\1\s*>|<!--.*?-->", ""),
    (r"</?(?:br|p|div|li|ul|ol|tr|table|h[1-6])\b[^<>]*>", "\n"),
    (r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", ""),
    (r"!?\[([^\[\]]*)\]\([^()\s]*\)", r"\1"),
    (r"^\s*(?:[-*_=]\s?){3,}$", ""),
    (r"^\s*(?:#{1,6}\s|>\s?|[-*+•·●▪■◆]\s)\s*", ""),
    (r"^\s*[（(]?(\d{1,2})(?:[.)）]|[.)）、]\s)\s*(?=\D)", r"\1、"),
    (r"(\*\*|__|~~|`)(?=\S)(.+?)(?<=\S)\1", r"\2"),
)
"""HTML and Markdown; what begins a line of a list is kept where it is a number."""

MASK = r"[*＊●•xX]"
MASKED = re.compile(
    r"(?:(?P<named>(?:尾号|末四位|末位|ending(?: in)?)(?:为|是)?[:：\s(（]*)"
    rf"{MASK}+|\d{{2,6}}[\s-]?{MASK}{{2,}}|{MASK}{{3,}})(?:[\s-]?{MASK}{{2,}})*[\s-]?\d{{3,4}}(?!\d)",
    re.IGNORECASE,
)
LONG = re.compile(
    r"(?<![\d.,])(?:\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{15,19}|\d{14,17}[Xx])(?![\dA-Za-z])"
)
"""Of a card or an identity card."""
SHOWN = 4
ENDING = {ZH: "尾号", EN: "ending "}

HOST = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|cn|net|org|gov|edu|bank|example|info|io|app)"
MAIL = re.compile(rf"(?:mailto:)?([a-z0-9][a-z0-9._+-]*)@({HOST})\b", re.IGNORECASE | re.ASCII)
PAGE = re.compile(
    rf"(?:https?://(?:[^\s/@]*@)?(?P<host>[a-z0-9.-]+[a-z0-9])|(?<![a-z0-9.@-])(?P<bare>{HOST})\b)"
    r"(?::\d+)?(?:[/?#][a-z0-9/?#=&%._~:+-]*[a-z0-9/=])?/?",
    re.IGNORECASE | re.ASCII,
)
SPELT = {
    ZH: {".": "点", "-": "杠", "_": "下划线", "+": "加号", "@": "艾特"},
    EN: {".": " dot ", "-": " dash ", "_": " underscore ", "+": " plus ", "@": " at "},
}

UNITS = (
    r"%|个|天|日|月|年|周|次|笔|元|万|亿|人|小时|分钟|"
    r"(?:working|business|calendar) days?\b|days?\b|hours?\b|minutes?\b|weeks?\b|months?\b|yuan\b"
)
RANGES = {
    language: _rules(
        (r"(?<=[\d%时点分日月年元])\s*[~～—–]+\s*(?=[\d¥￥$])", to),
        (r"(?<=[%日月年])\s*-\s*(?=\d)", to),
        (r"(?<![\d:])(\d{1,2}:\d\d)\s?-\s?(?=\d{1,2}:\d\d)", rf"\1{to}"),
        (rf"(?<![\d-])(\d{{1,4}})\s?-\s?(?=\d{{1,4}}\s?(?:{UNITS}))", rf"\1{to}"),
    )
    for language, to in ((ZH, "到"), (EN, " to "))
}

SIGNS = {
    ZH: _rules(
        (r"(\d+(?:\.\d+)?)\s?‰", r"千分之\1"),
        (r"(?<=[\d元次笔个])\s?/\s?(?=年|月|日|天|次|笔|人|户|小时)", "每"),
        (r"(?<=\d)\s?[×xX*]\s?(?=\d)", "乘"),
        (r"\*号?键", "星号键"),
        (r"#号?键", "井号键"),
        (r"[≥≧]\s?", "不低于"),
        (r"[≤≦]\s?", "不超过"),
        (r"\s?&\s?", "和"),
        (r"℃", "摄氏度"),
    ),
    EN: _rules(
        (r"(\d+(?:\.\d+)?)\s?‰", r"\1 per thousand"),
        (r"\*(?= key\b)", "star"),
        (r"#(?= key\b)", "pound"),
        (r"\b24\s?/\s?7\b", "around the clock"),
        (r"[≥≧]\s?", " at least "),
        (r"[≤≦]\s?", " at most "),
        (r"\bT\s?&\s?Cs?\b", "terms and conditions"),
        (r"\s?&\s?", " and "),
        (r"℃", " degrees Celsius"),
    ),
}

ABBREVIATIONS = _rules(
    (r"\ba/c\b|\bacct?\.", "account"),
    (r"\bapprox\.", "approximately"),
    (r"\be\.g\.", "for example"),
    (r"\bi\.e\.", "that is"),
    (r"\betc\.(?=\s+(?-i:[A-Z]))", "et cetera."),
    (r"\betc\b\.?", "et cetera"),
    (r"\bp\.a\.", "a year"),
    (r"\bvs\.?(?=\s)", "versus"),
    (r"\bno\.\s?(?=\d)|№\s?", "number "),
    (r"\bref\.\s?", "reference "),
    (r"\btel\.\s?", "telephone "),
    (r"\bdept\.?(?=\s)", "department"),
    (r"\bhrs?\b\.?", "hours"),
    (r"\bmins?\b\.?(?=\s|$)", "minutes"),
    (r"\bMr\.?(?=\s)", "Mister"),
    (r"\bMrs\.?(?=\s)", "Missus"),
    (r"\bMs\.?(?=\s)", "Miz"),
    (r"\bDr\.?(?=\s)", "Doctor"),
    (r"\bLtd\b\.?", "Limited"),
    (r"\bCo\.(?=,?\s)", "Company"),
)
LETTERS = re.compile(r"(?<![A-Za-z0-9])(?!CNY|RMB|USD|EUR|GBP|JPY|HKD)[A-Z]{2,5}(?![A-Za-z])")
"""Capitals in a Chinese text are said letter by letter, but for those of a currency."""
SPELT_IN_ENGLISH = re.compile(r"\b(?:ATM|POS|SMS|PIN|LPR|APR|QR|ID|VIP|IC|ETC|OTP)\b")
UNSAID = re.compile(r"[*#_`|\\^~<>{}\[\]]+")
SILENT = frozenset({"So", "Sk", "Cf", "Co", "Cn", "Cs"})
"""Categories of characters that no voice says: pictures, joiners, private ones."""
CHINESE_NUMERO = re.compile(r"№\s?(\d+)")


def plain(text: str, language: Language) -> str:
    """The same in words and figures; lines stay lines, so that each is a sentence."""
    text = html.unescape(text.translate(NARROW))
    text = "".join(
        each for each in text if unicodedata.category(each) not in SILENT or each in "℃№"
    )
    text = _all(SCREEN[:1], text)
    text = MASKED.sub(_ending(language), text)
    text = _all(SCREEN[1:], text)
    text = MAIL.sub(lambda found: _address(found[0].removeprefix("mailto:"), language), text)
    text = PAGE.sub(lambda found: _page(found, language), text)
    text = LONG.sub(_ending(language), text)
    text = _all(RANGES[language], text)
    text = _abbreviated(text, language)
    return UNSAID.sub(" ", _all(SIGNS[language], text))


def _all(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text


def _abbreviated(text: str, language: Language) -> str:
    if language is ZH:
        text = CHINESE_NUMERO.sub(r"\1号", text)
        return LETTERS.sub(lambda found: " ".join(found[0]), text)
    text = _all(ABBREVIATIONS, text)
    return SPELT_IN_ENGLISH.sub(lambda found: " ".join(found[0]), text)


def _ending(language: Language) -> Callable[[re.Match[str]], str]:
    """What is said of a number of which nothing but the ending may be."""

    def said(found: re.Match[str]) -> str:
        named = found.groupdict().get("named") or ENDING[language]
        end = "".join(each for each in found[0].upper() if each.isdigit() or each == "X")
        return f"{named}{end[-SHOWN:].lstrip('X')}"

    return said


def _page(found: re.Match[str], language: Language) -> str:
    """The name of the site: nobody writes down what follows it."""
    host = (found["host"] or found["bare"]).lower().removeprefix("www.")
    return _address(host, language)


def _address(address: str, language: Language) -> str:
    spelt: Mapping[str, str] = SPELT[language]
    return "".join(spelt.get(each, each) for each in address)
