"""Two agents at their consoles, each with the telephone in their page, and who hears whom."""

from collections.abc import Callable

from playwright.sync_api import Browser, Locator, expect

from tests.support.cued_caller import CuedCaller
from tests.support.house import House
from tests.support.page_desk import PageDesk
from tests.support.patience import crowding
from tests.support.who_hears_whom import Hearing, tones_in

VOICES = {"1001": 1000.0, "1002": 1260.0, "caller": 560.0}
"""Hz: what each says. None is a harmonic of another."""
LOUD = -45.0
"""Level of a tone in a page's analyser above which it is heard: what is said comes at -27, and
what the house's music has of a tone at -60 at most."""
LISTENING = 0.4
BETWEEN = 0.1
LOOKS = 200
"""How often who hears whom is looked at, `BETWEEN` seconds apart."""


class Agent(PageDesk):
    """One of the two, known by their tone; every message of every WebSocket is kept."""

    def __init__(self, browser: Browser, house: House, login: str, locale: str = "en-GB") -> None:
        super().__init__(browser, house, login, VOICES[login], locale)
        self.name = login
        self.messages: list[str] = []
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._keep))
        self.page.reload()

    def begin(self) -> None:
        """Sign in, start the shift and be ready, whatever the language."""
        self.press("sign_in")
        self.page.locator("#phone-start").click()
        expect(self.page.locator(".state[data-phone=browser]")).to_be_visible()
        self.press("ready")
        self.is_in("ready")

    def hears_whom(self) -> set[str]:
        """Whose tones come to this page now."""
        levels = self.page.evaluate("tones => levelsAt(tones)", list(VOICES.values()))
        return {name for name, loudness in zip(VOICES, levels, strict=True) if loudness > LOUD}

    def is_in(self, state: str) -> None:
        """Return when the agent's state is that one, by its name on the wire."""
        expect(self.page.locator(f"#state.state-{state}")).to_be_visible()

    def lines(self, count: int) -> None:
        """Return when the page shows so many calls."""
        expect(self.page.locator("#lines > li")).to_have_count(count)

    def take_call(self) -> None:
        """Answer what rings."""
        expect(self.can("answer")).to_be_visible()
        self.press("answer")

    def ask(self, way: str, number: str) -> None:
        """Choose whom to consult, or to transfer to, in the directory."""
        self.press(way)
        self.page.locator("#directory-search").fill(number)
        self.page.locator("#directory-search").press("Enter")
        expect(self.page.locator("#directory")).to_be_hidden()

    def can(self, action: str) -> Locator:
        """The button for it, once it can be pressed."""
        return self.page.locator(f"button[data-do={action}]:not([aria-disabled=true])").first

    def press(self, action: str) -> None:
        """Press its button as soon as that is possible."""
        self.can(action).click()

    def leave_call(self) -> None:
        """Hang up, and finish what comes after the call."""
        self.press("hang_up")
        self.lines(0)

    def be_free(self) -> None:
        """Finish after-call work, if there is any, and be away from the queues."""
        self.page.locator("button[data-reason=break]").click()
        over = self.page.locator("#state.state-not_ready, #state.state-working_after_call")
        expect(over).to_be_visible()
        if self.page.locator("#state.state-working_after_call").count():
            self.press("finish")
        self.is_in("not_ready")

    def _keep(self, frame: "str | bytes") -> None:
        self.messages.append(frame if isinstance(frame, str) else frame.decode("latin-1"))


def caller_hears(caller: CuedCaller) -> set[str]:
    """Whose tones were sent to the caller just now; music has a little of every frequency."""
    return tones_in(caller.heard(LISTENING), VOICES, strict=False)


def who_hears_whom(agents: list[Agent], caller: CuedCaller) -> Hearing:
    """As it is now; who hears nobody is left out."""
    hearing = {agent.name: agent.hears_whom() for agent in agents}
    hearing["caller"] = caller_hears(caller)
    return {name: voices for name, voices in hearing.items() if voices}


def until_heard(agents: list[Agent], caller: CuedCaller, wanted: Hearing) -> None:
    """Return when they hear each other like that, and do so still a moment later."""
    seen: Hearing = {}

    def so_it_is() -> bool:
        seen.clear()
        seen.update(who_hears_whom(agents, caller))
        return seen == wanted

    for _ in range(round(LOOKS * crowding())):
        if so_it_is() and _still(agents, so_it_is):
            return
        agents[0].rest(BETWEEN)
    raise AssertionError(f"heard {seen}, wanted {wanted}")


def _still(agents: list[Agent], so_it_is: Callable[[], bool]) -> bool:
    agents[0].rest(LISTENING)
    return so_it_is()
