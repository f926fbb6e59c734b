"""Programs that some tests want, whether they are here, and what to say when they are not.

A test marked ``needs("sipp")`` is skipped where SIPp is missing and named at the end of the run;
with ``CI=true`` it fails instead, so that nothing is left out unnoticed.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Need:
    """A program by the name tests call it, where Debian has it, and what it is for."""

    package: str
    purpose: str
    path: Path | None


def _postgresql_bin() -> Path | None:
    """The newest server's programs, as Debian, or else the path, has them."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _program(*names: str) -> Path | None:
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def all_needs() -> dict[str, Need]:
    """Every program by the name used in ``needs(...)``."""
    return {
        "sipp": Need("sip-tester", "SIPp, an independent caller", _program("sipp")),
        "baresip": Need("baresip", "an independent telephone", _program("baresip")),
        "chromium": Need(
            "chromium", "a browser", _program("chromium", "chromium-browser", "google-chrome")
        ),
        "kamailio": Need("kamailio", "an independent registrar and proxy", _program("kamailio")),
        "linphone": Need("linphone-cli", "another independent telephone", _program("linphonec")),
        "sipsak": Need("sipsak", "an independent tester", _program("sipsak")),
        "dovecot": Need("dovecot-imapd", "a mailbox", _program("dovecot")),
        "postgresql": Need("postgresql", "the other database", _postgresql_bin()),
    }


def strict() -> bool:
    """Whether a missing program fails the run."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


if __name__ == "__main__":
    print(*sorted(need.package for need in all_needs().values() if need.path is None))  # noqa: T201
