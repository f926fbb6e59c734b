"""Small gettext catalogues for tests, written where a package would have them."""

from collections.abc import Mapping
from pathlib import Path

from cti.web.texts import Texts

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("*/web/locales"))
PLURALS = {"zh_CN": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}


def all_texts() -> Texts:
    """The words of every package of the house."""
    texts = Texts()
    for package in PACKAGES:
        texts.add(package / "locales")
    return texts


def entries(**words: str) -> str:
    """Messages of a catalogue; ``a__b`` is the key ``a.b``."""
    return "\n".join(
        f'msgid "{key.replace("__", ".")}"\nmsgstr "{text}"\n' for key, text in words.items()
    )


def write_catalogues(folder: Path, **bodies: str) -> Path:
    """A folder ``locales`` with these messages per locale below the usual head of seven lines."""
    locales = folder / "locales"
    for locale, body in bodies.items():
        place = locales / locale / "LC_MESSAGES"
        place.mkdir(parents=True)
        (place / "test.po").write_text(head(locale) + body, "utf-8")
    return locales


def write_words(folder: Path, words: Mapping[str, tuple[str, str]]) -> Path:
    """A folder ``locales`` with a Chinese and an English text for each key."""
    chinese = {key.replace(".", "__"): pair[0] for key, pair in words.items()}
    english = {key.replace(".", "__"): pair[1] for key, pair in words.items()}
    return write_catalogues(folder, zh_CN=entries(**chinese), en=entries(**english))


def head(locale: str) -> str:
    """The first lines of a catalogue."""
    return (
        f'# Words.\nmsgid ""\nmsgstr ""\n"Language: {locale}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {PLURALS[locale]}\\n"\n\n'
    )
