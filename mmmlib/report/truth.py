"""Modelled against true: what a run on simulated data got right, as a table and a figure."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import TrainingJob
from mmmlib.model import Curves, TrainingResult
from mmmlib.report import curves, style
from mmmlib.report.select import decomposition, grid_response, over_time, period
from mmmlib.report.style import Box
from mmmlib.report.text import MISSING, percent, shortened, tick
from mmmlib.simulate import SPEND_COLUMN, Truth

_WIDTH = 10.0  # inches
_GAP = 0.2
_SAME = 1e-6  # relative; a result's actual target is the truth's but for rounding


def truth_table(result: TrainingResult, job: TrainingJob, truth: Truth) -> pd.DataFrame:
    """Compare the best model with the truth, largest true contribution first.

    Parameters
    ----------
    result : TrainingResult
    job : TrainingJob
        Says which channel has which spend column.
    truth : Truth
        Of the job's country: :func:`mmmlib.simulate.truth.truth_of`.

    Returns
    -------
    DataFrame
        ``channel, spend, true_roas, modelled_roas, roas_error, true_contribution,
        modelled_contribution, current_spend, true_response, modelled_response``: sums over the
        run's window; responses a period at the run's current spend, NaN where the run's period
        is not the truth's, as a week's response to a week's spend is another curve. ``roas_error``
        is modelled / true - 1. A channel that only one side knows has NaN on the other.

    Raises
    ------
    DataError
        The truth is not that of the data the run was trained on.
    """
    start, end = _matched(result, truth)
    true = _true_channels(truth, start, end)
    names = {channel.spend: channel.name for channel in job.channels}
    known = true[SPEND_COLUMN].map(names)
    true[c.CHANNEL] = known.fillna(true[c.CHANNEL] + " (not in the job)")
    rows = decomposition(result)
    modelled = rows.loc[rows[c.ROLE] == "paid", [c.VARIABLE, c.SPEND, c.CONTRIBUTION, c.ROAS]]
    modelled = modelled.set_axis(
        [c.CHANNEL, c.SPEND, c.MODELLED_CONTRIBUTION, c.MODELLED_ROAS], axis=1
    ).merge(
        result.best_channels()[[c.CHANNEL, c.CURRENT_SPEND, c.CURRENT_RESPONSE]].rename(
            columns={c.CURRENT_RESPONSE: c.MODELLED_RESPONSE}
        ),
        on=c.CHANNEL,
    )
    both = true.merge(modelled, on=c.CHANNEL, how="outer", suffixes=("_true", ""))
    both[c.SPEND] = both[c.SPEND].fillna(both[f"{c.SPEND}_true"])
    both[c.TRUE_ROAS] = both[c.TRUE_CONTRIBUTION] / both[f"{c.SPEND}_true"]
    both[c.ROAS_ERROR] = both[c.MODELLED_ROAS] / both[c.TRUE_ROAS] - 1
    both[c.TRUE_RESPONSE] = _functions(both).response(both[c.CURRENT_SPEND].to_numpy())
    if _step(result) != truth.days:
        both[[c.TRUE_RESPONSE, c.MODELLED_RESPONSE]] = np.nan
    columns = [
        c.CHANNEL, c.SPEND, c.TRUE_ROAS, c.MODELLED_ROAS, c.ROAS_ERROR, c.TRUE_CONTRIBUTION,
        c.MODELLED_CONTRIBUTION, c.CURRENT_SPEND, c.TRUE_RESPONSE, c.MODELLED_RESPONSE,
    ]  # fmt: skip
    ordered = both.sort_values([c.TRUE_CONTRIBUTION, c.CHANNEL], ascending=[False, True])
    return ordered[columns].reset_index(drop=True)


def truth_figure(result: TrainingResult, job: TrainingJob, truth: Truth) -> Figure:
    """Draw true and modelled ROAS and, where the periods agree, response curves.

    Raises
    ------
    DataError
        As :func:`table`.
    """
    compared = truth_table(result, job, truth)
    shown = compared[compared[c.TRUE_ROAS].notna() & compared[c.MODELLED_ROAS].notna()]
    with_curves = bool(shown[c.TRUE_RESPONSE].notna().any())
    tall = max(1.05 + 0.34 * len(compared), 2.1)
    below = _GAP + curves.height_for(_WIDTH - 0.6, len(shown)) if with_curves else 0.0
    with style.look():
        made, box = style.blank(_WIDTH, tall + below + 0.45)
        _draw_roas(made, Box(box.left, box.top, box.width, tall), compared)
        if with_curves:
            lower = Box(box.left, box.top + tall + _GAP, box.width, below - _GAP)
            _draw_curves(made, lower, result, job, truth, list(shown[c.CHANNEL]))
    return made


def _step(result: TrainingResult) -> int:
    """Days of a period of the run."""
    return int(over_time(result)[c.DATE].diff().dt.days.median())


def _matched(result: TrainingResult, truth: Truth) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First date of the run's window and the one after its last, once the target is the truth's.

    A run may have resampled days to weeks; then a week's target is the sum of its days'.
    """
    fit, step = over_time(result), _step(result)
    start = fit[c.DATE].iloc[0]
    end = fit[c.DATE].iloc[-1] + pd.Timedelta(days=step)
    base = truth.baseline
    inside = base[(base[c.DATE] >= start) & (base[c.DATE] < end)]
    rows = (inside[c.DATE] - start).dt.days // step
    target = inside[c.TARGET].groupby(rows).sum().reindex(range(len(fit))).to_numpy()
    actual = fit[c.ACTUAL].to_numpy()
    if step < truth.days or not np.allclose(target, actual, rtol=_SAME, atol=0):
        raise DataError(
            [Problem("truth", f"the run's target from {start.date()} on is not that of the "
                              "simulated data; compare a run on the data as they were simulated")]
        )  # fmt: skip
    return start, end


def _true_channels(truth: Truth, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Spend and contribution of the channels in the window, and their response functions."""
    rows = truth.contributions
    inside = rows[(rows[c.DATE] >= start) & (rows[c.DATE] < end)]
    sums = inside.groupby(c.CHANNEL)[[c.SPEND, c.CONTRIBUTION]].sum()
    functions = [c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER]
    return (
        truth.channels[[c.CHANNEL, SPEND_COLUMN, *functions]]
        .merge(sums.reset_index(), on=c.CHANNEL)
        .rename(columns={c.CONTRIBUTION: c.TRUE_CONTRIBUTION})
    )


def _functions(channels: pd.DataFrame) -> Curves:
    """Response functions of the rows of a table of channels."""
    names = (c.COEFFICIENT, c.ALPHA, c.INFLEXION, c.MEAN_CARRYOVER)
    return Curves(*(channels[name].to_numpy() for name in names))


def _draw_roas(figure: Figure, box: Box, compared: pd.DataFrame) -> None:
    box = style.heading(
        figure,
        box,
        "ROAS: modelled against true",
        "Target per unit of spend in the window. Largest true contribution first; on the right"
        " by how much the model is off.",
    )
    axes = style.rows(figure, box, list(compared[c.CHANNEL]), right=0.75)
    places = np.arange(len(compared))
    true, modelled = compared[c.TRUE_ROAS].to_numpy(), compared[c.MODELLED_ROAS].to_numpy()
    axes.hlines(places, true, modelled, color=style.GREY, lw=2.5)
    axes.plot(true, places, "o", ms=8, color=style.ORANGE, mec=style.INK, mew=0.8, label="true")
    axes.plot(modelled, places, "D", ms=6, color=style.BLUE, label="modelled")
    finite = np.concatenate([true, modelled])
    finite = finite[np.isfinite(finite)]
    axes.set_xlim(min(0.0, 1.08 * finite.min()), 1.08 * max(finite.max(), 0.01))
    axes.xaxis.set_major_formatter(FuncFormatter(tick))
    for place, error in enumerate(compared[c.ROAS_ERROR]):
        text = percent(float(error), signed=True) if math.isfinite(error) else MISSING
        style.beside(axes, place, 0.7, text)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1)


def _draw_curves(
    figure: Figure,
    box: Box,
    result: TrainingResult,
    job: TrainingJob,
    truth: Truth,
    names: list[str],
) -> None:
    across = curves.columns_for(box.width, len(names))
    box = style.heading(
        figure,
        box,
        f"Response to spend per {period(result)}: modelled against true",
        "Orange: true; blue: modelled. Dots: average spend today. Axes differ.",
    )
    spends = {channel.name: channel.spend for channel in job.channels}
    width, tall = box.width / across, curves.row_height(box.width, len(names))
    for place, name in enumerate(names):
        row, column = divmod(place, across)
        cell = Box(box.left + column * width, box.top + row * tall + 0.05, width, tall)
        true = truth.channels[truth.channels[SPEND_COLUMN] == spends[name]]
        _draw_curve(figure, cell, result, name, true)


def _draw_curve(
    figure: Figure, cell: Box, result: TrainingResult, name: str, true: pd.DataFrame
) -> None:
    axes = style.axes(figure, cell.inset(left=0.55, top=0.28, right=0.18, bottom=0.38))
    channels = result.best_channels()
    today = channels[channels[c.CHANNEL] == name]
    x, y = (float(today[of].iloc[0]) for of in (c.CURRENT_SPEND, c.CURRENT_RESPONSE))
    spend, modelled = grid_response(result, name)
    shown = spend <= curves.REACH * x
    spend, modelled = spend[shown], modelled[shown]
    truly = _functions(true).response(spend[:, None])[:, 0]
    here = float(_functions(true).response(np.array([x]))[0])
    axes.plot(spend, truly, color=style.ORANGE, lw=2.2)
    axes.plot(spend, modelled, color=style.BLUE, lw=1.6)
    for height, color in ((here, style.ORANGE), (y, style.BLUE)):
        axes.plot([x], [height], "o", color=color, ms=6, mec=style.INK, mew=0.8, clip_on=False)
    axes.set_xlim(0, float(spend.max()))
    ends = np.concatenate([truly, modelled])
    axes.set_ylim(min(0.0, 1.08 * ends.min()), 1.08 * ends.max() or 1.0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(3))
        axis.set_major_formatter(FuncFormatter(tick))
    axes.tick_params(labelsize=7)
    axes.grid()
    shown_name = shortened(name, (cell.width - 0.3) * 72, style.SMALL)
    style.write(
        figure, cell.left + 0.15, cell.top + 0.02, shown_name,
        fontsize=style.SMALL, fontweight="bold",
    )  # fmt: skip
