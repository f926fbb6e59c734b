"""What the log says of a flood is told as people would tell it."""

from cti.sip.access.bans import BY_OPERATOR, Ban
from cti.transport.door_log import said


def ban(host: str, why: str) -> Ban:
    return Ban(host, why, 0.0, 60.0)


def test_what_was_dropped_and_who_is_banned() -> None:
    bans = [ban("203.0.113.9", "malformed"), ban("203.0.113.5", BY_OPERATOR)]
    assert "; ".join(said({"flood": 2, "banned": 40}, bans)) == (
        "42 messages were not read (banned: 40, flood: 2); banned, the newest first:"
        " 203.0.113.9 (malformed), 203.0.113.5 (by an operator); `hotline bans` shows and lifts"
    )


def test_nothing_is_said_of_what_was_not() -> None:
    assert list(said({}, [])) == ["nobody is banned"]
    assert list(said({"crowd": 1}, [])) == ["1 message was not read (crowd: 1)", "nobody is banned"]
    (line,) = said({}, [ban(f"203.0.113.{last}", "flood") for last in range(9)])
    assert "203.0.113.2 (flood) and 6 more;" in line
