"""Reads a flow from YAML and checks it: every mistake is found, with file, line and key.

The shipped ``config/flows/main.yaml`` shows every verb and says what it means.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cti.kernel.document import DocumentError, Section, Value, read_document
from cti.kernel.errors import ConfigurationError
from cti.kernel.loans import LoanResult
from cti.kernel.vocabulary import Language, MessageAbout, Situation
from ivr.checks import Surroundings, check_flow
from ivr.flow import (
    CHOICE,
    CONFIGURED,
    FACTS,
    RESULTS,
    UNAVAILABLE,
    Ask,
    Attempts,
    Branch,
    Choice,
    Enqueue,
    Flow,
    Goto,
    HangUp,
    Menu,
    Message,
    Node,
    Passing,
    Prompt,
    Prompts,
    Return,
    Say,
    Schedule,
    Service,
    SwitchLanguage,
    Transfer,
    Values,
    transfer_fact,
)
from ivr.grammar import AGAIN, BACK, DIGITS, TERMINATOR, Rule
from ivr.messages import SHORTEST_MESSAGE

MENU_KEYS = DIGITS + "ABCD"
TELEPHONE_NUMBER = re.compile(r"\+?[0-9]{2,20}")
TRANSFER = transfer_fact("")
LONGEST_ENTRY = 40
LONGEST_TIMEOUT = 60.0
LONGEST_MESSAGE = 900.0
MOST_REASKS = 9


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What a node takes from the top of the file when it says nothing itself; seconds."""

    menu: float
    first_key: float
    between_keys: float
    give_up: str
    unavailable: str


def load(path: Path, surroundings: Surroundings) -> Flow:
    """The flow of the file, named by it; DocumentError holding everything that is wrong."""
    top = read_document(path)
    attempts_section = top.need("attempts", "how often a question is asked again").section()
    attempts = _attempts(attempts_section)
    defaults = _defaults(top, attempts_section)
    start = top.need("start", "the node a call begins with").text()
    listed = top.need("nodes", "the nodes of the flow").section()
    nodes = {name: node for name, value in listed.each() if (node := _node(value, defaults))}
    top.close()
    report = top.value.report
    flow = Flow(path.stem, start, defaults.unavailable, attempts, nodes)
    places = dict(top.each()) | {value.key: value for _name, value in listed.each()}
    check_flow(flow, places, surroundings, report)
    report.check()
    return flow


def check(path: Path, surroundings: Surroundings) -> Sequence[ConfigurationError]:
    """Everything that is wrong with the file, in the order of its lines; empty when it is good."""
    try:
        load(path, surroundings)
    except DocumentError as error:
        return error.errors
    except ConfigurationError as error:
        return [error]
    return []


def _attempts(section: Section) -> Attempts:
    reasks = section.need("reasks", "such as 3").whole(0, MOST_REASKS)
    noinput = section.need("noinput", "the prompt said after silence")
    nomatch = section.need("nomatch", "the prompt said after a wrong key")
    return Attempts(reasks, _prompt(noinput), _prompt(nomatch))


def _defaults(top: Section, attempts: Section) -> _Defaults:
    give_up = attempts.need("give_up", "the node of a caller who does not answer").text()
    attempts.close()
    section = top.need("timeouts", "menu, first_key and between_keys in seconds").section()
    names = ("menu", "first_key", "between_keys")
    menu, first, between = (
        section.need(name, "seconds").number(1, LONGEST_TIMEOUT) for name in names
    )
    section.close()
    unavailable = top.need(UNAVAILABLE, "the node where a service without answer leads").text()
    return _Defaults(menu, first, between, give_up, unavailable)


def _node(value: Value, defaults: _Defaults) -> Node | None:
    section = value.section()
    written = section.keys
    if len(written) != 1 or written[0] not in VERBS:
        verbs = ", ".join(VERBS)
        if unknown := [key for key in written if key not in VERBS]:
            value.wrong(f"no verb is called {unknown[0]!r}; the verbs are {verbs}")
        else:
            value.wrong(f"a node holds one verb: {verbs}")
        return None
    verb = written[0]
    return VERBS[verb](section.need(verb, ""), defaults)


# --- verbs ----------------------------------------------------------------------------------


def _say(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    node = Say(_prompts(section), _then(section))
    section.close()
    return node


def _menu(value: Value, defaults: _Defaults) -> Node:
    section = value.section()
    choices: dict[str, Choice] = {}
    for key, item in section.need("choices", "key -> name and node").section().each():
        if key in (AGAIN, BACK):
            item.wrong(f"{AGAIN} says the menu again and {BACK} leads back; choose a digit")
        elif len(key) != 1 or key not in MENU_KEYS:
            item.wrong(f"is no key; the keys are {' '.join(MENU_KEYS)}")
        choices[key] = _choice(item.section())
    if not choices:
        value.wrong("a menu needs choices")
    hear_out, unheard = _hear_out(section, defaults)
    node = Menu(
        _prompts(section),
        choices,
        _seconds(section, "timeout", defaults.menu),
        _give_up(section, defaults),
        hear_out=hear_out,
        unheard=unheard,
    )
    section.close()
    return node


def _hear_out(section: Section, defaults: _Defaults) -> tuple[bool, str]:
    hear_out, unheard = section.get("hear_out"), section.get("unheard")
    if hear_out is None or not hear_out.truth():
        if unheard is not None:
            unheard.wrong("only what is to be heard out (hear_out: true) can be unheard")
        return False, ""
    return True, unheard.text() if unheard else defaults.unavailable


def _choice(section: Section) -> Choice:
    choice = Choice(section.need("name", "what records call the choice").text(), _then(section))
    section.close()
    return choice


def _ask(value: Value, defaults: _Defaults) -> Node:
    section = value.section()
    secure = section.get("secure")
    node = Ask(
        prompts=_prompts(section),
        field=section.need("field", "where the digits go").text(),
        rule=_rule(section, defaults),
        secure=secure.truth() if secure else False,
        then=_then(section),
        give_up=_give_up(section, defaults),
    )
    section.close()
    return node


def _rule(section: Section, defaults: _Defaults) -> Rule:
    length = section.need("length", "how many digits: 6, or {min: 4, max: 12}")
    if length.is_section:
        bounds = length.section()
        minimum = bounds.need("min", "fewest digits").whole(1, LONGEST_ENTRY)
        maximum = bounds.need("max", "most digits").whole(1, LONGEST_ENTRY)
        bounds.close()
    else:
        minimum = maximum = length.whole(1, LONGEST_ENTRY)
    if minimum > maximum:
        length.wrong(f"min {minimum} is more than max {maximum}")
    terminator = section.get("terminator")
    return Rule(
        minimum,
        maximum,
        terminator.one_of((TERMINATOR, "none")).replace("none", "") if terminator else TERMINATOR,
        _seconds(section, "first_key", defaults.first_key),
        _seconds(section, "between_keys", defaults.between_keys),
    )


def _service(value: Value, defaults: _Defaults) -> Node:
    section = value.section()
    name = section.need("name", "the self-service").text()
    arguments = section.get("arguments")
    written = section.need("outcomes", "outcome -> node").section()
    outcomes = {outcome: target.text() for outcome, target in written.each()}
    outcomes.setdefault(UNAVAILABLE, defaults.unavailable)
    node = Service(
        name,
        tuple(item.text() for item in arguments.items()) if arguments else (),
        outcomes,
        _prompts(section, needed=False),
    )
    section.close()
    return node


def _enqueue(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    situation = section.get("situation")
    usual_first = sorted(Situation, key=lambda each: each is not Situation.ORDINARY)
    words = [each.name.lower() for each in usual_first]
    node = Enqueue(
        _prompts(section, needed=False),
        section.need("queue", "the queue's id").text(),
        Situation[situation.one_of(words).upper()] if situation else Situation.ORDINARY,
    )
    section.close()
    return node


def _transfer(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    number, name = section.get("number"), section.get("name")
    if (number is None) == (name is None):
        value.wrong("needs one of `number`, such as 95588, and `name`, one of `ivr.transfers`")
    if number is not None and not TELEPHONE_NUMBER.fullmatch(number.text()):
        number.wrong("is no telephone number: digits only, perhaps after a +")
    branches = [each for each in Passing if each is not Passing.ANSWERED]
    node = Transfer(
        _prompts(section, needed=False),
        number.text() if number else "",
        name.text() if name else "",
        {each: section.need(each.value, "the node after that").text() for each in branches},
    )
    section.close()
    return node


def _message(value: Value, defaults: _Defaults) -> Node:
    section = value.section()
    finish, about = section.get("finish"), section.get("about")
    node = Message(
        _prompts(section),
        section.need("longest", "seconds, such as 120").number(SHORTEST_MESSAGE, LONGEST_MESSAGE),
        finish.one_of((TERMINATOR, AGAIN, *DIGITS)) if finish else TERMINATOR,
        _then(section),
        _give_up(section, defaults),
        MessageAbout(about.one_of([each.value for each in MessageAbout]) or MessageAbout.ANYTHING)
        if about
        else MessageAbout.ANYTHING,
    )
    section.close()
    return node


def _schedule(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    closed = section.need("closed", "the node outside hours").text()
    holiday = section.get("holiday")
    node = Schedule(
        section.need("calendar", "the working calendar").text(),
        section.need("open", "the node inside hours").text(),
        closed,
        holiday.text() if holiday else closed,
    )
    section.close()
    return node


def _language(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    spoken = section.need("speak", "zh or en").one_of([each.value for each in Language])
    node = SwitchLanguage(Language(spoken), _then(section))
    section.close()
    return node


def _branch(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    fact = _fact(section)
    values = (CONFIGURED,) if fact.startswith(TRANSFER) else FACTS.get(fact, ())
    cases = {}
    for case, target in section.need("cases", "value -> node").section().each():
        if values and case not in values:
            target.wrong(f"{fact} is never {case!r}; it is one of {', '.join(values)}")
        cases[case] = target.text()
    node = Branch(fact, cases, section.need("otherwise", "the node of all other cases").text())
    section.close()
    return node


def _fact(section: Section) -> str:
    looked_at = (*FACTS, CHOICE)
    value = section.need("on", f"one of {', '.join(looked_at)}, {TRANSFER}NAME")
    text = value.text()
    return text if text.startswith(TRANSFER) else value.one_of(looked_at)


def _goto(value: Value, _defaults: _Defaults) -> Node:
    return Goto(value.text())


def _hang_up(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    node = HangUp(_prompts(section, needed=False))
    section.close()
    return node


def _return(value: Value, _defaults: _Defaults) -> Node:
    section = value.section()
    results = [each.value for each in RESULTS]
    result = section.need("result", f"how it ended: {', '.join(results)}").one_of(results)
    node = Return(_prompts(section, needed=False), LoanResult(result))
    section.close()
    return node


VERBS: Mapping[str, Callable[[Value, _Defaults], Node]] = {
    "say": _say,
    "menu": _menu,
    "ask": _ask,
    "service": _service,
    "enqueue": _enqueue,
    "transfer": _transfer,
    "message": _message,
    "schedule": _schedule,
    "language": _language,
    "branch": _branch,
    "goto": _goto,
    "hang_up": _hang_up,
    "return": _return,
}


# --- parts of verbs -------------------------------------------------------------------------


def _then(section: Section) -> str:
    return section.need("then", "the node that follows").text()


def _give_up(section: Section, defaults: _Defaults) -> str:
    own = section.get("give_up")
    return own.text() if own else defaults.give_up


def _seconds(section: Section, key: str, default: float) -> float:
    own = section.get(key)
    return own.number(1, LONGEST_TIMEOUT) if own else default


def _prompts(section: Section, *, needed: bool = True) -> Prompts:
    value = section.need("prompt", "what is said") if needed else section.get("prompt")
    return tuple(_prompt(item) for item in value.items()) if value else ()


def _prompt(value: Value) -> Prompt:
    if not value.is_section:
        return Prompt(value.text())
    section = value.section()
    values = section.get("values")
    language = section.get("language")
    prompt = Prompt(
        section.need("id", "the text's id in the catalogue").text(),
        _fields(values) if values else {},
        Language(language.one_of([each.value for each in Language])) if language else None,
    )
    section.close()
    return prompt


def _fields(value: Value) -> Values:
    return {blank: field.text() for blank, field in value.section().each()}
