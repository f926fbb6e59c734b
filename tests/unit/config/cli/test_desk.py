"""An agent's desk, between scripted answers of the server."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from config.cli.desk import SESSION, STATE, Desk, DeskError
from tests.support.deferred import result_of

EXPIRED = (401, {"text": "Sign in first."})


class ScriptedDesk(Desk):
    """A desk whose server answers what the test says, by path, 200 when it says nothing."""

    def __init__(self, answers: dict[str, list[tuple[int, Any]]]) -> None:
        super().__init__(Clock(), "http://192.0.2.9", self.said)
        self.answers, self.asked, self.words = answers, list[tuple[Any, ...]](), list[str]()

    def said(self, words: str) -> None:
        self.words.append(words)

    async def _request(
        self, method: bytes, path: str, value: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        self.asked.append((method, path, (value or {}).get("state")))
        scripted = self.answers.get(path, [])
        return scripted.pop(0) if scripted else (200, {"token": "t"})


def work(desk: Desk) -> None:
    """Sign in, get ready, sign out."""

    async def working() -> None:
        async with desk.signed_in("1001", "secret"):
            await desk.ready()

    result_of(Deferred.fromCoroutine(working()))


def test_an_agent_signs_in_gets_ready_and_signs_out() -> None:
    desk = ScriptedDesk({})
    work(desk)
    assert desk.asked == [
        (b"POST", SESSION, None),
        (b"POST", STATE, "ready"),
        (b"POST", STATE, "logged_off"),
        (b"DELETE", SESSION, None),
    ]
    assert desk.words == ["agent 1001 is signed out"]


def test_a_session_that_ran_out_is_opened_again() -> None:
    desk = ScriptedDesk({STATE: [EXPIRED]})
    work(desk)
    paths = [path for _, path, _ in desk.asked]
    assert paths == [SESSION, STATE, SESSION, STATE, STATE, SESSION]


def test_a_refusal_is_said_in_its_words_and_the_agent_signed_out_all_the_same() -> None:
    desk = ScriptedDesk({STATE: [(409, {"text": "Telephone 1001 is not registered."})]})
    with pytest.raises(DeskError, match="Telephone 1001 is not registered"):
        work(desk)
    assert [state for _, _, state in desk.asked if state] == ["ready", "logged_off"]


def test_a_wrong_password_is_no_sign_in_and_nothing_else_is_asked() -> None:
    desk = ScriptedDesk({SESSION: [(403, {"text": "Login name or password is wrong."})]})
    with pytest.raises(DeskError, match="1001 cannot sign in: Login name or password is wrong"):
        work(desk)
    assert len(desk.asked) == 1
