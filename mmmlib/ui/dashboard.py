"""The dashboard: pages put together, and kept fresh while somebody looks."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import ipyvuetify as v

from mmmlib.archive import Archive, user
from mmmlib.ui.routes import FIRST, PAGES, Page, Query, Session, address, parse
from mmmlib.ui.server.folder import viewer
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


def show(root: str = "", where: str = "") -> Shell:
    """Return the dashboard of an archive (``MMM_ROOT`` when empty), as a widget to display.

    ``where`` is the address of the page that it opens with, among other cells of a notebook; the
    page of the browser keeps its own address then.
    """
    for colours, chosen in ((v.theme.themes.light, _LIGHT), (v.theme.themes.dark, _DARK)):
        for name, colour in chosen.items():
            setattr(colours, name, colour)
    return Dashboard(Archive(root), where).shell


class Dashboard:
    """The pages of one browser tab.

    Nothing is read before a browser has opened the page: a preheated kernel would show what
    was there when it started.
    """

    def __init__(self, archive: Archive, where: str = "") -> None:
        self.shell = Shell(
            self.open,
            self.heard,
            place=archive.store.root,
            address=where,
            embedded=bool(where),
        )
        self.session = Session(
            archive,
            self.shell.show_message,
            self.open,
            user(),
            self.shell.save_file,
            self.shell.follow_link,
        )
        self.page: Page | None = None
        self._reading = threading.RLock()  # a click and the refresh never read at once
        self._known = False  # who looks
        self._heard = 0.0
        self._refresher: threading.Thread | None = None

    def open(self, where: str) -> None:
        """Show the page of an address (:mod:`mmmlib.ui.routes`); empty: the first page.

        The page that was shown ends with that.
        """
        self.heard()
        self._greet()
        name, query = parse(where)
        with self._reading:
            try:
                page = self._opened(name, query)
            except BaseException:  # a link to what is not there leads to the first page
                if name != FIRST or query:
                    self.open("")
                raise
            left, self.page, self.shell.page = self.page, page, page
            self.shell.here = name
            shown = query if page.query is None else page.query
            self.shell.address = address("" if name == FIRST else name, **shown)
            if left:
                left.close()

    def _opened(self, name: str, query: Query) -> Page:
        page = PAGES[name].open(self.session, query)
        try:
            page.refresh()
        except BaseException:
            page.close()
            raise
        return page

    def heard(self) -> None:
        """Somebody looks: keep the pages fresh for a while."""
        self._heard = time.monotonic()
        if self._refresher is None:
            self._refresher = threading.Thread(target=self._refresh, name="refresh", daemon=True)
            self._refresher.start()

    def _greet(self) -> None:
        """Learn who looks, once: when the kernel was preheated nobody did."""
        if not self._known:
            self.session = replace(self.session, user=viewer())
            self.shell.who = self.session.user
            self._known = True

    def refresh(self) -> None:
        """Read what is shown; the browser is only told what has changed."""
        if self.page:
            self.page.refresh()

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
                    self.refresh()
            if said and not failed:  # once, not every two seconds
                self.shell.show_message(said[0])
            failed = bool(said)
