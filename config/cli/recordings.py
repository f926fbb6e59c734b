"""Look after recordings: list them, check that nobody changed them, take one out, keys."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from config.settings import Settings
    from cti.recording.keys import KeyRing
    from cti.recording.verify import Verdict
    from monitoring.recordings import RecordedCall

EPILOG = """\
examples:
  hotline recordings list                             the newest, with their calls
  hotline recordings verify --all                     is each what was recorded? status 1 if not
  hotline recordings verify 20261121-101500-5f3a      the one of that call
  hotline recordings export 20261121-101500-5f3a out.wav      decrypted where it is encrypted
  hotline recordings key 2026-12                      make a key; name it in the settings
  hotline recordings rotate                           bring every recording over to that key"""

LISTED = 50
NO_KEYS = "is not set: say there where the keys are kept, and which one is current"


def add_arguments(parser: ArgumentParser) -> None:
    """``list``, ``verify``, ``export``, ``key``, ``rotate``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, summary: str) -> ArgumentParser:
        return actions.add_parser(
            name, help=summary, epilog=EPILOG, formatter_class=RawDescriptionHelpFormatter
        )

    listing = action("list", "the newest recordings and their calls")
    listing.add_argument(
        "--limit", type=int, default=LISTED, metavar="N", help=f"at most so many ({LISTED})"
    )
    verifying = action("verify", "tell whether recordings are what was recorded")
    verifying.add_argument(
        "what", nargs="*", metavar="CALL|FILE", help="a call's id, or a WAV file"
    )
    verifying.add_argument("--all", action="store_true", help="every recording there is")
    exporting = action("export", "write a call's recording to a WAV file, decrypted")
    exporting.add_argument("what", metavar="CALL|FILE", help="a call's id, or a WAV file")
    exporting.add_argument("to", type=Path, metavar="WAV", help="where to; overwrites nothing")
    key = action("key", "make a new key in the folder of keys")
    key.add_argument("name", metavar="NAME", help="for example 2026-12")
    action("rotate", "wrap every recording's own key in the current one")


def run(args: Namespace) -> int:
    """Do it; status 1 when a recording was changed, is gone or cannot be opened."""
    from config.cli import settings_of

    settings = settings_of(args)
    match args.action:
        case "list":
            return _list(settings, args.limit)
        case "verify":
            return _verify(settings, args.what, everything=args.all)
        case "export":
            return _export(settings, args.what, args.to)
        case "key":
            return _make_key(settings, args.name)
    return _rotate(settings)


# --- what each does -------------------------------------------------------------------------


def _list(settings: Settings, limit: int) -> int:
    zone = ZoneInfo(settings.time_zone)
    calls = _recorded(settings)
    for call in calls[:limit]:
        lasts = "being recorded" if call.seconds is None else f"{call.seconds:12.1f} s"
        began = f"{call.started.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"
        print(f"{call.call_id}  {began}  {lasts}  {call.file}")
    if not calls:
        print("There is no recording.", file=sys.stderr)
    return 0


def _verify(settings: Settings, what: list[str], *, everything: bool) -> int:
    from cti.kernel.errors import ConfigurationError
    from cti.recording.verify import State, verify

    if not what and not everything:
        raise ConfigurationError("name calls or files, or say --all")
    wrong = 0
    for name, path, digest in _chosen(settings, what, everything=everything):
        verdict = verify(path, digest, _bar(name))
        wrong += verdict.state in (State.CHANGED, State.MISSING)
        print(f"{name}: {_told(verdict)}")
    return 1 if wrong else 0


def _told(verdict: Verdict) -> str:
    from cti.recording.verify import State

    since = verdict.since or 0.0
    place = "" if verdict.octets is None else f", octets {verdict.octets[0]} to {verdict.octets[1]}"
    said = {
        State.WHOLE: f"unchanged, {verdict.seconds:.1f} s",
        State.GROWING: f"being recorded, unchanged so far ({verdict.seconds:.1f} s)",
        State.CRASHED: f"ended by a crash; nothing vouches for what follows {since:.1f} s{place}",
        State.CHANGED: f"CHANGED from {since:.1f} s{place}: {verdict.why}",
        State.UNCHAINED: "has no chain: nothing vouches for it",
        State.MISSING: "is not there",
    }[verdict.state]
    if verdict.state is State.WHOLE:
        said += "" if verdict.witnessed else " (its chain says so, no call record does)"
        said += f"; ended by: {verdict.why}" if verdict.why else ""
        said += f"; sealed after a crash from {verdict.late:.1f} s" if verdict.late else ""
    return said


def _export(settings: Settings, what: str, to: Path) -> int:
    import shutil

    from cti.recording.keys import KeyLost
    from cti.recording.sealing import SealBroken
    from cti.recording.store import open_sound

    ((_, path, _),) = _chosen(settings, [what], everything=False)
    try:
        with open_sound(path, _ring(settings)) as sound, to.open("xb") as file:
            shutil.copyfileobj(sound, file)
    except FileExistsError:
        print(f"{to} is there already, and nothing is overwritten", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or what}: {error.strerror}", file=sys.stderr)
        return 1
    except (KeyLost, SealBroken) as error:
        print(f"{what}: {error}", file=sys.stderr)
        return 1
    return 0


def _make_key(settings: Settings, name: str) -> int:
    from cti.kernel.errors import ConfigurationError
    from cti.kernel.identifiers import system_entropy
    from cti.recording.keys import make_key

    place = settings.recordings.keys
    if place is None:
        raise ConfigurationError(NO_KEYS, key="recordings.encryption")
    print(make_key(place.path, name, system_entropy))
    return 0


def _rotate(settings: Settings) -> int:
    from cti.kernel.errors import ConfigurationError
    from cti.kernel.identifiers import system_entropy
    from cti.recording.keys import KeyLost
    from cti.recording.sealing import SealBroken
    from cti.recording.store import SEALED, rotate

    ring = _ring(settings)
    if ring is None:
        raise ConfigurationError(NO_KEYS, key="recordings.encryption")
    folder = settings.folders.of(settings.folders.recordings)
    changed = failed = 0
    for path in sorted(folder.rglob(f"*{SEALED}")):
        try:
            changed += rotate(path, ring, system_entropy)
        except (KeyLost, SealBroken, OSError) as error:
            failed += 1
            print(f"{path.relative_to(folder)}: {error}", file=sys.stderr)
    print(f"{changed} recordings now use the key {ring.current!r}.")
    return 1 if failed else 0


# --- what they share ------------------------------------------------------------------------


def _recorded(settings: Settings) -> list[RecordedCall]:
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.orm import Session

    from cti.database import connect
    from cti.kernel.errors import ConfigurationError
    from monitoring.recordings import recorded_calls_txn

    engine = connect(settings.database_url)
    try:
        with Session(engine) as session:
            return recorded_calls_txn(session)
    except OperationalError as error:
        raise ConfigurationError("holds no calls yet", key="database.url") from error
    finally:
        engine.dispose()


def _chosen(
    settings: Settings, what: list[str], *, everything: bool
) -> Iterator[tuple[str, Path, str]]:
    """For each recording its name for people, its path and what witnesses for it."""
    from cti.kernel.errors import ConfigurationError

    folder = settings.folders.of(settings.folders.recordings)
    calls = _recorded(settings)
    known = {str(call.call_id): call for call in calls}
    by_path = {folder / call.file: call for call in calls}
    for name in [*what, *(known if everything else ())]:
        if (call := known.get(name)) is not None:
            yield name, folder / call.file, call.digest
        elif (path := Path(name).absolute()).suffix == ".wav":
            yield name, path, by_path[path].digest if path in by_path else ""
        else:
            raise ConfigurationError(f"{name}: no recorded call has that id, and it is no WAV file")


def _ring(settings: Settings) -> KeyRing | None:
    from cti.recording.keys import read_keys

    return read_keys(settings.recordings.keys) if settings.recordings.keys else None


def _bar(name: str) -> Callable[[int, int], None]:
    """Draws how far one recording is read, where there is a terminal to draw on."""
    shown = -1

    def draw(done: int, total: int) -> None:
        nonlocal shown
        share = 100 * done // total if total else 100
        if share != shown and sys.stderr.isatty():
            end = "\r\x1b[K" if done >= total else ""
            print(f"\r{name} {share:3} %{end}", end="", file=sys.stderr, flush=True)
        shown = share

    return draw
