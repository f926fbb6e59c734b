"""Telephones whose sound is protected: baresip with keys in the description (RFC 4568)."""

from pathlib import Path

import pytest

from cti.call.events import Established
from tests.support.baresip import running_baresip
from tests.support.live_switch import (
    NUMBER,
    PROMPT,
    LiveSwitch,
    answer_and_play,
    play,
)
from tests.support.reactor import until


@pytest.mark.needs("baresip")
def test_a_protected_telephone_calls_and_hears_the_announcement(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        with running_baresip(
            tmp_path / "phone",
            "1001",
            switch.port,
            500.0,
            secret="secret-1001",
            encryption="srtp-mand",
        ) as phone:
            await until(lambda: phone.registered)
            phone.do("dial", f"sip:{NUMBER}@127.0.0.1:{switch.port}")
            await switch.heard_of(Established)
            await phone.hears(PROMPT)
            phone.do("hangup")
            await until(lambda: not switch.switch.calls)

    play(tmp_path, answer_and_play, scene)
