"""The frame's traits: which page is shown, and the message that lies over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait, Bool, Dict, List, Unicode

from mmmlib import __version__
from mmmlib.ui.routes import PAGES
from mmmlib.ui.view import View


class Shell(View):
    """The page's frame.

    Parameters
    ----------
    opened : callable
        Called with the query string of the page's address when a browser has opened the page, and
        when the person goes elsewhere.
    heard : callable
        Called now and then while a browser shows the page.
    """

    drawn_by = (__file__, "shell.vue")
    place = Unicode().tag(sync=True)  # root of the archive
    who = Unicode().tag(sync=True)  # who looks
    version = Unicode(__version__).tag(sync=True)
    page = AnyTrait(None, allow_none=True).tag(sync=True, **widget_serialization)
    pages: List[dict[str, str]] = List().tag(sync=True)  # of the navigation: name, title, icon
    here = Unicode().tag(sync=True)  # name of the page shown
    address = Unicode().tag(sync=True)  # its query string; empty: the first page
    embedded = Bool(False).tag(sync=True)  # among cells: the browser's address is not ours
    message = Dict().tag(sync=True)

    def __init__(
        self, opened: Callable[[str], None], heard: Callable[[], None], **traits: Any
    ) -> None:
        self._opened = opened
        self._heard = heard
        self._said = 0
        pages = [
            {"name": name, "title": entry.title, "icon": entry.icon}
            for name, entry in PAGES.items()
        ]
        super().__init__(self.show_message, pages=pages, **traits)

    def show_message(self, text: str) -> None:
        """Lay a message over the page until the person closes it."""
        self._said += 1  # the same text twice is two messages
        self.message = {"text": text, "number": self._said}

    def save_file(self, name: str, data: bytes) -> None:
        """Let the browser save bytes as a file."""
        self.send({"method": "save", "args": [name]}, buffers=[data])

    def follow_link(self, url: str) -> None:
        """Open a link beside the dashboard."""
        self.send({"method": "follow", "args": [url]})

    def vue_opened(self, where: str) -> None:
        self._opened(str(where or ""))

    def vue_heard(self, _: object) -> None:
        self._heard()
