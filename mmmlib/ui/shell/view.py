"""The frame's traits: which page is shown, and the message that lies over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait
from traitlets import Dict, Unicode

from mmmlib import __version__
from mmmlib.ui.view import View


class Shell(View):
    """The page's frame.

    Parameters
    ----------
    opened : callable
        Called with the run named by the page's address (empty: none) when a browser has opened
        the page, and when it goes back or forward.
    heard : callable
        Called now and then while a browser shows the page.
    """

    template_file = (__file__, "shell.vue")
    place = Unicode().tag(sync=True)  # root of the archive
    version = Unicode(__version__).tag(sync=True)
    page = AnyTrait(None, allow_none=True).tag(sync=True, **widget_serialization)
    run = Unicode().tag(sync=True)  # the run shown, as it stands in the address; empty: the list
    message = Dict().tag(sync=True)

    def __init__(
        self, opened: Callable[[str], None], heard: Callable[[], None], **traits: Any
    ) -> None:
        self._opened = opened
        self._heard = heard
        self._said = 0
        super().__init__(self.show_message, **traits)

    def show_message(self, text: str) -> None:
        """Lay a message over the page until the person closes it."""
        self._said += 1  # the same text twice is two messages
        self.message = {"text": text, "number": self._said}

    def vue_opened(self, run: str) -> None:
        self._opened(str(run or ""))

    def vue_heard(self, _: object) -> None:
        self._heard()
