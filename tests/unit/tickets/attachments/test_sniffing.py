"""What a file is, by its octets."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.attachments.names import LONGEST, clean_name, disposition
from tickets.attachments.sniffing import (
    CSV,
    DOC,
    DOCX,
    EML,
    HTML,
    JPEG,
    MACROS,
    MP3,
    PDF,
    PNG,
    TXT,
    WAV,
    WEBP,
    XLS,
    XLSX,
    ZIP,
    type_of_octets,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64)


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("octets", "name", "media_type"),
    [
        (b"%PDF-1.7\n", "x.txt", PDF),
        (b"\x89PNG\r\n\x1a\n....", "letter.pdf", PNG),
        (b"\xff\xd8\xff\xe0", "a.jpg", JPEG),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", WEBP),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a", WAV),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "a.wav", None),
        (b"ID3\x03", "a", MP3),
        (OLE, "letter.DOC", DOC),
        (OLE, "sheet.xls", XLS),
        (OLE, "setup.msi", None),
        (archive("[Content_Types].xml", "word/document.xml"), "a", DOCX),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "a", XLSX),
        (archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "a.xlsx", MACROS),
        (archive("[Content_Types].xml", "xl/workbook.xml", "xl/VBAPROJECT.BIN"), "a.xlsx", MACROS),
        (archive("word/document.xml"), "a.docx", ZIP),
        (b"PK\x03\x04 cut off", "a.docx", None),
        ("等了两小时".encode(), "a.txt", TXT),
        ("等了两小时".encode("gb18030"), "a", TXT),
        (b"name,amount\r\n", "a.csv", CSV),
        (b"From: a@b.example\r\n\r\n", "a.eml", EML),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "a.txt", HTML),
        (b"<svg xmlns='x'><script/></svg>", "a.png", HTML),
        (b"MZ\x90\x00\x03", "a.pdf", None),
        (b"\x7fELF", "a.txt", None),
        (b"", "a.txt", None),
    ],
)
def test_the_octets_tell(octets: bytes, name: str, media_type: str | None) -> None:
    assert type_of_octets(octets, name) == media_type


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_octets_can_be_looked_at(octets: bytes, name: str) -> None:
    type_of_octets(octets, name)


def test_a_long_text_may_be_cut_within_a_character() -> None:
    assert type_of_octets(b"a" + "柜".encode() * 50_000, "a.txt") == TXT


@pytest.mark.parametrize(
    ("name", "media_type", "cleaned"),
    [
        ("letter.pdf", PDF, "letter.pdf"),
        ("C:\\Users\\wang\\来信.PDF", PDF, "来信.PDF"),
        ("../../etc/passwd", TXT, "passwd.txt"),
        ("invoice.exe", PDF, "invoice.exe.pdf"),
        ("photo\u202egnp.exe", PNG, "photognp.exe.png"),
        ("a\x00b\r\nc.png", PNG, "abc.png"),
        ("a<b>|?.jpeg", JPEG, "a_b___.jpeg"),
        ("con.txt", TXT, "_con.txt"),
        ("...", PDF, "file.pdf"),
        ("", PDF, "file.pdf"),
    ],
)
def test_names_are_cleaned(name: str, media_type: str, cleaned: str) -> None:
    assert clean_name(name, media_type) == cleaned


@given(st.text(max_size=300))
def test_any_name_can_be_cleaned(name: str) -> None:
    cleaned = clean_name(name, PDF)
    assert cleaned.lower().endswith(".pdf")
    assert 4 < len(cleaned) <= LONGEST
    assert not set(cleaned) & set('/\\<>:"|?*\r\n\0')


def test_a_name_goes_out_as_rfc_6266_says() -> None:
    assert disposition('来"信.pdf') == (
        "attachment; filename=\"___.pdf\"; filename*=UTF-8''%E6%9D%A5%22%E4%BF%A1.pdf"
    )
    assert disposition("a.png", inline=True).startswith('inline; filename="a.png"')
