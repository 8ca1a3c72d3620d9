"""How long spend works: the weights of each lag, and when most of the effect has come."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from numpy.typing import NDArray

from mmmlib.ground import columns as c
from mmmlib.job import Adstock
from mmmlib.model import TrainingResult, adstock
from mmmlib.report import style
from mmmlib.report.select import carryover

LAGS = 8  # periods shown
STRIP = 2.05  # inches right of the axes
MOST = 0.9  # of the effect


def weights_of(result: TrainingResult, family: Adstock) -> dict[str, NDArray[np.float64]]:
    """Weight of each lag in the adstock of every medium of the best model.

    The weights sum to 1; shape (rows of the series,). A medium whose hyperparameters are not
    stored is left out.
    """
    best, rows = result.errors(), max(len(result.model_input), LAGS)
    found = {}
    for variable in carryover(result)[c.VARIABLE]:
        if f"{variable}_thetas" in best:
            weights = adstock.weights(family, rows, float(best[f"{variable}_thetas"]), 0.0)
        elif f"{variable}_shapes" in best:
            shape, scale = (float(best[f"{variable}_{name}"]) for name in ("shapes", "scales"))
            weights = adstock.weights(family, rows, scale, shape)
        else:
            continue
        found[variable] = weights / weights.sum()
    return found


def periods_until(weights: NDArray[np.float64], share: float = MOST) -> int:
    """Periods, that of the spend included, after which this share of the effect has come."""
    return int(np.searchsorted(weights.cumsum(), share * (1 - 1e-12))) + 1


def draw_strip(
    axes: Axes, variables: list[str], weights: dict[str, NDArray[np.float64]], period: str
) -> None:
    """Small bars beside each row: what comes in the period of the spend, and in the next ones.

    All bars are one artist; rows share no scale, each is as tall as its largest weight.
    """
    wide, gap, start = 0.1, 0.02, 0.12  # inches
    inches = style.inches_wide(axes)
    bars, colors = [], []
    for row, variable in enumerate(variables):
        if variable not in weights:
            continue
        shown = weights[variable][:LAGS]
        for lag, height in enumerate((0.7 * shown / shown.max()).tolist()):
            left = 1 + (start + lag * (wide + gap)) / inches
            right, foot = left + wide / inches, row + 0.35
            top = foot - max(height, 0.02)
            bars.append([(left, foot), (left, top), (right, top), (right, foot)])
            colors.append(style.BLUE if lag == 0 else style.ORANGE)
        until = periods_until(weights[variable])
        text = f"{until} {period}{'s' if until > 1 else ''}"
        style.beside(axes, row, start + LAGS * (wide + gap) + 0.85, text, fontsize=style.SMALL)
    strip = PolyCollection(
        bars, facecolors=colors, transform=axes.get_yaxis_transform(), clip_on=False, lw=0
    )
    axes.add_collection(strip, autolim=False)
    look = {"fontsize": style.SMALL, "color": style.QUIET, "va": "bottom"}
    style.beside(axes, -0.62, start, f"by {period}", ha="left", **look)
    style.beside(axes, -0.62, start + LAGS * (wide + gap) + 0.85, "90\u00a0% within", **look)
