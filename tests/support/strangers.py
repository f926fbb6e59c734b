"""People of every role, and strangers, who write hostile things wherever anything can be written.

Each fills in every form that they find: first every field, so that what is refused is shown again,
then with what must be a date or an amount left as it should be, so that it is taken.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from tests.support.browsers import Answer, Browser
from tests.support.forms import PageForm, forms_of
from tests.support.inert import MARK, faults
from tests.support.portal import ADDRESS
from tests.support.ticket_site import PNG, TicketSite
from tests.support.tickets import (
    AGENT,
    CARDS,
    DISPATCHER,
    EXECUTIVE,
    FILLED,
    HEAD,
    OFFICER,
    PROTECTION,
    SUPERVISOR,
    person,
)
from tickets.mail.model import Envelope
from tickets.mail.parsing import read_letter

Words = Callable[[str], str]
"""What is written into a field of that name."""
QUALITY = person(Role.QUALITY)
ROLES = (AGENT, DISPATCHER, OFFICER, HEAD, SUPERVISOR, PROTECTION, EXECUTIVE, QUALITY)
TURNS = (AGENT, DISPATCHER, OFFICER, HEAD, DISPATCHER, AGENT, SUPERVISOR, PROTECTION)
"""Who writes, in an order in which a matter goes on."""
MOST_REFUSED = 3
LEAVE = frozenset({"/sign-out"})
LONGEST_ADDRESS = 4000
KINDS = ("complaint", "suggestion", "appointment", "acceptance", "enquiry")
ENDS = frozenset(
    {"withdraw", "merge", "ask_void", "close", "solve", "redirect", "recall", "detach"}
)
"""Acts after which there is less to be seen."""
SHAPED = {
    "happened": "2026-11-20",
    "amount": "12.50",
    "slot_day": "2026-11-25",
    "slot_from": "10:00",
    "slot_to": "11:00",
    "slot": "2026-11-25 10:00-11:00",
    "until": "2026-12-03T17:00",
    "other_contact": "13900139001",
    "email": "li@example.com",
    "score": "5",
    "number": "",
    "account": "尾号 1234",
    **dict.fromkeys(("business", "product", "region", "complaint_channel", "cause"), ""),
    "since": "",
    "until_day": "",
    "into": "",
}
"""What fields must look like that are no plain text."""
CHOSEN = FILLED | {"service": "large_withdrawal"}
LONGEST_NAME = 2700
"""Octets of a file's name in a letter that the house reads at all."""
ENVELOPE = Envelope("wang@example.com", ("service@bank.example",))
PAGES = (
    "/tickets",
    "/tickets?view=all",
    "/tickets/{number}",
    "/tickets/messages",
    "/tickets/department",
    "/tickets/letters",
    "/tickets/letters?over=1",
    "/tickets/letters/{mail}",
    "/tickets/new?letter={mail}",
    *(f"/tickets/new?type={kind}" for kind in KINDS),
    "/tickets/lists/exports",
    "/regulation/figures",
    "/regulation/catalogue",
    "/regulation/records",
    "/regulation/letters/{number}",
    "/regulation/letters/{number}/2",
    "/calendar",
    "/deliveries",
)


class Strangers:
    """A site, and people who write hostile things into it."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.words = words
        self.site = TicketSite(folder, secure=False)
        self.number = self.site.registered()
        self.mail = self.site.letter_of_no_ticket(read_letter(letter_of(words("title")), ENVELOPE))
        self.browsers = {each.staff_id: self.site.browser(each) for each in ROLES}
        self.taken: set[str] = set()
        """Where something hostile was taken."""
        self.cookies: dict[str, str] = {}
        """Of the customer."""
        self.refused = Counter[str]()
        self.opened: list[str] = []
        """The pages of tickets that are hostile from their beginning."""

    def pages(self) -> Iterator[str]:
        for each in PAGES:
            yield each.format(number=self.number, mail=self.mail)

    def fill_in_everything(self) -> None:
        """Every form on every page, by everybody who finds it there."""
        for by in TURNS:
            for page in self.pages():
                while self.fill_in_any(by, self.forms(by, page)):
                    pass

    def forms(self, by: Principal, page: str) -> list[PageForm]:
        """The forms of the page, as that person has it."""
        answer = self.browsers[by.staff_id].get(page)
        assert answer.status < 500, (page, answer.text)
        check(answer, page)
        return forms_of(answer.text)

    def fill_in_any(self, by: Principal, forms: list[PageForm]) -> bool:
        """Fill in one after the other; whether one was taken, so that the page is another."""
        new = (each for each in forms if self.is_new(each))
        return any(self.fill_in(self.browsers[by.staff_id], each) for each in new)

    def is_new(self, form: PageForm) -> bool:
        """Whether it was neither taken nor refused as often as makes sense."""
        what = name_of(form)
        ends = form.fields.get("action") in ENDS or form.action in LEAVE
        return what not in self.taken and not ends and self.refused[what] < MOST_REFUSED

    def fill_in(self, browser: Browser, form: PageForm) -> bool:
        """Everything hostile, or what may be; whether it was taken."""
        what = name_of(form)
        self.refused[what] += 1
        if "csrf" not in form.fields:
            typed = urlencode(filled(form, self.words, shaped=False), errors="surrogatepass")
            check(browser.get(f"{form.action}?{typed}"[:LONGEST_ADDRESS]), what)
            return False
        for shaped in (False, True):
            fields, to = filled(form, self.words, shaped=shaped), form.action.partition("#")[0]
            if to.endswith("/files"):
                answer = browser.upload(to, fields, [(file_name(self.words("file")), PNG)])
            else:
                answer = browser.post(to, fields)
            assert answer.status in (200, 303, 400, 403, 404, 409), (what, answer.text)
            check(answer, what)
            if answer.status == 303:
                self.taken.add(what)
                if to == "/tickets/new":
                    self.opened.append(answer.headers["location"])
                return True
        return False

    def write_from_outside(self) -> None:
        """A customer at their page, before and after they are let in."""
        customer = self.site.customer()
        for kind in KINDS:
            if kind == "acceptance":
                continue
            page = f"/service/new/{kind}"
            form = customer.form(page)
            for shaped in (False, True):
                typed = filled(form, self.words, shaped=shaped)
                typed |= {"homepage": "", "consent": "yes"} | (
                    {"contact": ADDRESS} if shaped else {}
                )
                answer = customer.browser.post(form.action, typed)
                assert answer.status in (303, 409, 429), answer.text
                check(answer, page)
        for page in ("/service/follow", "/service/code"):
            form = customer.form(page)
            answer = customer.browser.post(
                form.action, form.fields | {name: self.words(name) for name in form.typed}
            )
            assert answer.status in (303, 409), answer.text
            check(answer, page)
        customer = self.site.customer()
        typed = {name: self.words(name) for name in ("title", "text", "name")}
        customer.submit(contact=ADDRESS, **typed)
        self.cookies = dict(customer.browser.cookies)
        for form in forms_of(customer.read("/service/ticket").text):
            if form.action.startswith("/service/ticket/") and form.action.endswith(
                ("add", "files")
            ):
                send = customer.browser.post
                answer = send(form.action, filled(form, self.words, shaped=False))
                assert answer.status in (303, 409, 415), answer.text
        check(customer.read("/service/ticket"), "/service/ticket")

    def read_everything(self) -> int:
        """All pages, as everybody has them; how many characters stand on them."""
        told = 0
        letters = (each.replace("/tickets", "/regulation/letters") for each in self.opened)
        pages = [*self.pages(), *self.opened, *letters, "/tickets?view=all&q=a"]
        for by in ROLES:
            for page in pages:
                answer = self.browsers[by.staff_id].get(page)
                check(answer, page)
                told += len(answer.text)
        return told


def file_name(words: str) -> str:
    """The words as browsers write the name of a file into a form (WHATWG HTML, 4.10.21.8)."""
    name = words[:200].encode("utf-8", "replace").decode()
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def name_of(form: PageForm) -> str:
    """By which a form is known on whatever page it stands."""
    return " ".join(filter(None, (form.action, form.fields.get("action"), form.fields.get("kind"))))


def letter_of(words: str) -> bytes:
    """A letter with the words in every place of it, as a page too."""
    octets = words.encode("utf-8", "surrogatepass")
    encoded = b"=?utf-8?b?" + b64encode(octets) + b"?="
    named = b"=?utf-8?b?" + b64encode(octets[:LONGEST_NAME]) + b"?="
    return b"\r\n".join(
        (
            b"From: " + encoded + b" <wang@example.com>",
            b"Subject: " + encoded,
            b"Message-ID: <" + octets[:20].split()[0] + b"@example.com>",
            b"Auto-Submitted: auto-replied",
            b'Content-Type: multipart/mixed; boundary="part"',
            b"",
            b"--part",
            b"Content-Type: text/html; charset=utf-8",
            b"",
            octets,
            b"--part",
            b"Content-Type: text/plain; charset=utf-8",
            b"",
            octets,
            b"--part",
            b'Content-Type: image/svg+xml; name="' + named + b'"',
            b"",
            b"<svg onload='alert(1)'/>",
            b"--part--",
            b"",
        )
    )


def filled(form: PageForm, words: Words, *, shaped: bool) -> dict[str, str]:
    """Everything that is typed is hostile, or only what may be any text."""
    fields = dict(form.fields)
    for name, value in form.fields.items():
        if name in form.typed:
            fields[name] = SHAPED.get(name, words(name)) if shaped else words(name)
        elif not value:
            fields[name] = CHOSEN.get(name, "")
    if fields.get("action") == "dispatch":
        fields["department"] = CARDS
    return fields


def check(answer: Answer, where: str) -> None:
    """No page acts, and no header is anybody else's."""
    assert set(answer.headers) <= HEADS, (where, answer.headers)
    assert all(MARK not in each for each in answer.cookies), where
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert faults(answer.text) == [], where


HEADS = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "content-disposition",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "location",
        "permissions-policy",
        "referrer-policy",
        "retry-after",
        "server",
        "set-cookie",
        "transfer-encoding",
        "x-content-type-options",
        "x-frame-options",
    }
)
