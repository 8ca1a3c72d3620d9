"""What the form shows: the traits its kernel keeps in step with the page."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, List, Unicode

from mmmlib.data import FILES, WORKBOOKS
from mmmlib.job import HYPERPARAMETERS
from mmmlib.ui.train import roles
from mmmlib.ui.train.fields import SECTIONS
from mmmlib.ui.train.lists import EXAMPLES
from mmmlib.ui.view import View


class FormTraits(View):
    """The traits of the form; all are read by the page only."""

    drawn_by = (__file__, "train.vue")
    place = Unicode().tag(sync=True)  # the archive: a draft in the browser is of one
    fields: List[dict[str, Any]] = List().tag(sync=True)
    sections: List[str] = List([*SECTIONS, "review"]).tag(sync=True)
    role_words = Dict(roles.ROLES).tag(sync=True)
    sources: List[str] = List().tag(sync=True)
    loaded = Dict().tag(sync=True)  # values, number, notice
    problems: List[dict[str, str]] = List().tag(sync=True)
    yaml = Unicode().tag(sync=True)
    filename = Unicode().tag(sync=True)
    commands: List[dict[str, str]] = List().tag(sync=True)
    raw = Dict().tag(sync=True)  # Raw
    unread = Unicode().tag(sync=True)  # why the data could not be read
    series = Dict().tag(sync=True)  # Series
    current = Bool(False).tag(sync=True)  # whether that is of the form as it stands
    table: List[dict[str, str]] = List().tag(sync=True)  # a row a column of the data
    doubts: List[str] = List().tag(sync=True)
    steps: List[dict[str, Any]] = List().tag(sync=True)  # of the source's test
    families = Dict({name: list(its) for name, its in HYPERPARAMETERS.items()}).tag(sync=True)
    defaults = Dict().tag(sync=True)  # recommended ranges by kind
    curves = Dict().tag(sync=True)  # what the ranges of the open channel allow
    engines: List[dict[str, str]] = List().tag(sync=True)
    executors: List[dict[str, Any]] = List().tag(sync=True)
    countries: List[dict[str, str]] = List().tag(sync=True)  # value, title
    connections: List[str] = List().tag(sync=True)
    earlier: List[str] = List().tag(sync=True)  # runs, newest first
    quoted = Unicode().tag(sync=True)
    folders: List[str] = List().tag(sync=True)  # whose files may be named
    upload = Dict().tag(sync=True)  # key, share
    endings: List[str] = List([*FILES]).tag(sync=True)  # of files that are read
    workbooks: List[str] = List([*WORKBOOKS]).tag(sync=True)  # those with sheets
    refused = Dict().tag(sync=True)  # key, problems: of the list that was sent last
    examples = Dict(EXAMPLES).tag(sync=True)  # of lists, to be filled in
    busy: List[str] = List().tag(sync=True)
