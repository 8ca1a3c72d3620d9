"""The form's traits and events."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipyvue import register_component_from_string

from mmmlib.archive import Archive
from mmmlib.ground import JobError, MMMError, Problem, names, settings
from mmmlib.job import TrainingJob
from mmmlib.launching import allowed_executor
from mmmlib.ui.pieces import source
from mmmlib.ui.routes import Query, Session, address
from mmmlib.ui.train import form, machines, refreshing, roles, shapes
from mmmlib.ui.train.child import CHILD
from mmmlib.ui.train.fields import SECTIONS, fields, fit
from mmmlib.ui.train.launching import launch
from mmmlib.ui.train.quote import EarlierRun, past_runs, quote
from mmmlib.ui.train.raw import Raw, as_asked, guess, import_what_reads, read_raw, try_source
from mmmlib.ui.train.receiving import Receiving
from mmmlib.ui.train.series import Series, data_job, read_series
from mmmlib.ui.train.tasks import Tasks

QUICK_SECONDS = 1.5  # data that are read in this time are checked again after every edit
PAUSE_SECONDS = 0.7  # without an edit, before they are
DRAWN_SECONDS = 1.5  # what need not be there at once leaves the browser the time to draw
MOST_EARLIER = 60  # runs whose job can be loaded from the menu

_SOURCE = ("source", "connection", "file", "table", "sql")
_PARTS = ("field", "more", "upload", "window", "ranges", *SECTIONS, "review")


class TrainView(Receiving):
    """The page that makes a job.

    The form's values live in the browser. It sends all of them with every event, and takes new
    ones only when ``loaded`` changes. That names the values it answers (``base``): what was typed
    since then is kept, so no answer ever overwrites an edit.
    """

    def __init__(self, session: Session, **traits: Any) -> None:
        self._session = session
        self._values: form.Values = {}
        self._seen: Any = None  # what the browser holds as far as is known here, as it was sent
        self._reasons: dict[str, str] = {}
        self._past: list[EarlierRun] | None = None
        self._examined: TrainingJob | None = None
        self._found: Series | None = None  # of that job
        self._looked_at: list[Any] = []
        self._quick = True
        self._begun = False
        known: dict[str, Any] = {"fields": fields(), "sources": list(names.SOURCES)}
        folders = [str(folder) for folder in settings().data_folders]
        known["place"] = session.archive.store.root
        super().__init__(session.say, **known, folders=folders, **traits)
        self._asked = False  # whether the last guess ended in a question
        self._work = Tasks(session.say, self._show_busy)
        self._load(form.starting())

    def refresh(self) -> None:
        """Read what the form needs to know of this machine and this archive, once."""
        if self._begun:
            return
        self._begun = True
        root = self._session.archive.store.root
        asked: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
            "engines": (lambda: CHILD.ask(machines.engines), self._set("engines")),
            "executors": (lambda: CHILD.ask(machines.executors, root), self._set("executors")),
            "countries": (lambda: CHILD.ask(machines.countries), self._set("countries")),
            "past": (lambda: CHILD.ask(past_runs, root), self._has_past),
            "connections": (lambda: CHILD.ask(machines.connections), self._set("connections")),
            "warm": (lambda: CHILD.ask(import_what_reads), lambda _: None),
        }
        for name, (ask, answered) in asked.items():
            if name != "connections" or "snowflake" in self.sources:
                self._work.start(name, ask, answered, delay=DRAWN_SECONDS)

    def load_from(self, query: Query) -> None:
        """Load the job that the page's address names (``from``, ``refresh``, ``example``)."""
        archive = self._session.archive
        if run := query.get("refresh"):
            archive.run("/".join(run.split("/")[:3]))  # without the candidate
            seen = self._seen

            def loaded(found: tuple[form.Values, str]) -> None:
                self._load(*found, seen)
                self._look(and_guess=False)

            root = archive.store.root
            self._work.start("load", lambda: CHILD.ask(refreshing.of_refresh, root, run), loaded)
        elif name := query.get("example"):
            self.vue_example(name)
        elif run := query.get("from"):
            self._load(form.of_run(archive, run), f"The job of {run} is loaded.")
            self._look(and_guess=False)

    def vue_edited(self, values: Any) -> None:
        self._take(values)
        if self._examined and self._quick:
            self._examine(PAUSE_SECONDS)

    def vue_example(self, name: Any) -> None:
        self._load(form.of_example(str(name)))
        self._look(and_guess=False)

    def vue_again(self, run: Any) -> None:
        self.load_from({"from": str(run)})

    def vue_text(self, text: Any) -> None:
        self._load(*form.of_text(str(text)))
        self._look(and_guess=False)

    def vue_resumed(self, values: Any) -> None:
        """Load a draft that the browser has kept."""
        loaded, _ = fit(values if isinstance(values, dict) else {})
        self._load(loaded, "Your draft is loaded.")
        if self._source_asked() != [form.starting()[key] for key in _SOURCE]:
            self._look(and_guess=False)

    def vue_look(self, values: Any) -> None:
        self._take(values)
        known = self._values["date"] or self._values["channels"]
        self._look(and_guess=not known)

    def vue_guess(self, values: Any) -> None:
        self._take(values)
        if not self._asked:  # else what was given since then is the answer
            self._values |= {"date": "", "target": "", "country_column": ""}
            self._values |= {"channels": [], "organic": [], "context": []}
        self._look(and_guess=True)

    def vue_examine(self, values: Any) -> None:
        self._take(values)
        self._examine()

    def vue_test(self, sent: Any) -> None:
        self._take(sent["values"])
        values, typed = dict(self._values), sent.get("typed") or {}
        self.steps = []

        def ask() -> list[dict[str, Any]]:
            if typed:
                given = {str(key): str(value) for key, value in typed.items()}
                # for this child and, as variables of this kernel, for those after it
                machines.replace_typed(CHILD.ask(machines.use_typed, given))
            return CHILD.ask(try_source, values)

        self._work.start("test", ask, self._set("steps"))

    def vue_save_job(self, values: Any) -> None:
        self._take(values)
        self._session.save(self.filename, self._job().to_yaml().encode())

    def vue_assign(self, sent: Any) -> None:
        self._take(sent["values"])
        column, role, of = (str(sent.get(key) or "") for key in ("column", "role", "of"))
        self._load(roles.assign(self._values, column, role, of))
        self._examine()

    def vue_shape(self, sent: Any) -> None:
        ranges = sent["ranges"] if isinstance(sent.get("ranges"), dict) else {}
        adstock, kind = str(sent["adstock"]), str(sent["kind"])
        rows = int(self.series.get("rows") or 0)
        self.defaults = shapes.defaults(adstock)
        self.curves = shapes.allowed(adstock, kind, ranges, rows)

    def vue_train(self, sent: Any) -> None:
        """Queue a run, after the full check of job and data where the last one was of others."""
        if self._work.going("launch"):
            return  # a second click on the same button
        self._take(sent["values"])
        job = self._job()
        executor = allowed_executor(str(sent.get("executor") or ""))
        expected = quote(job, self._past or [], executor)
        root, values, known = self._session.archive.store.root, dict(self._values), self._found

        def ask() -> tuple[Series, str, list[dict[str, str]]]:
            series = known if known and self._examined == job else CHILD.ask(read_series, values)
            if series.unfit:
                return series, "", []
            return series, *launch(job, expected, who, root)

        def launched(outcome: tuple[Series, str, list[dict[str, str]]]) -> None:
            series, run, problems = outcome
            self._has_series(series, job)
            self.problems = problems
            if not run:
                self.send({"method": "not_launched", "args": []})
                return
            self.send({"method": "launched", "args": []})
            if job.root and Archive(job.root).store.root != root:
                self.say(f"The run {run} is in {job.root}, which this dashboard does not show.")
                return
            self._session.go(address(page="results", run=run))

        who = self._session.user
        self._work.start("launch", ask, launched)

    def _job(self) -> TrainingJob:
        """The job of the form; ``JobError`` with all that is wrong."""
        if job := form.check(self._values).job:
            return job
        raise JobError([Problem(each["where"], each["message"]) for each in self.problems])

    def _load(self, values: form.Values, notice: str = "", base: Any = None) -> None:
        """Give the browser new values, made from ``base``: what it had sent last, by default."""
        number = self.loaded.get("number", 0) + 1
        base = self._seen if base is None else base
        self._values = self._seen = values
        self.loaded = {"values": values, "number": number, "notice": notice, "base": base}
        self._check()

    def _take(self, values: Any) -> None:
        """Take the browser's values."""
        CHILD.touch()
        self._seen = values if isinstance(values, dict) else {}
        self._values, _ = fit(self._seen)
        if self._source_asked() != self._looked_at:  # what is shown is of another source
            self.unread = ""
            if self.raw:
                self.raw, self.doubts = {}, []
                self._forget_series()
        self._check()

    def _source_asked(self) -> list[Any]:
        """What decides which rows are read."""
        return [self._values.get(key) for key in _SOURCE]

    def _check(self) -> None:
        checked = form.check(self._values)
        self.problems = checked.problems
        self.yaml, self.filename = checked.yaml, checked.filename
        self.commands = checked.commands()
        self.defaults = shapes.defaults(str(self._values["adstock"]))
        self._mark_current()
        self.table = roles.table(self._values, self.raw.get("columns", []), self._reasons)
        self._quote(checked.job)

    def _quote(self, job: TrainingJob | None) -> None:
        if job is None or self._past is None:
            self.quoted = ""
        else:
            self.quoted = quote(job, self._past).words()

    def _has_past(self, past: list[EarlierRun]) -> None:
        self._past = past
        self.earlier = [str(run) for run in self._session.archive.runs()[:MOST_EARLIER]]
        self._quote(form.check(self._values).job)

    def _look(self, and_guess: bool) -> None:
        values, seen = dict(self._values), self._seen
        self.raw, self.doubts, self.steps, self.unread = {}, [], [], ""
        self._forget_series()
        self._reasons, self._looked_at = {}, self._source_asked()
        self._asked = False

        def ask() -> tuple[Raw | MMMError, Any]:
            try:
                raw = CHILD.ask(read_raw, values)
            except MMMError as error:
                return error, None
            if not and_guess:
                return raw, None
            try:
                return raw, CHILD.ask(guess, values)
            except MMMError as error:  # the data are shown, the roles are for the person
                return raw, error

        self._work.start("look", ask, lambda found: self._looked(found, seen))

    def _looked(self, found: tuple[Raw | MMMError, Any], seen: Any) -> None:
        raw, guessed = found
        if isinstance(raw, MMMError):
            self.unread = str(raw)
            return
        self.raw = raw.plain()
        if isinstance(guessed, MMMError):
            self.doubts = [as_asked(guessed)]
            self._asked = True
        elif guessed:
            values, self._reasons, self.doubts = guessed
            self._load(values, base=seen)
        self._check()
        if self._values["refresh_of"] and not self._values["window"]:
            self._continue()
        else:
            self._examine()

    def _continue(self) -> None:
        """Move the window of a refresh, now that there are data."""
        values, seen, root = dict(self._values), self._seen, self._session.archive.store.root

        def ask() -> tuple[form.Values | None, str]:
            try:
                return CHILD.ask(refreshing.moved, root, values)
            except MMMError as error:  # newer data are still to be chosen
                return None, f"Choose newer data: {error}"

        def answered(found: tuple[form.Values | None, str]) -> None:
            new, notice = found
            self._load(new or values, notice, seen)
            self._examine()

        self._work.start("continue", ask, answered)

    def _examine(self, delay: float = 0.0) -> None:
        """Prepare and check the data in the background, if the job is one and has changed."""
        job = data_job(self._values)
        if job is None or job == self._examined:
            return
        values = dict(self._values)

        def ask() -> tuple[Series, float]:
            started = time.perf_counter()
            return CHILD.ask(read_series, values), time.perf_counter() - started

        def answered(found: tuple[Series, float]) -> None:
            series, took = found
            self._quick = took < QUICK_SECONDS
            self._has_series(series, job)
            if self._quick:
                self._examine(PAUSE_SECONDS)  # of what was edited meanwhile

        self._work.start("examine", ask, answered, delay)

    def _has_series(self, series: Series, job: TrainingJob) -> None:
        self.series, self._found, self._examined = series.plain(), series, job
        self._mark_current()

    def _forget_series(self) -> None:
        self.series, self._found, self._examined = {}, None, None
        self.current = False

    def _mark_current(self) -> None:
        """Say whether the last check of the data was of the form as it stands."""
        self.current = bool(self._examined) and data_job(self._values) == self._examined

    def _set(self, trait: str) -> Any:
        return lambda value: setattr(self, trait, value)

    def _show_busy(self, going: list[str]) -> None:
        self.busy = going


def open_page(session: Session, query: Query) -> TrainView:
    """Open the form, empty or with the job of a run (``from``, ``refresh``).

    Raises
    ------
    RunError
        There is no such run.
    """
    for part in _PARTS:  # before the page that is made of them
        register_component_from_string(
            f"mmm-train-{part}", source(Path(__file__).with_name(f"{part}.vue")), f"{part}.vue"
        )
    view = TrainView(session)
    view.load_from(query)
    return view
