"""How long spend works: the page's weights are the engine's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from mmmlib.report import figures, style
from mmmlib.report.adstock import LAGS, periods_until, weights_of


def test_geometric_weights_and_when_most_has_come(build: Callable) -> None:
    result, _ = build(names=["tv", "search"])
    thetas = {"tv_thetas": 0.5, "search_thetas": 0.0}
    result = replace(result, candidates=result.candidates.assign(**thetas))
    weights = weights_of(result, "geometric")
    assert list(weights)[-1] == "newsletter"
    np.testing.assert_allclose(weights["tv"][:3], [0.5, 0.25, 0.125])
    assert periods_until(weights["tv"]) == 4  # 1/2 + 1/4 + 1/8 + 1/16 = 94 %
    assert periods_until(weights["search"]) == 1


def test_weibull_models_are_read_by_family(build: Callable) -> None:
    result, _ = build(names=["tv"], organic=())
    shapes = result.candidates.drop(columns="tv_thetas").assign(tv_shapes=4.0, tv_scales=0.05)
    result = replace(result, candidates=shapes)
    late, early = (weights_of(result, family)["tv"] for family in ("weibull_pdf", "weibull_cdf"))
    assert late.argmax() > 0
    assert early.argmax() == 0
    assert late.sum() == pytest.approx(1)
    figure = figures.carryover(result, "weibull_pdf")
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert f"{periods_until(late)} weeks" in shown


def test_the_strip_has_a_bar_a_lag_and_none_without_hyperparameters(build: Callable) -> None:
    result, _ = build()
    axes = figures.carryover(result).axes[0]
    (strip,) = [item for item in axes.collections if isinstance(item, PolyCollection)]
    assert len(strip.get_paths()) == 4 * LAGS
    bare = result.candidates[[name for name in result.candidates if "thetas" not in name]]
    figure = figures.carryover(replace(result, candidates=bare))
    assert not figure.axes[0].collections
    assert len(style.png(figure)) > 10_000
