"""``/calendar``: the working calendar, which supervisors and administrators change.

A change takes two steps: it is tried, and the page says what it would move; then it is saved. Forms
work without scripts; the script lets arrow keys walk through the days and choose a range of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from babel.dates import get_day_names, get_month_names
from twisted.web.server import Request

from cti.kernel.calendar import WorkingCalendar
from cti.kernel.errors import Refused
from cti.kernel.identifiers import Entropy, system_entropy
from cti.kernel.principal import Principal
from cti.kernel.vocabulary import Role
from cti.web import requests
from cti.web.frame import Frame, with_query
from cti.web.pages import pages
from cti.web.texts import locale_of
from tickets.calendar.export import exported
from tickets.calendar.model import FIRST_YEAR, LAST_YEAR, Change, Wish
from tickets.calendar.service import EDITORS, CalendarService, CalendarStale, Preview
from tickets.service import TicketService
from tickets.web.calendar.asking import FIELD_OF, UNDO, Typed, seal, wish_of
from tickets.web.calendar.year import Note, Told, rows, told, week_of, year_of
from tickets.web.phrasing import Phrasing
from tickets.web.reading import REQUEST_BYTES, request_id, whole
from tickets.web.shown import Words

READERS = tuple(Role)
HISTORY = 30
"""Changes that are shown."""
NOTHING = Typed({}, ())


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why something was not done, and at which field."""

    text: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Days of a calendar in a row that change alike."""

    calendar: str
    note: Note
    """The days, with what they would be."""
    before: Told


NO_WRONG = Wrong()


class CalendarPages:
    """The year, a change that is tried, and the file of what is in force."""

    app = pages()

    def __init__(
        self,
        frame: Frame,
        service: CalendarService,
        tickets: TicketService,
        entropy: Entropy = system_entropy,
    ) -> None:
        self.frame, self._service, self._entropy = frame, service, entropy
        self._phrasing = Phrasing(frame, tickets)

    @app.route("/", methods=["GET"])
    async def shown(self, request: Request) -> bytes:
        """A year: ``?calendar=office&year=2027``; ``from`` and ``to`` choose days."""
        self.frame.guard(request, *READERS)
        query = requests.query(request)
        typed = Typed({name: query[name] for name in ("from", "to") if query[name]}, ())
        return await self._year(request, typed, NO_WRONG)

    @app.route("/try", methods=["GET"])
    @app.route("/save", methods=["GET"])
    def left(self, request: Request) -> bytes:
        """Whoever comes back to a step without its form begins again."""
        self.frame.guard(request, *READERS)
        return self.frame.redirect(request, "/calendar")

    @app.route("/try", methods=["POST"])
    async def tried(self, request: Request) -> bytes:
        """What a change would move, before it is made; a refusal keeps what was typed."""
        self.frame.guard(request, *EDITORS)
        form = self.frame.form(request)
        typed = Typed.of(form)
        try:
            wish = await wish_of(typed, self._service)
            preview = await self._service.preview(wish)
        except Refused as refused:
            return await self._year(request, typed, self._wrong(request, refused), form)
        return await self._tried(request, typed, preview)

    @app.route("/save", methods=["POST"])
    async def saved(self, request: Request) -> bytes:
        """Make the change as it was looked at; where the calendar changed since, look again."""
        principal = self.frame.guard(request, *EDITORS)
        form = self.frame.form(request)
        typed = Typed.of(form)
        try:
            wish = await wish_of(typed, self._service)
            if seal(wish) != form["seal"]:
                raise CalendarStale(())
            version = await self._service.change(
                wish, whole(form["version"]), principal, typed.reason, request_id(form)
            )
        except Refused as refused:
            return await self._again(request, typed, refused, form)
        name, year = _where(wish, form)
        to = with_query("/calendar", calendar=name, year=str(year), done=str(version))
        return self.frame.redirect(request, to)

    @app.route("/file", methods=["GET"])
    def file(self, request: Request) -> bytes:
        """The calendar in force as a file: ``?calendar=office``."""
        self.frame.guard(request, *READERS)
        calendar = self._calendar(requests.query(request)["calendar"])
        request.setHeader("content-type", "application/yaml; charset=utf-8")
        request.setHeader("cache-control", "no-store")
        disposition = f'attachment; filename="{calendar.name}.yaml"'
        request.setHeader("content-disposition", disposition)
        return exported(calendar, self._service.today().year).encode()

    # --- pages ------------------------------------------------------------------------------

    async def _again(
        self, request: Request, typed: Typed, refused: Refused, form: requests.Form
    ) -> bytes:
        """The page that tries the change once more, with why it was not made."""
        await self._service.load()
        since = refused.changes if isinstance(refused, CalendarStale) else ()
        try:
            preview = await self._service.preview(await wish_of(typed, self._service))
        except Refused as other:
            return await self._year(request, typed, self._wrong(request, other), form)
        return await self._tried(request, typed, preview, self._wrong(request, refused), since)

    async def _year(
        self, request: Request, typed: Typed, wrong: Wrong, form: requests.Form | None = None
    ) -> bytes:
        principal = self.frame.principal(request)
        query = form if form is not None else requests.query(request)
        words = await self._phrasing.words(request)
        calendar = self._calendar(query["calendar"])
        year = self._chosen_year(query["year"], typed)
        changes = await self._service.changes()
        today = self._service.today()
        return self.frame.render(
            request,
            "calendar.html",
            status=409 if wrong.text else 200,
            calendar=calendar,
            names=self._names(),
            users=_users(self._names(), words),
            year=year,
            years=(FIRST_YEAR, LAST_YEAR),
            months=year_of(calendar, year, words.language),
            week=week_of(calendar),
            today=today,
            missing=self._missing(calendar, year),
            provisional=bool(calendar.country) and year > calendar.valid_until.year,
            changes=changes[:HISTORY],
            marked={each.version: each for each in changes},
            undone=_undone(changes),
            done=next((each for each in changes if str(each.version) == query["done"]), None),
            settling=next((each for each in changes if each.left), None),
            typed=typed if typed.calendars else Typed(typed.fields, (calendar.name,)),
            wrong=wrong,
            may_change=_may(principal),
            words=words,
            **_names_of(words),
        )

    async def _tried(
        self,
        request: Request,
        typed: Typed,
        preview: Preview,
        wrong: Wrong = NO_WRONG,
        since: tuple[Change, ...] = (),
    ) -> bytes:
        words = await self._phrasing.words(request)
        query = requests.read_form(request)
        undone = None
        if typed["what"] == UNDO:
            known = await self._service.changes()
            undone = next((each for each in known if each.version == preview.wish.undoes), None)
        calendar = self._calendar(query["calendar"])
        year = self._chosen_year(query["year"], typed)
        return self.frame.render(
            request,
            "calendar_try.html",
            status=409 if wrong.text else 200,
            preview=preview,
            steps=list(_steps(preview, words)),
            names=self._names(),
            undone=undone,
            typed=typed,
            wrong=wrong,
            since=since,
            seal=seal(preview.wish),
            back=_back(calendar.name, year, typed),
            calendar=calendar,
            year=year,
            words=words,
            request_id=self._entropy(REQUEST_BYTES),
            zone=self._service.book.calendars.zone,
        )

    # --- parts ------------------------------------------------------------------------------

    def _names(self) -> tuple[str, ...]:
        """The calendars by their names, the hotline's first."""
        hotline = self._service.book.hotline
        return (hotline, *sorted(name for name in self._service.book.live if name != hotline))

    def _calendar(self, name: str) -> WorkingCalendar:
        live = self._service.book.live
        if name and name not in live:
            raise Refused("calendar.unknown", name=name)
        return live[name or self._service.book.hotline]

    def _chosen_year(self, text: str, typed: Typed) -> int:
        """The year that is asked for, else that of the days, else this one."""
        year = whole(text) if text else _year_in(typed["from"]) or self._service.today().year
        return min(max(year, FIRST_YEAR), LAST_YEAR)

    def _missing(self, calendar: WorkingCalendar, year: int) -> int | None:
        """The year whose holidays the page asks for, once one is shown without, or it is time.

        It is the first that is missing: no later one counts as known before it.
        """
        if calendar.country and year > calendar.valid_until.year:
            return calendar.valid_until.year + 1
        return calendar.missing_year(self._service.now())

    def _wrong(self, request: Request, refused: Refused) -> Wrong:
        language = self.frame.language(request)
        return Wrong(self.frame.refusal(language, refused), FIELD_OF.get(refused.error_id, ""))


def _names_of(words: Words) -> Mapping[str, object]:
    """What months and weekdays are called, Monday first."""
    locale = locale_of(words.language)
    width: Literal["short", "narrow"] = "short" if locale.language == "en" else "narrow"
    return {
        "month_names": get_month_names("wide", "stand-alone", locale),
        "day_names": get_day_names("abbreviated", "stand-alone", locale),
        "short_days": get_day_names(width, "stand-alone", locale),
    }


def _users(names: tuple[str, ...], words: Words) -> Mapping[str, list[str]]:
    """The departments that keep each calendar's hours."""
    return {
        name: [
            words.department(each.department_id)
            for each in words.departments.values()
            if each.calendar == name
        ]
        for name in names
    }


def _steps(preview: Preview, words: Words) -> list[Step]:
    """The days that change, those in a row that change alike together."""
    found = []
    for name in dict.fromkeys(name for name, _ in preview.wish.days):
        days = sorted(day for other, day in preview.wish.days if other == name)
        before, after = preview.before.named[name], preview.after.named[name]
        was = {day: told(before, day, words.language) for day in days}
        will = ((day, told(after, day, words.language)) for day in days)
        for note in rows(will):
            inner = (day for day in days if note.first <= day <= note.last)
            found += [
                Step(name, Note(each.first, each.last, note.told), each.told)
                for each in rows((day, was[day]) for day in inner)
            ]
    return found


def _undone(changes: Iterable[Change]) -> set[int]:
    """The changes that are taken back, unless that was taken back too; from the latest on."""
    undone: set[int] = set()
    for change in changes:
        if change.undoes is not None and change.version not in undone:
            undone.add(change.undoes)
    return undone


def _where(wish: Wish, form: requests.Form) -> tuple[str, int]:
    """The calendar and the year that show what was changed."""
    days = sorted(day for _, day in wish.days)
    names = [name for name, _ in (*wish.days, *wish.years)]
    years = [year for _, year in wish.years]
    name = form["calendar"] if form["calendar"] in names else names[0]
    return name, days[0].year if days else years[0]


def _back(name: str, year: int, typed: Typed) -> str:
    """The way back to the year, with the days that were typed."""
    days = {end: typed[end] for end in ("from", "to")} if typed["from"] else {}
    return with_query("/calendar", calendar=name, year=str(year), **days) + "#days"


def _year_in(text: str) -> int | None:
    try:
        return date.fromisoformat(text).year
    except ValueError:
        return None


def _may(principal: Principal) -> bool:
    return bool(principal.roles & set(EDITORS))
