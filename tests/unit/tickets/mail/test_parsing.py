"""Letters as they come, good and broken, and what is read of them."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.letters import letter, on_file
from tickets.mail.charsets import decoded, one_line
from tickets.mail.limits import Limits
from tickets.mail.model import Automatic, Envelope, Letter, MailUnreadable
from tickets.mail.parsing import file_name, read_letter

POLLED = Envelope(None)


def read(name: str) -> Letter:
    return read_letter(on_file(name), POLLED)


def test_a_plain_letter_is_read_with_its_signature_apart() -> None:
    found = read("plain")
    assert (found.sender, found.sender_name) == ("wang@example.com", "Wang Fang")
    assert found.message_id == "plain-1@example.com"
    assert found.body.text == "When do you open?"
    assert found.body.signature.startswith("-- \nWang Fang")
    assert found.recipients == ("service@bank.example",)


def test_gb18030_labelled_as_gb2312_is_read() -> None:
    found = read("qq")
    assert found.sender_name == "王芳"
    assert found.subject == "回复：关于吞卡的咨询"
    assert "镕基" in found.body.text  # 镕 is in GBK, not in GB 2312
    assert found.body.quoted.startswith("------------------ 原始邮件")


@pytest.mark.parametrize(
    ("name", "text", "quoted"),
    [
        ("outlook", "That did not help", "_____"),
        ("netease", "柜台人员态度差", "At 2026-11-20"),
        ("html_hostile", "Hello bank", "> old words"),
    ],
)
def test_what_was_quoted_stands_apart(name: str, text: str, quoted: str) -> None:
    body = read(name).body
    assert body.text.startswith(text)
    assert body.quoted.startswith(quoted)


@pytest.mark.parametrize("name", ["interleaved", "forward"])
def test_answers_between_the_lines_and_forwarded_letters_stay_whole(name: str) -> None:
    body = read(name).body
    assert body.quoted == ""
    assert len(body.text.splitlines()) > 4


def test_a_long_reference_written_as_encoded_words_is_read() -> None:
    name = "hotline.26112200097.20261122152643136465-64.d32ffa9c6ce1cbe15cc725aa@bank.example"
    message = EmailMessage()
    message["From"] = "li@example.com"
    message["In-Reply-To"] = message["References"] = f"<{name}>"
    message.set_content("补充")
    octets = message.as_bytes()
    assert b"=?utf-8?q?" in octets, "the library folds what no white space divides"
    assert set(read_letter(octets, POLLED).references) == {name}


def test_a_hostile_page_keeps_its_words_and_loses_what_acts() -> None:
    found = read("html_hostile")
    assert "<b>bank</b>" in found.body.html
    assert 'href="https://bank.example/x"' in found.body.html
    for gone in ("script", "onclick", "onload", "img", "iframe", "form", "svg", "style", "secret"):
        assert gone not in found.body.html, gone
    assert "javascript" not in found.body.html


def test_files_keep_their_content_and_get_safe_names() -> None:
    found = read("attachments")
    assert [each.name for each in found.parts] == [
        "合同扫描.pdf",
        "照片.png",
        "_.._etc_passwd",
        "attachment-4.eml",
    ]
    assert found.parts[0].content == b"%PDF-1.4 not really"
    assert [each.inline for each in found.parts] == [False, True, False, False]
    assert b"forwarded words" in found.parts[3].content


def test_files_beyond_the_room_are_named_but_not_kept() -> None:
    found = read_letter(on_file("attachments"), POLLED, Limits(file=15))
    assert found.left_out == ("合同扫描.pdf", "attachment-3.eml")
    found = read_letter(on_file("attachments"), POLLED, Limits(most_files=1))
    assert len(found.left_out) == 3


def test_text_beyond_its_length_stays_whole_in_a_file() -> None:
    found = read_letter(letter("abc " * 100), POLLED, Limits(text=50))
    assert len(found.body.text) == 50
    assert found.body.text.endswith("…")
    assert [each.name for each in found.parts] == ["letter.txt"]
    assert len(found.parts[0].content) > 390


def test_octets_in_headers_are_read_as_what_they_can_be() -> None:
    assert (read("eight_bit_header").sender_name, read("eight_bit_header").subject) == (
        "王芳",
        "投诉手续费",
    )
    assert read("utf8_header").sender == "王芳@例子.example"
    assert read("split_word").subject == "投诉"


def test_controls_and_marks_of_direction_are_gone() -> None:
    assert read("nul_and_controls").subject == "abc"
    assert read("nul_and_controls").body.text == "beforeafter exe.gpj"


def test_a_letter_too_deep_or_too_long_is_unreadable_and_says_why() -> None:
    with pytest.raises(MailUnreadable, match="parts"):
        read("deep")
    with pytest.raises(MailUnreadable, match="longer"):
        read_letter(on_file("plain"), POLLED, Limits(letter=100))
    with pytest.raises(MailUnreadable, match="lines"):
        read_letter(b"\n" * 700_000, POLLED)
    nests = b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (each, each + 1)
        for each in range(50)
    )
    head = b"Content-Type: multipart/mixed; boundary=b0\n\n"
    with pytest.raises(MailUnreadable, match="within"):
        read_letter(head + nests + b"\n" * 200_000, POLLED)
    with pytest.raises(MailUnreadable, match="header"):
        read_letter(b"Subject: a\r\n" * 30_000 + b"\r\n", POLLED)


def test_a_page_nested_too_deep_is_read_as_words() -> None:
    page = "<div>" * 5000 + "words" + "</div>" * 5000
    data = letter().replace(b"text/plain", b"text/html").replace(b"My card is kept.", page.encode())
    found = read_letter(data, POLLED)
    assert found.body.text == "words"
    assert found.body.html == ""


def test_the_sender_is_of_the_envelope_where_the_letter_names_none() -> None:
    assert read_letter(b"\r\nwords", Envelope("Wang@Example.com")).sender == "wang@example.com"


def test_the_same_letter_has_the_same_fingerprint_by_whatever_way_it_comes() -> None:
    once = letter()
    again = b"Received: from mx.example\r\n" + once
    unix = once.replace(b"\r\n", b"\n") + b"\n"
    marks = {read_letter(each, POLLED).fingerprint for each in (once, again, unix)}
    assert len(marks) == 1
    other = letter("My card is gone.")
    assert read_letter(other, POLLED).fingerprint not in marks
    headless = [letter(text, message_id="") for text in ("a", "b")]
    assert len({read_letter(each, POLLED).fingerprint for each in headless}) == 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plain", None),
        ("absence", Automatic.REPLY),
        ("exchange_suppressed", Automatic.SUPPRESSED),
        ("list", Automatic.BULK),
        ("bounce", Automatic.BOUNCE),
        ("bounce_headers", Automatic.BOUNCE),
    ],
)
def test_automatic_letters_are_known(name: str, why: Automatic | None) -> None:
    assert read(name).automatic is why


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("auto_submitted", "auto-generated", Automatic.GENERATED),
        ("auto_submitted", "no", None),
        ("x_autoreply", "yes", Automatic.REPLY),
        ("precedence", "list", Automatic.BULK),
        ("precedence", "normal", None),
        ("list_id", "<a.example>", Automatic.BULK),
        ("precedence", "Bulk", Automatic.BULK),
        ("return_path", "<>", Automatic.BOUNCE),
    ],
)
def test_each_sign_of_a_machine(field: str, value: str, why: Automatic | None) -> None:
    assert read_letter(letter(**{field: value}), POLLED).automatic is why


def test_a_newsletter_is_no_form_that_a_program_sends() -> None:
    sent = letter(auto_submitted="auto-generated", list_id="<news.shop.example>")
    assert read_letter(sent, POLLED).automatic is Automatic.BULK


def test_a_null_return_path_is_a_machine() -> None:
    assert read_letter(letter(), Envelope("")).automatic is Automatic.BOUNCE
    absent = letter(auto_submitted="auto-replied")
    assert read_letter(absent, Envelope("")).automatic is Automatic.REPLY


def test_a_report_says_what_failed_and_for_whom() -> None:
    report = read("bounce").report
    assert report is not None
    assert report.final
    assert report.about == "hotline.26112100016.7.00@bank.example"
    [failed] = report.failed
    assert (failed.recipient, failed.status) == ("wang@example.com", "5.1.1")
    assert failed.diagnosis.startswith("550 5.1.1")
    delayed = read("bounce_headers").report
    assert delayed is not None
    assert not delayed.final
    assert delayed.about == "about-2@bank.example"


@given(st.binary(max_size=2000))
def test_any_octets_are_a_letter_or_unreadable(octets: bytes) -> None:
    try:
        found = read_letter(octets, POLLED)
    except MailUnreadable:
        return
    assert len(found.fingerprint) == 64


@given(st.text(), st.sampled_from(["gb2312", "utf-8", "Big5", "utf-16", "iso-8859-1", None]))
def test_what_is_decoded_has_nothing_unseen_in_it(text: str, label: str | None) -> None:
    shown = decoded(text.encode("gb18030", "surrogatepass"), label)
    shown.encode()
    assert not any(mark in shown for mark in "\x00\r\x1b\u202e")


@given(st.text(max_size=300))
def test_a_file_name_is_one_component_of_a_path(written: str) -> None:
    name = file_name(written, "application/pdf", 1)
    assert 0 < len(name) <= 120
    assert not name.startswith(".")
    assert not set(name) & set('/\\:*?"<>|\n\x00')


def test_one_line_is_cut_where_it_is_too_long() -> None:
    assert one_line(" a \n b ", 10) == "a b"
    assert one_line("abcdef", 4) == "abc…"
