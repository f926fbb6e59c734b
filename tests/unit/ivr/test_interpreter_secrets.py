"""The interpreter with secrets and keys typed ahead: what is masked, kept and forgotten."""

from pathlib import Path

from cti.kernel.secret import Secret
from ivr.effects import (
    CallService,
    Mask,
    Play,
    ServiceDone,
    Started,
    Timer,
    TimerFired,
)
from tests.support.flows import small_flow
from tests.support.walks import Walk, signed_in

# --- secrets --------------------------------------------------------------------------------


def test_secrets_leave_with_the_service_call(walk: Walk) -> None:
    call = signed_in(walk)
    assert call == CallService(
        "sign_in",
        {
            "account": Secret("6001010101"),
            "pin": Secret("135790"),
            "banking_number": Secret("80000101"),
            "banking_pin": Secret("246801"),
        },
    )
    assert walk.state.secrets == {}


def test_secrets_are_forgotten_on_the_way_back(walk: Walk) -> None:
    walk.begin()
    walk.press("26001010101#1357")
    assert walk.state.secrets.keys() == {"account"}
    walk.press("*#")
    assert walk.state.node == "main"
    assert walk.state.secrets == {}
    assert len(walk.state.entry) == 0


def test_the_recording_is_masked_from_the_question_until_after_the_last_key(walk: Walk) -> None:
    walk.begin()
    effects = walk.press("2")
    assert effects.index(Mask(True)) < next(
        index for index, effect in enumerate(effects) if isinstance(effect, Play)
    )
    walk.press("6001010101#13579080000101#24680")
    assert walk.masked
    assert Timer.UNMASK not in walk.timers
    walk.press("1")
    assert walk.masked
    assert walk.timers[Timer.UNMASK] == 0.5
    walk.send(TimerFired(Timer.UNMASK))
    assert not walk.masked


def test_a_late_key_keeps_the_recording_masked(walk: Walk) -> None:
    signed_in(walk)
    walk.timers[Timer.UNMASK] = 0.1
    walk.press("7")
    assert walk.timers[Timer.UNMASK] == 0.5


def test_leaving_a_secure_question_unmasks(walk: Walk) -> None:
    walk.begin()
    walk.press("2#")
    assert walk.state.node == "main"
    assert walk.timers == {Timer.UNMASK: 0.5}


def test_keys_typed_ahead_unmasked_are_no_secret(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: pin}}}
  pin: {ask: {prompt: sign_in.pin, field: pin, length: 6, secure: true, then: person}}
""",
        )
    )
    walk.send(Started())
    walk.press("135790")
    assert walk.hear(ServiceDone("told")) == ["sign_in.pin"]
    assert walk.masked


# --- keys typed ahead -----------------------------------------------------------------------


def test_keys_ahead_run_through_several_questions(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: menu}}}
  menu: {menu: {prompt: main.menu, choices: {4: {name: ticket, then: ask}}}}
  ask: {ask: {prompt: appointment.contact, field: appointment_contact, length: 4, then: told}}
  told:
    service:
      name: appointment_contact
      arguments: [appointment_contact]
      outcomes: {known: person}
""",
        )
    )
    walk.send(Started())
    walk.press("4123")
    assert walk.hear(ServiceDone("told")) == []
    assert walk.timers == {Timer.BETWEEN_KEYS: 4.0}
    assert CallService("appointment_contact", {"appointment_contact": "1234"}) in walk.press("4")
    assert walk.timers == {Timer.TERMINATOR: 2.0}


def test_a_wrong_key_ahead_forgets_the_rest(tmp_path: Path) -> None:
    walk = Walk(
        small_flow(
            tmp_path,
            """\
  first: {service: {name: rates, outcomes: {told: menu}}}
  menu: {menu: {prompt: main.menu, choices: {4: {name: ticket, then: person}}}}
""",
        )
    )
    walk.send(Started())
    walk.press("74")
    assert walk.hear(ServiceDone("told")) == ["retry.nomatch", "main.menu"]
    assert walk.state.node == "menu"
