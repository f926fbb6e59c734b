"""What the loader accepts, and that every mistake is named by file, line and key."""

from pathlib import Path

import pytest

from cti.kernel.document import DocumentError
from cti.kernel.loans import LoanResult
from cti.kernel.vocabulary import Language, Situation
from ivr.flow import Ask, Branch, Choice, Enqueue, Menu, Prompt, Return, Schedule, Service
from ivr.grammar import Rule
from ivr.loader import check, load
from tests.support.flows import FLOWS, HEAD, around, shipped_flow, small_flow, written

FIRST_LINE = HEAD.count("\n") + 1
"""The line of a test's first own node."""
GO_ON = "  first: {say: {prompt: common.sorry, then: person}}\n"


@pytest.mark.parametrize("flow", sorted(FLOWS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_flows_have_no_mistake(flow: Path) -> None:
    assert check(flow, around()) == []


def test_only_flows_that_give_back_return() -> None:
    returning = [path.stem for path in FLOWS.glob("*.yaml") if shipped_flow(path.stem).returns]
    assert sorted(returning) == ["self_service", "verify"]
    assert shipped_flow("verify").nodes["verified"] == Return(
        (Prompt("loan.back"),), LoanResult.VERIFIED
    )


def test_a_flow_that_returns_hands_nobody_on(tmp_path: Path) -> None:
    text = HEAD.format(start="first") + "  first: {return: {result: served}}\n"
    messages = [str(error) for error in check(written(tmp_path, text), around())]
    assert len([each for each in messages if "only gives back" in each]) == 2


def test_a_result_nobody_knows_is_named(tmp_path: Path) -> None:
    text = HEAD.format(start="first") + "  first: {return: {result: taken_back}}\n"
    messages = [str(error) for error in check(written(tmp_path, text), around())]
    assert any("verified" in each and "taken_back" in each for each in messages)


def test_the_shipped_flow_is_the_one_the_bank_wants() -> None:
    flow = shipped_flow()
    main = flow.nodes["main"]
    assert isinstance(main, Menu)
    assert {key: choice.name for key, choice in main.choices.items()} == {
        "1": "rates",
        "2": "account",
        "3": "card_loss",
        "4": "ticket_state",
        "5": "appointment",
        "9": "complaint",
        "0": "agent",
    }
    assert flow.attempts.reasks == 3
    assert flow.nodes["complaint"] == Enqueue((Prompt("complaint.connecting"),), "complaints")
    assert flow.nodes["loss_queue"] == Enqueue(
        (Prompt("person.connecting"),), "general", Situation.CARD_LOSS
    )
    secure = {node.field for node in flow.nodes.values() if isinstance(node, Ask) and node.secure}
    assert secure == {"account", "pin", "banking_number", "banking_pin", "ticket_ending"}


def test_every_verb_is_read(tmp_path: Path) -> None:
    flow = small_flow(
        tmp_path,
        """\
  first:
    menu:
      prompt: [{id: language.choice, language: en}, main.menu]
      choices:
        1: {name: asked, then: asked}
        2: {name: clock, then: clock}
      timeout: 3
      give_up: failed
  asked:
    ask: {prompt: ticket.ask_number, field: appointment_matter, length: {min: 4, max: 9},
          then: told, terminator: none, first_key: 5, between_keys: 2.5}
  told:
    service: {name: appointment_matter, arguments: appointment_matter,
              outcomes: {branches: who, unknown: first}}
  who: {branch: {on: level, cases: {special: person}, otherwise: english}}
  english: {language: {speak: en, then: gone}}
  clock: {schedule: {calendar: service, open: person, closed: failed}}
  gone: {goto: person}
""",
    )
    assert flow.nodes["first"] == Menu(
        (Prompt("language.choice", {}, Language.ENGLISH), Prompt("main.menu")),
        {"1": Choice("asked", "asked"), "2": Choice("clock", "clock")},
        3.0,
        "failed",
    )
    assert flow.nodes["asked"] == Ask(
        (Prompt("ticket.ask_number"),),
        "appointment_matter",
        Rule(4, 9, "", 5.0, 2.5),
        False,
        "told",
        "person",
    )
    assert flow.nodes["told"] == Service(
        "appointment_matter",
        ("appointment_matter",),
        {"branches": "who", "unknown": "first", "unavailable": "failed"},
    )
    assert flow.nodes["who"] == Branch("level", {"special": "person"}, "english")
    assert flow.nodes["clock"] == Schedule("service", "person", "failed", "failed")


ONE_MISTAKE = [
    pytest.param(
        "  first: {shout: {prompt: main.menu}}\n",
        (0, "nodes.first", "no verb is called 'shout'"),
        id="unknown verb",
    ),
    pytest.param("  first: {}\n", (0, "nodes.first", "holds one verb"), id="no verb"),
    pytest.param(
        "  first:\n    say: {prompt: common.sorry, then: person, than: person}\n",
        (1, "nodes.first.say.than", "did you mean `then`?"),
        id="unknown key",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: common.sorry\n",
        (2, "nodes.first.say", "needs `then`"),
        id="missing key",
    ),
    pytest.param(
        GO_ON + GO_ON, (1, "nodes.first", f"first in line {FIRST_LINE}"), id="duplicate node"
    ),
    pytest.param(
        "  first:\n    menu:\n      prompt: main.menu\n      choices:\n"
        "        1: {name: a, then: person}\n        1: {name: b, then: person}\n",
        (5, "nodes.first.menu.choices.1", f"first in line {FIRST_LINE + 4}"),
        id="duplicate choice",
    ),
    pytest.param(
        "  first:\n    menu: {prompt: main.menu, choices: {}}\n",
        (1, "nodes.first.menu", "needs choices"),
        id="menu without choices",
    ),
    pytest.param(
        "  first:\n    menu:\n      prompt: main.menu\n      choices:\n"
        '        "#": {name: back, then: person}\n',
        (4, "nodes.first.menu.choices.#", "leads back"),
        id="reserved key",
    ),
    pytest.param(
        "  first:\n    menu:\n      prompt: main.menu\n      choices:\n"
        "        12: {name: dozen, then: person}\n",
        (4, "nodes.first.menu.choices.12", "is no key"),
        id="impossible key",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: common.sorry\n      then: persn\n",
        (3, "nodes.first.say.then", "no node 'persn'; did you mean 'person'?"),
        id="missing target",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: common.sory\n      then: person\n",
        (2, "nodes.first.say.prompt", "did you mean 'common.sorry'?"),
        id="unknown prompt",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: loss.confirm\n      then: person\n",
        (2, "nodes.first.say.prompt", "needs `values` for ending"),
        id="unfilled blank",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: {id: common.sorry, values: {x: y}}\n"
        "      then: person\n",
        (2, "nodes.first.say.prompt.id", "has no blank x"),
        id="useless value",
    ),
    pytest.param(
        "  first:\n    say:\n      prompt: {id: loss.confirm, values: {ending: nowhere}}\n"
        "      then: person\n",
        (2, "nodes.first.say.prompt.values.ending", "no field 'nowhere'"),
        id="unknown field",
    ),
    pytest.param(
        GO_ON + "  alone: {goto: person}\n",
        (1, "nodes.alone", "no node leads here"),
        id="unreachable",
    ),
    pytest.param(
        "  first: {say: {prompt: common.sorry, then: second}}\n"
        "  second: {branch: {on: level, cases: {special: person}, otherwise: first}}\n",
        (0, "nodes.first", "first -> second -> first"),
        id="loop",
    ),
    pytest.param(
        "  first:\n    menu:\n      prompt: main.menu\n      give_up: first\n"
        "      choices: {1: {name: a, then: person}}\n",
        (1, "nodes.first", "first -> first"),
        id="loop of silence",
    ),
    pytest.param(
        "  first:\n    enqueue: {queue: generl}\n",
        (1, "nodes.first.enqueue.queue", "no queue 'generl'; did you mean 'general'?"),
        id="unknown queue",
    ),
    pytest.param(
        "  first:\n    schedule: {calendar: services, open: person, closed: failed}\n",
        (1, "nodes.first.schedule.calendar", "did you mean 'service'?"),
        id="unknown calendar",
    ),
    pytest.param(
        "  first:\n    service: {name: rate, outcomes: {told: person}}\n",
        (1, "nodes.first.service.name", "no service 'rate'; did you mean 'rates'?"),
        id="unknown service",
    ),
    pytest.param(
        "  first:\n    service: {name: rates, outcomes: {}}\n",
        (1, "nodes.first.service.name", "needs a node for told"),
        id="missing outcome",
    ),
    pytest.param(
        "  first:\n    service: {name: rates, outcomes: {told: person, sold: person}}\n",
        (1, "nodes.first.service.name", "never ends in sold"),
        id="unknown outcome",
    ),
    pytest.param(
        "  first:\n    service: {name: appointment_contact, outcomes: {known: person}}\n",
        (1, "nodes.first.service.name", "takes these `arguments`: appointment_contact"),
        id="missing argument",
    ),
    pytest.param(
        "  first:\n    branch: {on: level, cases: {gold: person}, otherwise: person}\n",
        (1, "nodes.first.branch.cases.gold", "level is never 'gold'"),
        id="impossible case",
    ),
    pytest.param(
        "  first:\n    branch: {on: choice, cases: {loss: person}, otherwise: person}\n",
        (1, "nodes.first", "no choice 'loss'"),
        id="unknown choice",
    ),
    pytest.param(
        "  first:\n    ask: {prompt: sign_in.pin, field: pin, length: {min: 9, max: 6},"
        " then: person}\n",
        (1, "nodes.first.ask.length", "min 9 is more than max 6"),
        id="impossible length",
    ),
    pytest.param(
        "  first:\n    language: {speak: fr, then: person}\n",
        (1, "nodes.first.language.speak", "must be one of zh, en"),
        id="unknown language",
    ),
    pytest.param(
        "  first:\n    menu:\n      prompt: main.menu\n      timeout: soon\n"
        "      choices: {1: {name: a, then: person}}\n",
        (3, "nodes.first.menu.timeout", "must be a number from 1 to 60"),
        id="no number",
    ),
]


@pytest.mark.parametrize(("nodes", "expected"), ONE_MISTAKE)
def test_mistakes_name_their_place(
    tmp_path: Path, nodes: str, expected: tuple[int, str, str]
) -> None:
    path = written(tmp_path, HEAD.format(start="first") + nodes)
    found = check(path, around())
    line, key, message = expected
    assert [(error.line - FIRST_LINE, error.key) for error in found] == [(line, key)]
    assert message in found[0].message
    assert found[0].file == str(path)


def test_a_secret_is_never_said(tmp_path: Path) -> None:
    nodes = """\
  first:
    ask: {prompt: sign_in.pin, field: pin, length: 6, secure: true, then: said}
  said:
    say:
      prompt: {id: loss.confirm, values: {ending: pin}}
      then: person
"""
    found = check(written(tmp_path, HEAD.format(start="first") + nodes), around())
    assert [(error.line - FIRST_LINE, error.message) for error in found] == [
        (4, "'pin' is a secret and never said")
    ]


def test_secrets_are_asked_and_used_securely_only(tmp_path: Path) -> None:
    nodes = """\
  first:
    ask: {prompt: sign_in.account, field: account, length: 8, then: second}
  second:
    ask: {prompt: sign_in.pin, field: pin, length: 6, secure: true, then: third}
  third:
    ask: {prompt: ticket.ask_number, field: pin, length: 6, then: fourth}
  fourth:
    ask: {prompt: main.menu, field: appointment_contact, length: 9, secure: true, then: fifth}
  fifth:
    service:
      name: appointment_contact
      arguments: [appointment_contact]
      outcomes: {known: sixth}
  sixth:
    service:
      name: sign_in
      arguments: [account, pin, banking_number, banking_pin]
      outcomes: {verified: person, wrong: failed, locked: failed}
"""
    found = check(written(tmp_path, HEAD.format(start="first") + nodes), around())
    assert {(error.line - FIRST_LINE, error.message.split(";")[0]) for error in found} == {
        (5, "pin is asked openly here and securely elsewhere"),
        (10, "takes appointment_contact openly, but it is asked securely"),
        (16, "account is a secret"),
        (16, "there is no field 'banking_number'"),
        (16, "there is no field 'banking_pin'"),
    }


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """\
start: first
attempts: {reasks: many, noinput: retry.nothing, nomatch: retry.nomatch}
timeouts: {menu: 6, first_key: 0}
nodes:
  first: {say: {prompt: main.menu, then: nowhere}}
""",
    )
    with pytest.raises(DocumentError) as caught:
        load(path, around())
    places = [(error.line, error.key) for error in caught.value.errors]
    assert places == [
        (1, ""),
        (2, "attempts.reasks"),
        (2, "attempts"),
        (2, "attempts.noinput"),
        (3, "timeouts.first_key"),
        (3, "timeouts"),
        (5, "nodes.first.say.then"),
    ]


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    found = check(written(tmp_path, "start: [\n"), around())
    assert [(error.line, error.key) for error in found] == [(2, "")]
