"""Panels that teach: what each hyperparameter does to an adstock or a saturation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmmlib.job import Adstock
from mmmlib.model import adstock
from mmmlib.report import style
from mmmlib.report.style import Box

LAGS = 12
_COLORS = (style.SKY, style.BLUE, style.GREEN, style.ORANGE, style.VERMILLION)
HEIGHT = 5.6
Corner = Literal["best", "lower right"]
Curve = tuple[float, float, str]  # decay and shape of an adstock, or alpha and gamma; its label

_SHAPES: list[Curve] = [(0.1, shape, f"{shape:g}") for shape in (0.5, 1.0, 2.0, 9.0)]
_ADSTOCKS: tuple[tuple[str, Adstock, list[Curve]], ...] = (
    ("geometric: thetas", "geometric", [(t, 0.0, f"{t:g}") for t in (0.1, 0.3, 0.5, 0.8)]),
    ("Weibull CDF: shapes, scale 0.1", "weibull_cdf", _SHAPES),
    ("Weibull PDF: shapes, scale 0.1", "weibull_pdf", _SHAPES),
)


def draw(figure: Figure, box: Box) -> None:
    """Three adstocks and two views of saturation, each for several values."""
    box = style.heading(
        figure, box, "What the hyperparameters do",
        "Above: what of a spend works in its period and in later ones, the sum being 1. Below: the"
        " response to what works at a time, as a share of the most it can be.",
    )  # fmt: skip
    width, height = (box.width - 0.8) / 3, (box.height - 0.6) / 2
    for place, (title, family, values) in enumerate(_ADSTOCKS):
        _lags(_cell(figure, box, place, width, height), title, family, values)
    axes = _cell(figure, box, 3, width, height)
    _hill(axes, "saturation: alphas, gamma 0.5", [(a, 0.5, f"{a:g}") for a in (0.5, 1, 2, 3)])
    axes = _cell(figure, box, 4, width, height)
    _hill(axes, "saturation: gammas, alpha 2", [(2.0, g, f"{g:g}") for g in (0.1, 0.3, 0.6, 1)])


def _cell(figure: Figure, box: Box, place: int, width: float, height: float) -> Axes:
    left, top = box.left + place % 3 * (width + 0.4), box.top + place // 3 * (height + 0.6)
    return style.axes(figure, Box(left, top, width, height).inset(left=0.45, top=0.25, bottom=0.3))


def _lags(axes: Axes, title: str, family: Adstock, values: list[Curve]) -> None:
    for color, (decay, shape, label) in zip(_COLORS, values, strict=False):
        weights = np.zeros(LAGS)
        found = adstock.weights(family, 104, decay, shape)
        found = (found / found.sum())[:LAGS]
        weights[: found.size] = found
        axes.plot(range(LAGS), weights, "o-", ms=2.5, lw=1.4, color=color, label=label)
    _finished(axes, title, "periods after the spend", "best")


def _hill(axes: Axes, title: str, values: list[Curve]) -> None:
    position = np.linspace(0, 1, 101)[1:]
    for color, (alpha, gamma, label) in zip(_COLORS, values, strict=False):
        response = 1 / (1 + (gamma / position) ** alpha)
        axes.plot(position, response, lw=1.6, color=color, label=label)
    _finished(axes, title, "adstock, as a share of its largest", "lower right")


def _finished(axes: Axes, title: str, below: str, legend: Corner) -> None:
    axes.set_title(title, fontsize=style.BODY, color=style.INK, loc="left")
    axes.set_xlabel(below)
    axes.set_ylim(bottom=0)
    axes.legend(loc=legend)
    axes.grid()
