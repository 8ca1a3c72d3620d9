"""What a refresh has changed: data, hyperparameters, coefficients, shares, ROAS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmmlib.ground import columns as c
from mmmlib.model import ExportedModel

COLUMNS = (c.PART, c.NAME, c.PARENT, c.REFRESHED, c.CHANGE, c.NOTE)


def refresh_changes(
    before: ExportedModel, after: ExportedModel, past: pd.DataFrame, efficiency: str
) -> pd.DataFrame:
    """Compare a refreshed model with its parent, figure by figure.

    Parameters
    ----------
    before, after : ExportedModel
        Under the same names.
    past : DataFrame
        Of :func:`mmmlib.run.refresh.compare_past`.
    efficiency : str
        roas or cpa.

    Returns
    -------
    DataFrame
        ``part, name, parent, refreshed, change, note``; ``change`` is refreshed - parent. Parts:
        data, error, share, effect_share, roas or cpa, coefficient, hyperparameter.
    """
    rows = [
        *_data(before, after, past),
        *_errors(before, after),
        *_column(before, after, "share", c.CONTRIBUTION_SHARE),
        *_effects(before, after),
        *_efficiency(before, after, efficiency),
        *_column(before, after, "coefficient", c.COEFFICIENT),
        *_pairs("hyperparameter", before.values, after.values),
    ]
    table = pd.DataFrame(rows, columns=[c.PART, c.NAME, c.PARENT, c.REFRESHED, c.NOTE])
    table[c.CHANGE] = table[c.REFRESHED] - table[c.PARENT]
    return table[list(COLUMNS)]


def _data(before: ExportedModel, after: ExportedModel, past: pd.DataFrame) -> Iterator[list[Any]]:
    note = f"{_span(before)}, then {_span(after)}"
    yield ["data", "rows in the window", before.rows, after.rows, note]
    yield ["data", "all rows", before.total_rows, after.total_rows, ""]
    yield ["data", "spend in the window", before.spend_total, after.spend_total, ""]
    for row in past.to_dict("records"):
        span = f"{row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}"
        note = f"restated on {row[c.COUNT]} dates of before, {span}; sums over all of them"
        yield ["data", row[c.NAME], row[c.PARENT], row[c.REFRESHED], note]


def _span(model: ExportedModel) -> str:
    return f"{model.window[0]} to {model.window[1]}"


def _errors(before: ExportedModel, after: ExportedModel) -> Iterator[list[Any]]:
    other = "not comparable: a refresh measures the distance from the refreshed model"
    for name, value in before.errors.items():
        if np.isfinite(value) or np.isfinite(after.errors[name]):
            note = other if name == c.DECOMP_RSSD else ""
            yield ["error", name, value, after.errors[name], note]


def _pairs(
    part: str, before: Mapping[str, float], after: Mapping[str, float]
) -> Iterator[list[Any]]:
    for name, value in before.items():
        yield [part, name, value, after.get(name, np.nan), ""]


def _column(
    before: ExportedModel, after: ExportedModel, part: str, column: str
) -> Iterator[list[Any]]:
    one, other = (each.summary.set_index(c.VARIABLE)[column] for each in (before, after))
    yield from _pairs(part, _by_name(one), _by_name(other))


def _by_name(values: pd.Series[float]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}


def _paid(model: ExportedModel) -> pd.DataFrame:
    table = model.summary.set_index(c.VARIABLE)
    return table.loc[[variable.name for variable in model.of_role("paid")]]


def _effects(before: ExportedModel, after: ExportedModel) -> Iterator[list[Any]]:
    """Share of each paid channel in what all paid channels bring."""
    one, other = (_paid(each)[c.CONTRIBUTION] for each in (before, after))
    yield from _pairs("effect_share", _by_name(one / one.sum()), _by_name(other / other.sum()))


def _efficiency(
    before: ExportedModel, after: ExportedModel, efficiency: str
) -> Iterator[list[Any]]:
    """ROAS or CPA in each model's own window."""

    def of(model: ExportedModel) -> dict[str, float]:
        paid = _paid(model)
        ratio = paid[c.CONTRIBUTION] / paid[c.SPEND]
        return _by_name(ratio if efficiency == c.ROAS else 1 / ratio)

    yield from _pairs(efficiency, of(before), of(after))
