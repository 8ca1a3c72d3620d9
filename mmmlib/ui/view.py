"""What every view shares: events that cannot fail unseen, and no other way in.

An exception in a widget's callback is invisible everywhere: the page just does nothing. Here
each one becomes a message on the page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import ipyvuetify as v
from ipyvue.Template import Template

from mmmlib.ground import MMMError, Severity, failure, log
from mmmlib.ui.pieces import source

Say = Callable[[str], None]


@contextmanager
def told(say: Say) -> Iterator[None]:
    """Tell the person what went wrong in here; nothing goes on.

    Our own errors are messages for people. Any other is shown under an error id, and the
    server's log has its traceback under the same id.
    """
    try:
        yield
    except MMMError as error:
        say(str(error))
    except Exception:
        error_id = secrets.token_hex(4)
        failure(f"dashboard error {error_id}", error_id=error_id)
        say(f"Something went wrong here (error {error_id}); the server's log says what.")


@cache
def _template(folder: Path, name: str) -> Template:
    """Return a page's source, which is sent once however often the page is opened."""
    return Template(template=source(folder / name), source_url=name)


class View(v.VuetifyTemplate):  # type: ignore[misc]
    """A widget drawn by the ``.vue`` file that ``drawn_by`` names.

    Its ``vue_*`` methods are what the page may call.

    Parameters
    ----------
    say : callable
        Shows a message to the person.
    """

    drawn_by: tuple[str, str]  # the module's own file, and the name of a .vue file beside it
    query: Mapping[str, str] | None = None  # of a page: see mmmlib.ui.routes.Page

    def __init__(self, say: Say, **traits: Any) -> None:
        self.say = say
        module, name = self.drawn_by
        super().__init__(template=_template(Path(module).parent, name), **traits)

    def close(self) -> None:
        """End this widget and those it shows, in the kernel and in the browser.

        Without it a page that somebody left would stay in both for as long as the tab is open.
        What its threads still set reaches nobody.
        """
        for shown in [getattr(self, name) for name in self.keys]:
            if isinstance(shown, View):
                shown.close()
        if self.layout is not None:
            self.layout.close()
        super().close()

    def _handle_event(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        """Call the named method, and only that.

        ipyvue would also let the browser construct any class of any module in the kernel
        (``create_widget``), which on a shared server is a way in for everyone.
        """
        event = content.get("event")
        if event not in self.events:
            log(f"dashboard: message refused: {content!r:.200}", Severity.WARNING)
            return
        with told(self.say):
            getattr(self, f"vue_{event}")(content.get("data"))
