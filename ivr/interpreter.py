"""The interpreter: `step(flow, state, event)` gives the next state and what to do.

::

    NEW --Started--> (enter the first node)

    enter: say, language, branch, goto   lead on at once; what they say is kept
           menu                          -> MENU      play, then wait for a key; what is heard
                                            out before it is played first, and no key counts;
                                            where that cannot all be said, on to `unheard`
           ask                           -> ASK       play, then collect digits
           schedule                      -> CHECKING  until CalendarChecked
           service                       -> SERVING   until ServiceDone and the prompt has ended
           message                       -> INVITED   play; then, or at a key, TONE; then SPEAKING
                                            until the key that ends it, or the time is over;
                                            who ends it too soon is asked again
           enqueue                       -> DONE      at once; the queue plays what is still to say
           hang_up, return               -> CLOSING   until the last prompt has ended, then DONE

    any   --CallerLeft-->  DONE

It waits in MENU, ASK and SPEAKING only, with a timer or a prompt running; every silence ends in a
person or a goodbye after a bounded number of prompts, because the loader refuses loops without the
caller.

Secrets: digits of a secure entry live in `Secret` values, leave the state with the `CallService`
that uses them, and are forgotten at every menu and at the end. The recording is masked
from the moment a secure question is entered until half a second after its last key. Keys pressed
while a service runs are kept and used by the next question, unless the service failed.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from cti.kernel.errors import LocalError
from cti.kernel.secret import Secret
from ivr.effects import (
    BeginMessage,
    CalendarChecked,
    CallerLeft,
    CallService,
    CheckCalendar,
    Choose,
    Disconnect,
    Effect,
    EndMessage,
    Entered,
    Event,
    GiveBack,
    HandOver,
    Hours,
    Key,
    Line,
    Mask,
    PassedOn,
    PassOn,
    Play,
    Played,
    ServiceDone,
    SetLanguage,
    SoundTone,
    Speaking,
    Started,
    StartTimer,
    StopPlaying,
    StopTimer,
    Timer,
    TimerFired,
)
from ivr.flow import (
    CHOICE,
    Ask,
    Branch,
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
)
from ivr.grammar import AGAIN, BACK, TERMINATOR, Verdict, expire, press
from ivr.messages import SHORTEST_MESSAGE
from ivr.state import LISTENING, NOTHING, Phase, State
from prompts.catalogue import Announcement

UNMASK_AFTER = 0.5
"""Seconds of masking after the last key of a secret: its tone may still ring."""
TERMINATOR_WITHIN = 2.0
"""Seconds within which a terminator after a full entry is taken for habit."""
MOST_KEYS_AHEAD = 40
TOO_SHORT = "message.too_short"
"""What is said to who ends a message before it is one."""

Kind = TypeVar("Kind", bound=Node)


def step(flow: Flow, state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The state after the event, and the effects in order. Never raises for what callers do."""
    turn = _Turn(flow, state)
    turn.take(event)
    turn.use_keys_ahead()
    turn.settle_mask(event)
    return turn.state, tuple(turn.effects)


def language_chosen(flow: Flow, path: Sequence[str]) -> tuple[str, ...]:
    """The first choice on the path if the flow begins with a menu of languages, else nothing."""
    node = flow.nodes[flow.start]
    choices = node.choices.values() if isinstance(node, Menu) else ()
    languages = {each.name for each in choices if isinstance(flow.nodes[each.then], SwitchLanguage)}
    return tuple(path[:1]) if languages.issuperset(path[:1]) else ()


class _Turn:
    """One step while it is worked out; nothing of it outlives `step`."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow, self.state, self.before = flow, state, state
        self.effects: list[Effect] = []

    def take(self, event: Event) -> None:
        """Let the event happen; one that comes too late changes nothing."""
        phase = self.state.phase
        match event:
            case CallerLeft():
                self._finish()
                self._change(masked=False)
            case Started() | Speaking() if phase is Phase.NEW:
                self._begin(event)
            case Played() if self.state.playing:
                self._change(playing=False)
                self._prompt_ended(whole=event.whole)
            case Key() if not self.state.unasked:
                self._key(event.key)
            case TimerFired():
                if event.timer is self.state.waiting:
                    self._change(waiting=None)
                self._timer(event.timer)
            case ServiceDone() if phase is Phase.SERVING and self.state.answer is None:
                self._change(answer=event)
                self._conclude_service()
            case CalendarChecked() if phase is Phase.CHECKING:
                self._enter(self._by_hours(event.hours))
            case PassedOn() if phase is Phase.PASSING and not self.state.playing:
                self._passed_on(event.outcome)

    def use_keys_ahead(self) -> None:
        """Hand keys typed ahead to the question that now listens."""
        while (keys := self.state.ahead.reveal()) and self.state.phase in LISTENING:
            self._change(ahead=Secret(keys[1:]))
            self._key(keys[0])

    def settle_mask(self, event: Event) -> None:
        """Unmask the recording some time after the last key once nothing secret is asked."""
        if not self.state.masked or self._secure(self.state):
            return
        if self._secure(self.before) or isinstance(event, Key):
            self._do(StartTimer(Timer.UNMASK, UNMASK_AFTER))

    # --- events -----------------------------------------------------------------------------

    def _begin(self, event: Started | Speaking) -> None:
        self._learn(facts=event.facts)
        if isinstance(event, Started):
            self._enter(self._beginning(event.chosen))
        else:
            self._change(node=event.node)
            self._speak(event.seconds)

    def _beginning(self, chosen: str) -> str:
        """The first node, but for a first menu that was answered before."""
        node = self.flow.nodes[self.flow.start]
        choices = node.choices.values() if isinstance(node, Menu) else ()
        return next((each.then for each in choices if each.name == chosen), self.flow.start)

    def _prompt_ended(self, *, whole: bool = True) -> None:
        match self.state.phase:
            case Phase.MENU if not whole:
                self._change(unasked=())
                self._enter(self._at(Menu).unheard)
            case Phase.MENU | Phase.ASK:
                asked = self.state.unasked
                self._change(unasked=())
                self._play(asked)
            case Phase.SERVING:
                self._conclude_service()
            case Phase.PASSING:
                self._pass_on()
            case Phase.INVITED:
                self._change(phase=Phase.TONE, playing=True)
                self._do(SoundTone())
            case Phase.TONE:
                self._do(BeginMessage())
                self._speak()
            case Phase.CLOSING:
                self._close()

    def _timer(self, timer: Timer) -> None:
        match timer, self.state.phase:
            case Timer.UNMASK, _ if self.state.masked:
                self._change(masked=False)
                self._do(Mask(False))
            case Timer.TERMINATOR, _:
                self._change(expects_terminator=False)
            case Timer.NOINPUT, Phase.MENU | Phase.ASK if not self.state.playing:
                self._ask_again(self.flow.attempts.noinput)
            case Timer.SHORTEST, _:
                self._change(brief=False)
            case Timer.LONGEST, Phase.SPEAKING:
                self._spoken()
            case Timer.BETWEEN_KEYS, Phase.ASK:
                node, digits = self._at(Ask), self.state.entry.reveal()
                self._judge(node, digits, expire(node.rule, digits))

    def _key(self, key: str) -> None:
        habit = self._is_habit(key)
        match self.state.phase:
            case Phase.MENU | Phase.ASK if habit:
                if self.state.playing:  # the key has cut a prompt it was not meant for
                    self._play(self.state.heard)
            case Phase.MENU:
                self._silence()
                self._key_in_menu(key)
            case Phase.ASK:
                self._silence()
                node = self._at(Ask)
                digits, verdict = press(node.rule, self.state.entry.reveal(), key)
                self._judge(node, digits, verdict)
            case Phase.INVITED if not habit:
                self._silence()
                self._prompt_ended()
            case Phase.SPEAKING if key == self._at(Message).finish:
                self._spoken()
            case Phase.NEW | Phase.SERVING | Phase.CHECKING:
                if not habit:
                    ahead = (self.state.ahead.reveal() + key)[:MOST_KEYS_AHEAD]
                    self._change(ahead=Secret(ahead))
                if self.state.playing:
                    self._silence()
                    self._conclude_service()

    def _is_habit(self, key: str) -> bool:
        """Whether the key only ends an entry that its length has ended already."""
        if not self.state.expects_terminator:
            return False
        self._change(expects_terminator=False)
        self._do(StopTimer(Timer.TERMINATOR))
        return key == TERMINATOR

    # --- menu -------------------------------------------------------------------------------

    def _key_in_menu(self, key: str) -> None:
        node = self._at(Menu)
        if key == AGAIN:
            self._play(self.state.heard)
        elif key == BACK:
            self._back()
        elif choice := node.choices.get(key):
            self._do(Choose(self.state.node, choice.name))
            self._learn(facts={CHOICE: choice.name})
            self._change(trail=(*self.state.trail, self.state.node))
            self._enter(choice.then)
        else:
            self._ask_again(self.flow.attempts.nomatch)

    def _back(self) -> None:
        if self.state.trail:
            self._enter(self.state.trail[-1])
        else:
            self._play(self.state.heard)

    # --- ask --------------------------------------------------------------------------------

    def _judge(self, node: Ask, digits: str, verdict: Verdict) -> None:
        self._change(entry=Secret(digits))
        match verdict:
            case Verdict.MORE:
                self._wait(Timer.BETWEEN_KEYS, node.rule.between_keys)
            case Verdict.COMPLETE | Verdict.FULL:
                self._store(node, digits)
                if verdict is Verdict.FULL and node.rule.terminator:
                    self._change(expects_terminator=True)
                    self._do(StartTimer(Timer.TERMINATOR, TERMINATOR_WITHIN))
                self._enter(node.then)
            case Verdict.CLEARED:
                self._play(self.state.heard)
            case Verdict.EMPTY:
                self._back()
            case Verdict.UNFIT:
                self._ask_again(self.flow.attempts.nomatch)

    def _store(self, node: Ask, digits: str) -> None:
        self._change(entry=NOTHING)
        if node.secure:
            self._change(secrets={**self.state.secrets, node.field: Secret(digits)})
        else:
            self._change(fields={**self.state.fields, node.field: digits})
            self._do(Entered(node.field, digits))

    def _ask_again(self, why: Prompt) -> None:
        """Silence or a wrong key: ask again, or give up after so many times in a row."""
        node = self._node
        if not isinstance(node, Menu | Ask):
            raise LocalError(f"node {self.state.node} asks nothing")
        self._change(failures=self.state.failures + 1, entry=NOTHING, ahead=NOTHING)
        if self.state.failures > self.flow.attempts.reasks:
            self._enter(node.give_up)
            return
        self._change(heard=tuple(line for line in self.state.heard if line.asks))
        self._play((*self._lines((why,)), *self.state.heard))

    # --- nodes ------------------------------------------------------------------------------

    def _enter(self, name: str) -> None:
        self._silence()
        following: str | None = name
        while following is not None:
            self._change(node=following, failures=0, entry=NOTHING)
            following = self._pass(self._node)

    def _pass(self, node: Node) -> str | None:
        """Do what the node says; the node that follows at once, or None to wait here."""
        match node:
            case Say():
                self._change(queued=(*self.state.queued, *self._lines(node.prompts)))
                return node.then
            case Goto():
                return node.then
            case SwitchLanguage():
                self._change(language=node.language)
                self._learn(facts={"language": node.language.value})
                self._do(SetLanguage(node.language))
                return node.then
            case Branch():
                return node.cases.get(self.state.facts.get(node.fact, ""), node.otherwise)
            case Menu() | Ask():
                self._question(node)
            case Service():
                self._serve(node)
            case Schedule():
                self._change(phase=Phase.CHECKING)
                self._do(CheckCalendar(node.calendar))
            case Enqueue():
                self._hand_over(node)
            case Transfer() | HangUp() | Return() | Message():
                self._take_leave(node)
        return None

    def _question(self, node: Menu | Ask) -> None:
        name, trail = self.state.node, self.state.trail
        if name in trail:
            trail = trail[: trail.index(name)]
        asked = self._lines(node.prompts, asks=True)
        told = self.state.queued
        self._change(trail=trail, heard=(*told, *asked), queued=())
        if isinstance(node, Menu):
            self._change(phase=Phase.MENU, secrets={})
            if node.hear_out and told:
                self._change(ahead=NOTHING, unasked=asked)
                self._play(told, barge_in=False, whole=True)
                return
        else:
            self._change(phase=Phase.ASK)
            if node.secure:
                self._mask()
        if not self.state.ahead.reveal():
            self._play(self.state.heard)

    def _serve(self, node: Service) -> None:
        known: dict[str, str | Secret] = {**self.state.fields, **self.state.secrets}
        arguments = {name: known[name] for name in node.arguments if name in known}
        kept = {n: each for n, each in self.state.secrets.items() if n not in arguments}
        self._change(phase=Phase.SERVING, answer=None, secrets=kept)
        self._do(CallService(node.name, arguments))
        if node.prompts:
            self._play_queued(node.prompts, barge_in=True)

    def _conclude_service(self) -> None:
        node, answer = self._node, self.state.answer
        if answer is None or self.state.playing or not isinstance(node, Service):
            return
        language = self.state.language
        told = (Line(each, each.language or language) for each in answer.announcements)
        choices = (Line(each, each.language or language, asks=True) for each in answer.choices)
        self._change(answer=None, queued=(*self.state.queued, *told, *choices))
        self._learn(facts=answer.facts, fields=answer.values)
        if not answer.succeeded:
            self._change(ahead=NOTHING)
        self._enter(node.outcomes.get(answer.outcome, self.flow.unavailable))

    def _by_hours(self, hours: Hours) -> str:
        node = self._at(Schedule)
        return {
            Hours.OPEN: node.open,
            Hours.CLOSED: node.closed,
            Hours.HOLIDAY: node.holiday,
        }[hours]

    def _hand_over(self, node: Enqueue) -> None:
        # Nobody waits for an announcement to end before an agent is looked for.
        lines = (*self.state.queued, *self._lines(node.prompts))
        self._do(HandOver(node.queue, node.situation, lines))
        self._finish()

    def _take_leave(self, node: Transfer | HangUp | Return | Message) -> None:
        """Say the last words of the flow, or the last before the caller speaks."""
        match node:
            case Transfer():
                phase = Phase.PASSING
            case Message():
                phase = Phase.INVITED
            case _:
                phase = Phase.CLOSING
        self._change(phase=phase, ahead=NOTHING, secrets={})
        self._play_queued(node.prompts, barge_in=phase is Phase.INVITED)
        if not self.state.playing:
            self._prompt_ended()

    def _pass_on(self) -> None:
        node = self._at(Transfer)
        self._do(PassOn(node.number, node.name))

    def _passed_on(self, outcome: Passing) -> None:
        if outcome is Passing.ANSWERED:
            self._finish()
        else:
            self._enter(self._at(Transfer).outcomes[outcome])

    def _speak(self, spoken: float = 0.0) -> None:
        """From now on it is the caller who speaks; they have done so for that many seconds."""
        self._change(phase=Phase.SPEAKING, brief=spoken < SHORTEST_MESSAGE)
        if self.state.brief:
            self._do(StartTimer(Timer.SHORTEST, SHORTEST_MESSAGE - spoken))
        self._wait(Timer.LONGEST, max(0.0, self._at(Message).longest - spoken))

    def _spoken(self) -> None:
        node, brief = self._at(Message), self.state.brief
        self._end_message()
        if not brief:
            self._enter(node.then)
            return
        self._silence()
        self._change(
            failures=self.state.failures + 1,
            queued=(Line(Announcement(TOO_SHORT), self.state.language),),
        )
        if self.state.failures > self.flow.attempts.reasks:
            self._enter(node.give_up)
        else:
            self._take_leave(node)

    def _end_message(self) -> None:
        self._do(EndMessage())
        if self.state.brief:
            self._change(brief=False)
            self._do(StopTimer(Timer.SHORTEST))

    def _close(self) -> None:
        node = self._node
        self._do(GiveBack(node.result) if isinstance(node, Return) else Disconnect())
        self._finish()

    def _finish(self) -> None:
        if self.state.phase is Phase.SPEAKING:
            self._end_message()
        if self.state.expects_terminator:
            self._do(StopTimer(Timer.TERMINATOR))
        self._change(
            phase=Phase.DONE,
            waiting=None,
            playing=False,
            queued=(),
            heard=(),
            unasked=(),
            secrets={},
            entry=NOTHING,
            ahead=NOTHING,
            expects_terminator=False,
            answer=None,
        )

    # --- sound, timers, knowledge -------------------------------------------------------------

    def _play(self, lines: tuple[Line, ...], *, barge_in: bool = True, whole: bool = False) -> None:
        if lines:
            self._change(playing=True)
            self._do(Play(lines, barge_in, whole))
        elif self.state.phase in LISTENING:
            self._listen()

    def _play_queued(self, more: Prompts, *, barge_in: bool) -> None:
        lines = (*self.state.queued, *self._lines(more))
        self._change(queued=())
        self._play(lines, barge_in=barge_in)

    def _listen(self) -> None:
        node = self._node
        seconds = node.timeout if isinstance(node, Menu) else self._at(Ask).rule.first_key
        self._wait(Timer.NOINPUT, seconds)

    def _wait(self, timer: Timer, seconds: float) -> None:
        self._change(waiting=timer)
        self._do(StartTimer(timer, seconds))

    def _silence(self) -> None:
        """Stop what plays and what waits for a key."""
        if self.state.playing:
            self._change(playing=False)
            self._do(StopPlaying())
        if self.state.waiting:
            self._do(StopTimer(self.state.waiting))
            self._change(waiting=None)

    def _mask(self) -> None:
        if self.state.masked:
            self._do(StopTimer(Timer.UNMASK))
        else:  # keys that came before are in the recording, so they can be no part of a secret
            self._change(masked=True, ahead=NOTHING)
            self._do(Mask(True))

    def _lines(self, prompts: Prompts, *, asks: bool = False) -> tuple[Line, ...]:
        fields, language = self.state.fields, self.state.language
        return tuple(
            Line(
                Announcement(
                    prompt.id,
                    {blank: fields.get(name, "") for blank, name in prompt.values.items()},
                ),
                prompt.language or language,
                asks,
            )
            for prompt in prompts
        )

    def _learn(self, *, facts: Values | None = None, fields: Values | None = None) -> None:
        self._change(
            facts={**self.state.facts, **(facts or {})},
            fields={**self.state.fields, **(fields or {})},
        )

    @property
    def _node(self) -> Node:
        return self.flow.nodes[self.state.node]

    def _at(self, kind: type[Kind]) -> Kind:
        node = self._node
        if not isinstance(node, kind):
            raise LocalError(f"node {self.state.node} is no {kind.__name__}")
        return node

    def _secure(self, state: State) -> bool:
        node = self.flow.nodes.get(state.node)
        return state.phase is Phase.ASK and isinstance(node, Ask) and node.secure

    def _change(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # any field

    def _do(self, *effects: Effect) -> None:
        self.effects.extend(effects)
