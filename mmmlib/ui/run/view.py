"""One run's traits, its tabs and its cancel button."""

from __future__ import annotations

from typing import Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait, Bool, Dict, List, Unicode

from mmmlib.archive import TRUTH_PICTURE, lifts_of, report_name, report_of
from mmmlib.ground import names
from mmmlib.ui.background import in_background
from mmmlib.ui.charts import components
from mmmlib.ui.plain import cell
from mmmlib.ui.routes import PAGES, Query, Session, address
from mmmlib.ui.run.download import send_artifact
from mmmlib.ui.run.findings import picture, picture_of
from mmmlib.ui.run.model import RunModel, first_shown, neighbours, newest
from mmmlib.ui.run.panel import Panel
from mmmlib.ui.run.period import period_of
from mmmlib.ui.run.spread import read_spread
from mmmlib.ui.view import View

SUMMARY = "summary"
TABS = {  # name → title, import path, whether it needs a trained model
    "models": ("Models", "mmmlib.ui.run.models.view:ModelsView", True),
    "curves": ("Curves", "mmmlib.ui.run.curves.view:CurvesView", True),
    "time": ("Over time", "mmmlib.ui.run.over_time.view:OverTimeView", True),
    "notebooks": ("Notebooks", "mmmlib.ui.run.notebooks.view:NotebooksView", False),
    "files": ("Files", "mmmlib.ui.run.files.view:FilesView", False),
    "notes": ("Notes", "mmmlib.ui.run.notes.view:NotesView", False),
}


class RunView(View):
    """The page of one run."""

    drawn_by = (__file__, "run.vue")
    facts = Dict().tag(sync=True)
    findings = Dict().tag(sync=True)
    spread = Dict().tag(sync=True)  # of ROAS, by channel
    period = Unicode("period").tag(sync=True)  # name of one: day, week or period
    picture = Unicode().tag(sync=True)  # the one-pager: a link or a data URI
    lifts: List[dict[str, Any]] = List().tag(sync=True)  # of each study: measured and modelled
    report = Unicode().tag(sync=True)  # artifact that is the report; empty where there is none
    truth = Unicode().tag(sync=True)  # picture of modelled against true; simulated data only
    changes: List[dict[str, Any]] = List().tag(sync=True)
    around = Dict().tag(sync=True)  # other revisions, countries and runs
    tabs: List[dict[str, Any]] = List().tag(sync=True)
    tab = Unicode(SUMMARY).tag(sync=True)
    panel = AnyTrait(None, allow_none=True).tag(sync=True, **widget_serialization)
    trainable = Bool("train" in PAGES).tag(sync=True)
    planable = Bool("plan" in PAGES).tag(sync=True)
    drivable = Bool("live" in PAGES).tag(sync=True)

    def __init__(
        self, session: Session, model: RunModel, tab: str = SUMMARY, **traits: Any
    ) -> None:
        self.model = model
        self.session = session
        self.query = {**({"tab": tab} if tab in TABS else {}), "run": str(model.run)}
        self._panels: dict[str, Panel] = {}
        self._wanted = tab  # of the address, opened when the run is known
        self.components = components()
        super().__init__(session.say, **traits)

    def refresh(self) -> None:
        """Read what may have changed; nothing is sent to the browser when nothing has."""
        if self.model.over and self.facts:
            return
        facts = self.model.facts()
        self.changes = self.model.changes()
        if (findings := self.model.findings()) and not self.findings:
            self._show(findings.plain())
            in_background(self._read_spread, self.say)
        if facts["best"] and not self.picture:  # an old run has nothing but its pictures
            self.picture = picture_of(self.model.run, facts["best"])
        if not self.facts:
            in_background(self._read_around, self.say)
        self.facts = facts
        self.tabs = [
            {"name": name, "title": title}
            for name, (title, _, trained) in TABS.items()
            if not trained or self.findings
        ]
        if self._wanted in {tab["name"] for tab in self.tabs}:
            self._wanted, wanted = SUMMARY, self._wanted
            self.vue_show(wanted)

    def close(self) -> None:
        """End the page with its tabs, also those that are not shown."""
        for panel in self._panels.values():
            panel.close()
        super().close()

    def vue_show(self, tab: str) -> None:
        """Open a tab; one that was open before comes back as it was."""
        tab = str(tab)
        if tab in TABS and tab not in self._panels:
            made = names.load(TABS[tab][1])(self.session, self.model.run, self._decided)
            self._panels[tab] = made
        if tab in TABS:
            self.panel = self._panels[tab]
        self.tab = tab if tab in TABS else SUMMARY

    def vue_back(self, _: object) -> None:
        self.session.go("")

    def vue_cancel(self, _: object) -> None:
        self.model.cancel(self.session.user)
        self.refresh()

    def vue_open(self, run: str) -> None:
        self.session.go(address("results", run=str(run)))

    def vue_revision(self, revision: str) -> None:
        """Go to the newest run of another revision, in the same country where it has one."""
        self._go_newest(str(revision), self.model.run.id.country)

    def vue_country(self, country: str) -> None:
        self._go_newest(self.model.run.id.revision, str(country))

    def vue_train_again(self, _: object) -> None:
        self.session.go(address("train", **{"from": str(self.model.run)}))

    def vue_refresh_model(self, _: object) -> None:
        self.session.go(address("train", refresh=str(self.model.run)))

    def vue_plan(self, _: object) -> None:
        self._go_with_model("plan")

    def vue_live(self, _: object) -> None:
        self._go_with_model("live")

    def vue_compare(self, _: object) -> None:
        self.session.go(address("compare", runs=str(self.model.run)))

    def vue_download(self, name: str) -> None:
        send_artifact(self.session, self.model.run, str(name))

    def vue_share(self, _: object) -> None:
        """Send the report under a name that says of which country and day it is."""
        self.session.save(report_name(self.model.run), self.model.run.load(self.report))

    def _go_with_model(self, page: str) -> None:
        """Go to a page that works with the model this run stands for."""
        promoted = self.findings.get("promotion")
        model = self.findings["best"] if promoted else ""
        self.session.go(address(page, run=str(self.model.run), model=model))

    def _go_newest(self, revision: str, country: str) -> None:
        if found := newest(self.session.archive, revision, country):
            self.vue_open(str(found))

    def _decided(self) -> None:
        """A tab has written a decision: what this page and the other tabs show is read again."""
        self.model.forget()
        self.facts = self.model.facts()
        findings = self.model.findings()
        if findings:  # it may have got its page
            self.picture = picture_of(self.model.run, findings.best)
            self.report = report_of(self.model.run)
        if findings and findings.plain() != self.findings:
            self._show(findings.plain())
            for name in [name for name in self._panels if name != self.tab]:
                self._panels.pop(name).close()
            in_background(self._read_spread, self.say)

    def _show(self, findings: dict[str, Any]) -> None:
        self.picture = picture_of(self.model.run, findings["best"])
        self.report = report_of(self.model.run)
        self.findings = findings

    def _read_spread(self) -> None:
        shown = self.findings
        self.period = period_of(self.model.run)
        self.spread = read_spread(self.model.run, shown["best"], shown["efficiency"].lower())
        if self.model.run.job.calibration:
            table = lifts_of(self.model.run, shown["best"])
            self.lifts = [
                {str(key): cell(value) for key, value in row.items()}
                for row in table.to_dict(orient="records")
            ]
        self.truth = picture(self.model.run, TRUTH_PICTURE)

    def _read_around(self) -> None:
        self.around = neighbours(self.session.archive, self.model.run.id)


def open_page(session: Session, query: Query) -> RunView:
    """Open the run that the address names, or the newest one that has trained.

    Raises
    ------
    RunError
        There is no such run.
    """
    archive, name = session.archive, query.get("run", "")
    run = archive.run(name) if name else first_shown(archive)
    return RunView(session, RunModel(run), query.get("tab", SUMMARY))
