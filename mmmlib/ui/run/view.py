"""One run's traits, its cancel button and its downloads."""

from __future__ import annotations

from typing import Any

from traitlets import Dict, List, Unicode

from mmmlib.errors import RunError
from mmmlib.ui.pages import Query, Session
from mmmlib.ui.run.findings import one_pager
from mmmlib.ui.run.model import RunModel, readable
from mmmlib.ui.view import View

DOWNLOAD_LIMIT = 200_000_000  # bytes; more than this through a web socket freezes the page


class RunView(View):
    """The page of one run."""

    template_file = (__file__, "run.vue")
    facts = Dict().tag(sync=True)
    findings = Dict().tag(sync=True)
    picture = Unicode().tag(sync=True)  # the one-pager: a link or a data URI
    changes: List[dict[str, Any]] = List().tag(sync=True)
    artifacts: List[dict[str, Any]] = List().tag(sync=True)

    def __init__(self, session: Session, model: RunModel, **traits: Any) -> None:
        self.model = model
        self._go = session.go
        super().__init__(session.say, **traits)

    def refresh(self) -> None:
        """Read what may have changed; nothing is sent to the browser when nothing has."""
        if self.model.over and self.facts:
            return
        facts = self.model.facts()
        self.artifacts = self.model.artifacts()
        self.changes = self.model.changes()
        if findings := self.model.findings():
            if not self.picture:
                self.picture = one_pager(self.model.run, findings.best)
            self.findings = findings.plain()
        self.facts = facts

    def vue_back(self, _: object) -> None:
        self._go("")

    def vue_cancel(self, _: object) -> None:
        self.model.cancel()
        self.refresh()

    def vue_download(self, name: str) -> None:
        """Send an artifact: by link where the store has one, otherwise its bytes."""
        size = self.model.run.artifacts().get(str(name))
        if size is None:
            raise RunError(f"run {self.model.run} has no {name}; reload the page")
        url = self.model.run.url(name)
        if url.startswith("https://"):
            self.send({"method": "follow", "args": [url]})
            return
        if size > DOWNLOAD_LIMIT:
            raise RunError(
                f"{name} is {readable(size)}, too large for the browser; "
                f"copy it from {self.model.run.place}"
            )
        self.send({"method": "save", "args": [name]}, buffers=[self.model.run.load(name)])


def open_page(session: Session, query: Query) -> RunView:
    """Open the run that the address names, or the newest one.

    Raises
    ------
    RunError
        There is no such run.
    """
    return RunView(session, RunModel(session.archive.run(query.get("run", "latest"))))
