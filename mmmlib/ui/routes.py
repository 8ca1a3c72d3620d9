"""Which pages there are, and what each is given. A page is imported when it is first opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from mmmlib.archive import Archive
from mmmlib.ground import MMMError, names
from mmmlib.ui.view import Say

Query = Mapping[str, str]  # what stands in the page's address, such as run


class Page(Protocol):
    """A :class:`mmmlib.ui.view.View` that can be read anew.

    Attributes
    ----------
    query : mapping or None
        The query that leads back to what the page shows, such as the run it took where the
        address named none; ``None``: the one it was opened with.
    """

    query: Query | None

    def refresh(self) -> None:
        """Read what may have changed; nothing is sent to the browser when nothing has."""

    def close(self) -> None:
        """End the page and everything in it, here and in the browser."""


def _no_browser(*_: object) -> None:
    raise MMMError("there is no browser that could take a file")


@dataclass(frozen=True)
class Session:
    """What every page of one browser tab is given.

    Attributes
    ----------
    archive : Archive
    say : callable
        Shows a message to the person.
    go : callable
        Opens an address, as :func:`address` makes it.
    user : str
        Who looks: the address that IAP vouches for, or this machine's user.
    save : callable
        Lets the browser save bytes as a file: called with its name and the bytes.
    follow : callable
        Opens a link of the store beside the dashboard.
    """

    archive: Archive
    say: Say
    go: Callable[[str], None]
    user: str
    save: Callable[[str, bytes], None] = _no_browser
    follow: Callable[[str], None] = _no_browser


@dataclass(frozen=True)
class Entry:
    """A page's name in the navigation, its icon, and the import path of what opens it.

    That is called with the session and the query and returns the page.
    """

    title: str
    icon: str
    path: str

    def open(self, session: Session, query: Query) -> Page:
        """Open the page."""
        page: Page = names.load(self.path)(session, query)
        return page


PAGES = {
    "train": Entry("Train", "mdi-rocket-launch-outline", "mmmlib.ui.train.view:open_page"),
    "runs": Entry("Runs", "mdi-format-list-bulleted", "mmmlib.ui.runs.view:open_page"),
    "results": Entry("Results", "mdi-chart-box-outline", "mmmlib.ui.run.view:open_page"),
    "compare": Entry("Compare", "mdi-compare-horizontal", "mmmlib.ui.compare.view:open_page"),
    "plan": Entry("Plan", "mdi-scale-balance", "mmmlib.ui.plan.view:open_page"),
    "live": Entry("Live model", "mdi-tune-vertical", "mmmlib.ui.live.view:open_page"),
    "debug": Entry("Debug", "mdi-bug-outline", "mmmlib.ui.debug.view:open_page"),
}
FIRST = "runs"


def address(page: str = "", **query: str) -> str:
    """Return the query string of a page: ``page=plan&run=r100/de/20261123_053424``."""
    parts = {"page": page, **query}
    return urlencode({key: value for key, value in parts.items() if value}, safe="/")


def parse(text: str) -> tuple[str, Query]:
    """Return the page that an address names, and its query.

    A run alone is that run's result; what names no page is the first one.
    """
    query = dict(parse_qsl(text.removeprefix("?")))
    page = query.pop("page", "results" if "run" in query else FIRST)
    return (page if page in PAGES else FIRST), query
