"""Runs side by side as one table: what the dashboard's page compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from mmmlib.archive import Archive, Run
from mmmlib.ground import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator


def comparison(run: Run, others: Sequence[Run | str]) -> pd.DataFrame:
    """Rows by ``part, what``, one column a run; what one should know before is printed.

    Raises
    ------
    RunError
        A run is of another archive, or see :func:`mmmlib.ui.compare.model.compare`.
    """
    from mmmlib.ui.compare.model import compare

    for other in others:
        if isinstance(other, Run) and other.store.root != run.store.root:
            raise RunError(f"{other.place} is of another archive than {run.place}")
    found = compare(Archive(run.store.root), map(str, (run, *others)))
    print(*found["changed"], sep="\n")

    def rows() -> Iterator[tuple[object, ...]]:
        for part in ("settings", "data", "environment", "errors"):
            for row in found[part]:
                yield (part, row["key"], *row["values"])
        for row in found["channels"]:
            yield (found["efficiency"], row["name"], *(one["value"] for one in row["values"]))

    columns = ["part", "what", *(head["id"] for head in found["heads"])]
    return pd.DataFrame(rows(), columns=columns).set_index(["part", "what"])
