"""Traits of the comparison; runs are chosen from the list or by the address."""

from __future__ import annotations

from traitlets import Bool, Dict, List, Unicode

from mmmlib.ground import MMMError
from mmmlib.ui.background import in_background
from mmmlib.ui.compare.model import MOST, compare
from mmmlib.ui.routes import Query, Session, address
from mmmlib.ui.runs.model import submitted
from mmmlib.ui.view import View

LISTED = 500  # newest runs that can be chosen; others by their address


class CompareView(View):
    """Two to four runs side by side."""

    drawn_by = (__file__, "compare.vue")
    runs: List[str] = List().tag(sync=True)
    listed: List[dict[str, str]] = List().tag(sync=True)
    found = Dict().tag(sync=True)
    trouble = Unicode().tag(sync=True)
    busy = Bool(True).tag(sync=True)

    def __init__(self, session: Session, runs: list[str]) -> None:
        self.session = session
        super().__init__(session.say, runs=runs)
        self.reading = in_background(self._read, session.say)

    def refresh(self) -> None:
        """Ended runs do not change; the page is read once."""

    def vue_choose(self, runs: list[str]) -> None:
        self.session.go(address("compare", runs=",".join(str(run) for run in runs[:MOST])))

    def vue_open(self, run: str) -> None:
        self.session.go(address("results", run=str(run)))

    def _read(self) -> None:
        try:
            self.listed = [
                {
                    "id": str(run),
                    "title": f"{run.id.revision} · {run.id.country} · {submitted(run)}",
                }
                for run in self.session.archive.runs()[:LISTED]
                if not run.id.old  # they have no job to compare
            ]
            if len(self.runs) >= 2:
                self.found = compare(self.session.archive, self.runs)
        except MMMError as error:
            self.trouble = str(error)
        finally:
            self.busy = False


def open_page(session: Session, query: Query) -> CompareView:
    """Open the comparison of the runs that the address names, if it does."""
    return CompareView(session, [run for run in query.get("runs", "").split(",") if run])
