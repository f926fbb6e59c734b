"""A ticket's files on its page: added, refused, and given back to be saved."""

from pathlib import Path

import pytest

from tests.support.browsers import Answer
from tests.support.forms import forms_of
from tests.support.ticket_office import Seat, TicketOffice, done
from tests.support.tickets import (
    AGENT,
    OFFICER,
)
from tickets.attachments.model import MEGABYTE

PDF = b"%PDF-1.7 letter"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def office(tmp_path: Path) -> TicketOffice:
    return TicketOffice(folder=tmp_path / "attachments")


def sent(seat: Seat, path: str, *files: tuple[str, bytes]) -> Answer:
    form = next(each for each in forms_of(seat.read(path).text) if each.action == f"{path}/files")
    return seat.browser.upload(form.action, form.fields, files)


def test_files_are_kept_and_given_back_to_be_saved(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    assert done(sent(agent, path, ("../来信.pdf", PDF), ("photo.jpg", PNG))) == path
    page = agent.read(path).text
    assert "来信.pdf" in page
    assert f'src="{path}/files/2/seen"' in page
    letter = agent.browser.get(f"{path}/files/1")
    assert letter.body == PDF
    assert letter.headers["content-type"] == "application/octet-stream"
    assert letter.headers["content-disposition"].startswith("attachment; ")
    assert letter.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert letter.headers["x-content-type-options"] == "nosniff"
    picture = agent.browser.get(f"{path}/files/2/seen")
    assert picture.body == PNG
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert agent.browser.get(f"{path}/files/1/seen").status == 409
    history = office.desk.view(path.rpartition("/")[2]).history
    assert [entry.fields["file"] for entry in history[1:]] == ["来信.pdf", "photo.jpg.png"]


def test_a_sound_is_sent_from_where_it_is_to_go_on(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    sound = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(200))
    done(sent(agent, path, ("message.wav", sound)))
    whole = agent.browser.get(f"{path}/files/1/seen")
    assert (whole.body, whole.headers["accept-ranges"]) == (sound, "bytes")
    part = agent.browser.get(f"{path}/files/1/seen", range="bytes=100-149")
    assert (part.status, part.body) == (206, sound[100:150])
    assert part.headers["content-range"] == f"bytes 100-149/{len(sound)}"
    beyond = agent.browser.get(f"{path}/files/1/seen", range=f"bytes={len(sound)}-")
    assert (beyond.status, beyond.body) == (416, b"")


def test_a_form_of_files_sent_twice_adds_them_once(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    form = next(each for each in forms_of(agent.read(path).text) if each.action == f"{path}/files")
    for _ in range(2):
        done(agent.browser.upload(form.action, form.fields, [("a.pdf", PDF)]))
    assert agent.read(path).text.count(f'href="{path}/files/1"') == 2, "list and time line"
    assert agent.browser.get(f"{path}/files/2").status == 409


@pytest.mark.parametrize(
    ("name", "octets", "why"),
    [
        ("a.pdf", b"MZ\x90\x00", "不是可以接收的文件类型"),
        ("a.pdf", b"", "空文件"),
        ("a.pdf", PDF + bytes(MEGABYTE), "超过 1 MB"),
    ],
)
def test_what_is_not_taken_is_said_and_leaves_nothing(
    office: TicketOffice, name: str, octets: bytes, why: str
) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    answer = sent(agent, path, (name, octets))
    assert answer.status == 409
    assert why in answer.text
    assert [each for each in office.folder.rglob("*") if each.is_file()] == []
    assert agent.browser.get(f"{path}/files/1").status == 409


def test_a_body_beyond_all_bounds_is_heard_out_and_refused(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    assert sent(agent, path, ("a.pdf", bytes(5 * MEGABYTE))).status == 413


def test_too_many_files_and_none(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    assert "一次最多添加 3 个" in sent(agent, path, *[("a.pdf", PDF)] * 4).text
    assert "请填写“附件”" in sent(agent, path).text


def test_files_are_of_one_ticket_and_seen_by_those_who_see_it(office: TicketOffice) -> None:
    path, other = office.path_of_new(), office.path_of_new()
    agent = office.seat(AGENT)
    done(sent(agent, path, ("a.pdf", PDF)))
    assert agent.browser.get(f"{other}/files/1").status == 409
    assert office.seat(OFFICER).browser.get(f"{path}/files/1").status == 409


def test_files_come_from_this_site_and_by_their_own_form(office: TicketOffice) -> None:
    path, agent = office.path_of_new(), office.seat(AGENT)
    form = agent.form(path, "note")
    wrong = form.fields | {"csrf": "x"}
    assert agent.browser.upload(f"{path}/files", wrong, [("a.pdf", PDF)]).status == 403
    claimed = form.fields | {"action": "attach_file", "file": "x", "digest": "0" * 64}
    assert agent.browser.post(f"{path}/act", claimed).status == 400
