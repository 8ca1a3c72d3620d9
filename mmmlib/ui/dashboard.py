"""The dashboard: pages put together, and kept fresh while somebody looks."""

from __future__ import annotations

import threading
import time

import ipyvuetify as v

from mmmlib.archive import Archive
from mmmlib.errors import MMMError
from mmmlib.ui.run.model import RunModel
from mmmlib.ui.run.view import RunView
from mmmlib.ui.runs.model import RunsModel
from mmmlib.ui.runs.view import RunsView
from mmmlib.ui.shell.view import Shell
from mmmlib.ui.view import told

REFRESH_SECONDS = 2.0
SILENCE_SECONDS = 150.0  # a browser says every 30 s that it is there, once a minute when hidden

_LIGHT = {
    "background": "#F4F6FA",
    "surface": "#FFFFFF",
    "primary": "#2F5BD7",
    "success": "#1A7F4B",
    "error": "#B3261E",
    "warning": "#9A6200",
    "info": "#4A6178",
}
_DARK = {
    "background": "#0E1219",
    "surface": "#171D28",
    "primary": "#8FB0FF",
    "success": "#5CD39A",
    "error": "#FF8A80",
    "warning": "#FFC857",
    "info": "#A9BBD0",
}


def show(root: str = "") -> Shell:
    """Return the dashboard of an archive (``MMM_ROOT`` when empty), as a widget to display."""
    for colours, chosen in ((v.theme.themes.light, _LIGHT), (v.theme.themes.dark, _DARK)):
        for name, colour in chosen.items():
            setattr(colours, name, colour)
    return Dashboard(Archive(root)).shell


class Dashboard:
    """The pages of one browser tab.

    Nothing is read before a browser has opened the page: a preheated kernel would show what
    was there when it started.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.shell = Shell(self.open, self.heard, place=archive.store.root)
        say = self.shell.show_message
        self.list = RunsView(say, choose=self.open, place=archive.store.root)
        self.page: RunView | None = None
        self._runs = RunsModel(archive)
        self._reading = threading.RLock()  # a click and the refresh never read at once
        self._heard = 0.0
        self._refresher: threading.Thread | None = None

    def open(self, run: str) -> None:
        """Show a run (``revision/country/timestamp``), or the list when it is empty."""
        self.heard()
        with self._reading:
            self.page = None
            try:
                if run:
                    self.page = self._page(run)
            finally:  # a link to a run that is not there leads to the list, with a message
                self._read()
                self.shell.page = self.page or self.list
                self.shell.run = str(self.page.model.run.id) if self.page else ""

    def heard(self) -> None:
        """Somebody looks: keep the pages fresh for a while."""
        self._heard = time.monotonic()
        if self._refresher is None:
            self._refresher = threading.Thread(target=self._refresh, name="refresh", daemon=True)
            self._refresher.start()

    def _page(self, run: str) -> RunView:
        model = RunModel(self.archive.run(run))
        return RunView(self.shell.show_message, model, back=lambda: self.open(""))

    def _read(self) -> None:
        """Read what is shown; the browser is only told what has changed."""
        if self.page:
            self.page.refresh()
            return
        try:
            self.list.show(self._runs.rows())
        except MMMError as error:
            self.list.fail(str(error))

    def _refresh(self) -> None:
        """Read again and again, in a thread of its own so that clicks are answered at once.

        It rests when no browser has been heard for a while: a kernel that goes on sending is
        never idle, and would never be culled.
        """
        failed = False
        while True:
            time.sleep(REFRESH_SECONDS)
            if time.monotonic() - self._heard > SILENCE_SECONDS:
                continue
            with self._reading:
                said: list[str] = []
                with told(said.append):
                    self._read()
            if said and not failed:  # once, not every two seconds
                self.shell.show_message(said[0])
            failed = bool(said)
