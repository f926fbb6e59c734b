"""A mailbox on Dovecot, an IMAP server of its own, for as long as a test lasts."""

import grp
import imaplib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.house import free_port
from tests.support.needs import all_needs
from tests.support.patience import crowding

USER, PASSWORD = "hotline", "mailbox-secret"
START_SECONDS = 60.0
CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail
first_valid_uid = 0
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where it is, and what lies in it."""

    port: int

    def put(self, letter: bytes) -> None:
        """A letter comes."""
        with self._signed_in() as client:
            client.append("INBOX", "", imaplib.Time2Internaldate(0), letter)

    def flags(self) -> list[str]:
        """The flags of each letter, the oldest first."""
        with self._signed_in() as client:
            client.select("INBOX", readonly=True)
            _, found = client.fetch("1:*", "(FLAGS)")
            return [str(each) for each in found if each]

    @contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=START_SECONDS) as client:
            client.login(USER, PASSWORD)
            yield client


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """Dovecot over that folder, which must be short: it holds sockets."""
    program = all_needs()["dovecot"].path
    assert program is not None
    own = pwd.getpwuid(os.getuid() or pwd.getpwnam("nobody").pw_uid)
    port = free_port()
    folder.chmod(0o755)
    for name in ("mail", "home"):
        (folder / name).mkdir()
        os.chown(folder / name, own.pw_uid, own.pw_gid)
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            user=own.pw_name,
            group="nogroup" if os.getuid() == 0 else _group(own.pw_gid),
            uid=own.pw_uid,
            gid=own.pw_gid,
            port=port,
            password=PASSWORD,
        )
    )
    process = subprocess.Popen(
        [program, "-F", "-c", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port, process, folder)
        yield Mailbox(port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS * crowding()
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", port, timeout=5):
            return
        time.sleep(0.05)
    log = folder / "dovecot.log"
    raise AssertionError(log.read_text() if log.exists() else "dovecot does not start")


def _group(gid: int) -> str:

    return grp.getgrgid(gid).gr_name
