"""Show how the lines to the outside stand in the running hotline: trunks, gateways, calls."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from config.cli.columns import in_columns
from config.cli.terminal import language_of
from cti.kernel.errors import ConfigurationError
from cti.trunks.settings import TrunksSettings

EPILOG = """\
examples:
  hotline trunks
  hotline trunks --language zh --web http://hotline.bank.example:8080"""
FAILED, DOWN = 1, 3
SECONDS = 5.0
MINUTE, HOUR, DAY = 60, 3600, 86400

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "trunk": "TRUNK",
        "gateway": "GATEWAY",
        "state": "STATE",
        "since": "SINCE",
        "calls": "CALLS",
        "limit": "LIMIT",
        "turned_away": "REFUSED",
        "registrar": "(registrar)",
        "none": "The hotline has no trunks.",
        "unknown": "not yet heard",
        "up": "up",
        "suspect": "suspect",
        "down": "DOWN",
        "unwatched": "not watched",
        "unregistered": "unregistered",
        "trying": "registering",
        "registered": "registered",
        "refused": "REFUSED",
        "units": "d h min s",
    },
    "zh": {
        "trunk": "中继",
        "gateway": "网关",
        "state": "状态",
        "since": "持续",
        "calls": "通话",
        "limit": "上限",
        "turned_away": "拒绝",
        "registrar": "（注册）",
        "none": "没有配置中继。",
        "unknown": "未知",
        "up": "正常",
        "suspect": "可疑",
        "down": "中断",
        "unwatched": "未监测",
        "unregistered": "未注册",
        "trying": "注册中",
        "registered": "已注册",
        "refused": "注册被拒",
        "units": "天 小时 分 秒",
    },
}


def add_arguments(parser: ArgumentParser) -> None:
    """Where the hotline is, and the language of the table."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--web", metavar="URL", help="web address of the hotline (default: settings)"
    )
    parser.add_argument(
        "--language", choices=tuple(TEXTS), help="zh or en (default: as the terminal's)"
    )


def run(args: Namespace) -> int:
    """Print the table; status 3 when a gateway is down, 1 when nobody answers."""
    from config.cli import settings_of

    settings = settings_of(args)
    web = args.web or f"http://{settings.web.host}:{settings.web.port}"
    try:
        trunks = ask(web)
    except (OSError, HTTPException, ValueError) as error:
        print(f"nobody answers at {web}: is the hotline running? ({error})", file=sys.stderr)
        return FAILED
    language = args.language or language_of(os.environ)
    now = time.time()  # noqa: TID251  (a command's own clock)
    for line in table(with_addresses(trunks, settings.trunks), language, now):
        print(line)
    down = any(each["state"] == "down" for trunk in trunks for each in trunk["gateways"])
    return DOWN if down else 0


def ask(web: str) -> Sequence[Mapping[str, Any]]:
    """The trunks that the hotline's health page shows; OSError, HTTPException, ValueError."""
    parts = urlsplit(web)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("is a web address such as http://127.0.0.1:8080", key="--web")
    secure = parts.scheme == "https"
    kind = HTTPSConnection if secure else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health")
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if not isinstance(answer, dict) or "well" not in answer:
        raise ValueError("what answers is not the hotline")
    trunks: Sequence[Mapping[str, Any]] = answer.get("trunks", ())
    return trunks


def with_addresses(
    trunks: Sequence[Mapping[str, Any]], settings: TrunksSettings
) -> Sequence[Mapping[str, Any]]:
    """The trunks with the addresses of their gateways, which the health page keeps to itself.

    The settings tell them; a gateway of a trunk that is another there has its number for a name.
    """
    named = []
    for trunk in trunks:
        known, gateways = settings.trunks.get(trunk["trunk"]), trunk["gateways"]
        addresses = [str(each) for each in known.gateways] if known else []
        if len(addresses) != len(gateways):
            addresses = [str(number) for number, _ in enumerate(gateways, 1)]
        pairs = zip(addresses, gateways, strict=True)
        named.append({**trunk, "gateways": [{"gateway": at, **each} for at, each in pairs]})
    return named


def table(trunks: Sequence[Mapping[str, Any]], language: str, now: float) -> Iterator[str]:
    """The lines of the table, in columns; `now` in seconds of the epoch."""
    texts = TEXTS[language]
    if not trunks:
        yield texts["none"]
        return
    heads = ("trunk", "gateway", "state", "since", "calls", "limit", "turned_away")
    rows = [[texts[each] for each in heads]]
    for trunk in trunks:
        rows += _rows(trunk, language, now)
    yield from in_columns(rows)


def duration(seconds: float, language: str = "en") -> str:
    """A length of time in two units, such as ``2 h 05 min``."""
    days, hours, minutes, rest = TEXTS[language]["units"].split()
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} {rest}"
    if whole < HOUR:
        return f"{whole // MINUTE} {minutes} {whole % MINUTE:02} {rest}"
    if whole < DAY:
        return f"{whole // HOUR} {hours} {whole % HOUR // MINUTE:02} {minutes}"
    return f"{whole // DAY} {days} {whole % DAY // HOUR:02} {hours}"


def _rows(trunk: Mapping[str, Any], language: str, now: float) -> Iterator[list[str]]:
    """One line for each gateway; what is the trunk's own stands in the first."""
    texts = TEXTS[language]
    calls = f"{trunk['incoming']} + {trunk['outgoing']}"
    own = [calls, str(trunk["limit"] or "-"), str(trunk["refused"])]
    places = [
        (each["gateway"], texts[each["state"]], duration(now - each["since"], language))
        for each in trunk["gateways"]
    ]
    if state := trunk["registration"]:
        since = duration(now - state["since"], language)
        places.append((texts["registrar"], texts[state["state"]], since))
    for number, place in enumerate(places or [("-", "-", "-")]):
        first = number == 0
        yield [trunk["trunk"] if first else "", *place, *(own if first else ("", "", ""))]
