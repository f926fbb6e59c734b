"""Letters to customers: every template in every language, and what becomes of hostile words."""

from pathlib import Path

import pytest

from cti.kernel.errors import ConfigurationError
from cti.kernel.identifiers import TicketNumber
from cti.kernel.vocabulary import Language
from tickets.delivery.model import Purpose
from tickets.mail.composing import BLANKS, PURPOSES, Composer, Template, language_of, thread
from tickets.mail.settings import MailSettings

NUMBER = TicketNumber("26112100016")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", Template)
def test_every_template_holds_all_it_is_given(template: Template, language: Language) -> None:
    values = {name: f"<{name}> & more" for name in BLANKS[template]}
    made = Composer(MailSettings()).compose(template, language, "a@b.example", values, NUMBER)
    assert made.html is not None
    assert made.purpose is PURPOSES[template]
    assert made.subject.startswith(f"[#{NUMBER}] ")
    for name in BLANKS[template]:
        assert f"<{name}> & more" in made.body + made.subject, name
        assert f"<{name}> &" not in made.html, name
        assert f"&lt;{name}&gt; &amp; more" in made.html, name
    assert f'lang="{language.value}"' in made.html
    assert "{{" not in made.body + made.html


def test_the_subject_is_one_line_whatever_the_title() -> None:
    values = dict.fromkeys(BLANKS[Template.REPLY], "a\r\nBcc: all@bank.example")
    made = Composer(MailSettings()).compose(Template.REPLY, Language.ENGLISH, "a@b.example", values)
    assert "\n" not in made.subject
    assert made.purpose is Purpose.REPLY


def test_the_banks_own_template_comes_first(tmp_path: Path) -> None:
    (tmp_path / "code.en.txt.j2").write_text("Subject: Ours\n\n{{ code }}\n")
    composer = Composer(MailSettings(templates=tmp_path))
    composer.check()
    made = composer.compose(
        Template.CODE, Language.ENGLISH, "a@b.example", {"code": "123456", "minutes": "10"}
    )
    assert (made.subject, made.body) == ("Ours", "123456\n")
    assert "123456" in (made.html or "")


@pytest.mark.parametrize("text", ["no subject", "Subject: a\n\n{{ unknown }}", "Subject: {{"])
def test_a_template_that_cannot_be_filled_in_is_an_error_of_settings(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "reply.zh.txt.j2").write_text(text)
    with pytest.raises(ConfigurationError, match=r"reply\.zh"):
        Composer(MailSettings(templates=tmp_path)).check()


def test_a_letter_goes_on_its_thread() -> None:
    assert thread([]) == {}
    assert thread(["a@x", "b@x"]) == {"In-Reply-To": "<b@x>", "References": "<a@x> <b@x>"}
    assert thread([f"{each}@x" for each in range(50)])["References"].count("<") == 20


def test_the_language_is_that_of_the_words() -> None:
    assert language_of("我的 card 被吞了", Language.ENGLISH) is Language.CHINESE
    assert language_of("My card is kept", Language.CHINESE) is Language.ENGLISH
    assert language_of("13800138000", Language.CHINESE) is Language.CHINESE
