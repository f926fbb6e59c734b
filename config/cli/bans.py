"""Show the addresses that are banned, with why and until when; lift a ban, or give one."""

from __future__ import annotations

import os
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from config.cli.columns import in_columns
from config.cli.terminal import language_of
from config.cli.trunks import duration
from cti.kernel.errors import ConfigurationError
from cti.trunks.settings import TrunksSettings

EPILOG = """\
examples:
  hotline bans
  hotline bans lift 203.0.113.9
  hotline bans add 203.0.113.9 --for 2h

They work on the running hotline, at once, and on the kept bans where none runs. A ban that you give
spares nobody, not even a trunk. TIMES is how often the address was banned of late, so that the next
ban lasts longer; REACH is UDP where connections from there are still heard."""
FAILED, NOT_BANNED = 1, 3
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LENGTH = re.compile(r"(\d{1,7})([smhd]?)")

Record = Mapping[str, Any]

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "address": "ADDRESS",
        "why": "WHY",
        "since": "SINCE",
        "left": "LEFT",
        "count": "TIMES",
        "reach": "REACH",
        "everywhere": "all",
        "datagrams": "UDP",
        "none": "Nobody is banned.",
        "trunk": "{address} is the trunk {trunk}: nothing from there is heard while this lasts.",
        "lifted": "{address} is listened to again.",
        "not_banned": "{address} was not banned.",
        "wrong secret": "wrong secrets",
        "no credentials": "no credentials",
        "uninvited": "uninvited requests",
        "malformed": "malformed messages",
        "flood": "flood",
        "operator": "by an operator",
    },
    "zh": {
        "address": "地址",
        "why": "原因",
        "since": "已封",
        "left": "剩余",
        "count": "次数",
        "reach": "范围",
        "everywhere": "全部",
        "datagrams": "UDP",
        "none": "没有被封禁的地址。",
        "trunk": "{address} 是中继 {trunk}：封禁期间不接收来自该地址的任何信令。",
        "lifted": "{address} 已解封。",
        "not_banned": "{address} 未被封禁。",
        "wrong secret": "密码错误",
        "no credentials": "未经认证",
        "uninvited": "不请自来",
        "malformed": "畸形报文",
        "flood": "洪泛",
        "operator": "人工封禁",
    },
}


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, with which address, for how long."""
    parser.epilog = EPILOG
    parser.add_argument("do", nargs="?", choices=("list", "lift", "add"), default="list")
    parser.add_argument("address", nargs="?", type=_address, help="an IP address")
    parser.add_argument(
        "--for",
        dest="seconds",
        type=_length,
        default=3600.0,
        metavar="LENGTH",
        help="of a new ban: 90s, 10m, 2h, 1d (default: 1h)",
    )
    parser.add_argument(
        "--language", choices=tuple(TEXTS), help="zh or en (default: as the terminal's)"
    )


def run(args: Namespace) -> int:
    """Do it and print the table; status 3 when there was nothing to lift, 1 when it failed."""
    from config.cli import settings_of

    if (args.do == "list") != (args.address is None):
        raise ConfigurationError("`lift` and `add` need an address, `list` none", key="ADDRESS")
    settings = settings_of(args)
    order = {"do": args.do, "address": args.address, "seconds": args.seconds}
    try:
        answer = give(settings.folders.base, settings.bans_file, order)
    except (OSError, ValueError) as error:
        print(f"hotline bans: {error}", file=sys.stderr)
        return FAILED
    language = args.language or language_of(os.environ)
    for line in told(answer, str(args.address), language, time.time()):  # noqa: TID251  (a command's own clock)
        print(line)
    if args.do == "add" and (trunk := trunk_at(args.address, settings.trunks)) is not None:
        print(TEXTS[language]["trunk"].format(address=args.address, trunk=trunk))
    return NOT_BANNED if answer.get("lifted") is False else 0


def give(folder: Path, file: Path, order: Record) -> Record:
    """Have the order carried out by the hotline of that folder, or on its file where none runs.

    OSError, ValueError.
    """
    from cti.transport.operator_port import ask

    try:
        return ask(folder, order)
    except (FileNotFoundError, ConnectionRefusedError):
        return _alone(folder, file)(order)


def _alone(folder: Path, file: Path) -> Callable[[Record], Record]:
    from config.lock import sole_user
    from cti.sip.access.bans import BanRules, Bans
    from cti.transport.ban_file import read_bans, write_bans
    from cti.transport.bans_desk import bans_desk

    def clock() -> float:
        return time.time()  # noqa: TID251  (a command's own clock)

    def answer(order: Record) -> Record:
        bans = Bans(BanRules())
        if order["do"] == "list":
            bans.resume(read_bans(file), clock())
            return bans_desk(bans, clock, lambda: None)(order)
        with sole_user(folder):
            bans.resume(read_bans(file), clock())
            return bans_desk(bans, clock, lambda: write_bans(file, bans.kept(clock())))(order)

    return answer


def trunk_at(address: str, trunks: TrunksSettings) -> str | None:
    """The trunk that has the address by the settings; what names stand for is not looked up."""
    from cti.trunks.trusted import Trusted

    trusted = Trusted()
    for name, trunk in trunks.trunks.items():
        for place in (*trunk.trusted, *(gateway.host for gateway in trunk.gateways)):
            trusted.trust(place, name)
    return trusted.get(address)


def told(answer: Record, address: str, language: str, now: float) -> Iterator[str]:
    """The answer in words; `now` in seconds of the epoch."""
    texts = TEXTS[language]
    if "lifted" in answer:
        yield texts["lifted" if answer["lifted"] else "not_banned"].format(address=address)
    elif not answer["bans"]:
        yield texts["none"]
    else:
        yield from in_columns(_rows(answer["bans"], language, now))


def _rows(bans: Sequence[Record], language: str, now: float) -> list[list[str]]:
    texts = TEXTS[language]
    heads = ("address", "why", "since", "left", "count", "reach")
    rows = [[texts[each] for each in heads]]
    for ban in bans:
        since, left = now - ban["since"], ban["until"] - now
        rows.append(
            [
                ban["host"],
                texts[ban["why"]],
                duration(since, language),
                duration(left, language),
                str(ban["count"]),
                texts["everywhere" if ban["everywhere"] else "datagrams"],
            ]
        )
    return rows


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _length(text: str) -> float:
    """Seconds; a unit may follow the number."""
    match = LENGTH.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ArgumentTypeError(f"{text!r} is no length of time, such as 90s, 10m, 2h or 1d")
    return int(match[1]) * UNITS[match[2]]
