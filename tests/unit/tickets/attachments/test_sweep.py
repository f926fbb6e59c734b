"""Files that belong to no ticket go after two days; no other does."""

import os
from pathlib import Path

from twisted.internet.defer import Deferred

from tests.support.deferred import result_of
from tests.support.ticket_office import AtOnce
from tests.support.tickets import AGENT, TicketDesk
from tickets.attachments.model import Attachment, Limits
from tickets.attachments.service import Attachments
from tickets.attachments.sweep import LEFT_FOR, Sweep
from tickets.workflow import Action

LETTER = b"%PDF-1.7 letter"


def test_only_what_belongs_to_no_ticket_is_swept(tmp_path: Path) -> None:
    desk = TicketDesk()
    files = Attachments(tmp_path, Limits(), AtOnce())
    sweep = Sweep(files, desk.database, desk.clock)

    def kept(name: str) -> Attachment:
        attachment: Attachment = result_of(files.keep(LETTER + name.encode(), name))
        for path in tmp_path.rglob(attachment.digest):
            os.utime(path, (desk.clock.seconds(),) * 2)
        return attachment

    def swept() -> int:
        return int(result_of(Deferred.fromCoroutine(sweep.sweep())))

    mine, nobodys = kept("mine.pdf"), kept("nobodys.pdf")
    number = desk.register().number
    desk.act(number, Action.ATTACH_FILE, AGENT, mine.fields())
    desk.clock.advance(LEFT_FOR.total_seconds())
    assert swept() == 0
    desk.clock.advance(1)
    assert swept() == 1
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [mine.digest]
    assert nobodys.digest != mine.digest
