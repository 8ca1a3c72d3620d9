"""Figures of the search, of exposures, and those that teach: what they draw, from any result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from mmmlib.data.dataset import Dataset
from mmmlib.ground import columns as c
from mmmlib.job.parts import Channel
from mmmlib.model.adstock import weights
from mmmlib.report import figures, style
from tests.report.conftest import Builder


@pytest.mark.parametrize("target_type", ["revenue", "conversion"])
def test_ridges_of_the_search(build: Builder, target_type: str) -> None:
    result, _ = build(seed=3, target_type=target_type)
    for figure in (figures.sampling(result), figures.efficiency(result, target_type)):
        assert style.png(figure).startswith(b"\x89PNG")
        assert all(np.isfinite(axes.get_xlim()).all() for axes in figure.axes)
    titles = [axes.get_title(loc="left") for axes in figures.efficiency(result, target_type).axes]
    assert titles == list(result.best_channels()[c.CHANNEL])


def test_the_best_value_stands_where_it_is(build: Builder) -> None:
    result, _ = build(seed=3)
    best = result.errors()
    for axes in figures.sampling(result).axes:
        kind = axes.get_title(loc="left")
        names = [label.get_text() for label in axes.get_yticklabels()]
        marks = [
            line.get_xdata()[0]
            for line in axes.lines
            if to_hex(line.get_color()).upper() == style.VERMILLION
        ]
        assert marks == [best[f"{name}_{kind}"] for name in names]


def test_exposure_against_spend_of_the_window(build: Builder) -> None:
    _, job = build(seed=3)
    dates = pd.date_range("2023-01-02", periods=60, freq="7D")
    frame = pd.DataFrame({job.date: dates, "paid": np.arange(60.0), "seen": 4 * np.arange(60.0)})
    job = job.model_copy(
        update={
            "channels": (Channel(name="tv", spend="paid", exposure="seen"),),
            "window": (dates[10].date(), dates[49].date()),
        }
    )
    figure = figures.spend_exposure(Dataset(frame, pd.DataFrame(), "week", ()), job)
    points, line = figure.axes[0].lines
    assert list(points.get_xdata()) == list(range(10, 50))
    np.testing.assert_allclose(line.get_ydata(), [0, 4 * 49])
    bare = job.model_copy(update={"channels": (Channel(name="tv", spend="paid"),)})
    assert not figures.spend_exposure(Dataset(frame, pd.DataFrame(), "week", ()), bare).axes


def test_the_lesson_shows_the_formulas_themselves() -> None:
    figure = figures.lesson()
    assert len(figure.axes) == 5
    theta = next(line for line in figure.axes[0].lines if line.get_label() == "0.5")
    wanted = weights("geometric", 104, 0.5, 0.0)
    np.testing.assert_allclose(theta.get_ydata(), (wanted / wanted.sum())[:12])
    alpha = next(line for line in figure.axes[3].lines if line.get_label() == "2")
    assert alpha.get_ydata()[-1] == pytest.approx(0.8)  # 1 / (1 + 0.5²)
