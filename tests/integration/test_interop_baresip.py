"""The switch and baresip: every transport with every protection of sound, and wideband."""

from pathlib import Path

import pytest

from cti.call.events import CallCleared, Established, MediaReported
from cti.call.model import Party
from cti.transport.tls import TlsSettings
from tests.support.baresip import telephone
from tests.support.certificates import authority
from tests.support.live_switch import (
    HOST,
    NUMBER,
    PROMPT,
    LiveSwitch,
    all_registered,
    answer_and_play,
    play,
    ring_the_agent,
)
from tests.support.reactor import until

AGENT_SAYS, CALLER_SAYS = 1000.0, 600.0
SAYS = {
    "srtp-mand": "SRTP is Enabled (cryptosuite=AEAD_AES_128_GCM)",
    "dtls_srtp": "SRTP complete",
    "": "",
}


@pytest.mark.needs("baresip")
@pytest.mark.parametrize(
    ("transport", "encryption"),
    [
        ("tls", "srtp-mand"),
        ("tls", "dtls_srtp"),
        ("tls", ""),
        ("tcp", "srtp-mand"),
        ("udp", "dtls_srtp"),
    ],
)
def test_a_telephone_is_called_and_calls_with_the_protection_it_insists_on(
    transport: str, encryption: str, tmp_path: Path
) -> None:
    signer = authority(tmp_path)
    tls = TlsSettings(*signer.sign(HOST), port=0)

    async def scene(switch: LiveSwitch) -> None:
        port = switch.tls_port if transport == "tls" else switch.port
        async with (
            telephone(
                tmp_path / "1001",
                "1001",
                port,
                AGENT_SAYS,
                transport=transport,
                authority=signer.path,
                encryption=encryption,
            ) as agent,
            telephone(tmp_path / "1002", "1002", switch.port, CALLER_SAYS) as caller,
        ):
            await all_registered(switch, ["1001", "1002"])
            caller.do("dial", f"sip:{NUMBER}@{HOST}:{switch.port}")
            await switch.heard_of(Established, 2)
            await until(lambda: SAYS[encryption] in agent.output)
            await agent.hears(CALLER_SAYS)
            await caller.hears(AGENT_SAYS)
            caller.do("hangup")
            await switch.quiet()
            await until(lambda: "terminated" in agent.output)

    play(tmp_path, ring_the_agent, scene, tls=tls)


@pytest.mark.needs("baresip")
def test_a_wideband_telephone_hears_the_announcement_by_g722(tmp_path: Path) -> None:
    async def scene(switch: LiveSwitch) -> None:
        async with telephone(
            tmp_path / "1001", "1001", switch.port, CALLER_SAYS, codecs="g722/16000/1,pcma"
        ) as phone:
            await all_registered(switch, ["1001"])
            phone.do("dial", f"sip:{NUMBER}@{HOST}:{switch.port}")
            await switch.heard_of(Established)
            await phone.hears(PROMPT)
            phone.do("hangup")
            assert (await switch.heard_of(CallCleared)).cleared_by is Party.CALLER
            await until(lambda: "terminated" in phone.output)
            assert (await switch.heard_of(MediaReported)).codec == "G722"

    play(tmp_path, answer_and_play, scene)
